import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Often enough for a report of costs; a few files of /proc each time. */
const PERIOD_MS = 250;
/** Linux counts CPU time in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;
/** User and system time are each cut off, before and after. */
const BLUR_MS = 4 * TICK_MS;
/** CWE-770: descendants that are looked at. */
const MAX_PROCESSES = 64;

/** What processes used; `null`: not known, which is not nothing. */
export interface ProcessUse {
  readonly cpuMs: number | null;
  /** Resident memory at its highest. */
  readonly peakBytes: number | null;
}

/** What a process says of itself, since it started. */
export interface OwnUse {
  readonly cpuMs: number;
  readonly maxRssBytes: number;
}

interface Sample {
  readonly ownMs: number;
  /** Of all that it started and has waited for, and of those that run. */
  readonly childrenMs: number;
}

/**
 * Measures a process and its descendants from outside, one piece of work after another: what a process that was killed used is known up
 * to the last look, and a process that lies about itself is not believed. Where there is no /proc, only what it says is known.
 */
export class ProcessMeter {
  readonly #pid: number;
  readonly #onLook: () => void;
  /** Before the work that is measured: a new process has used nothing. */
  #before: Sample = { ownMs: 0, childrenMs: 0 };
  #saidBefore: OwnUse = { cpuMs: 0, maxRssBytes: 0 };
  #said: OwnUse | undefined;
  #last: Sample | undefined;
  #peak = 0;
  /** The kernel's highest mark is of the work that is measured alone. */
  #isMarkOurs = true;
  #timer: NodeJS.Timeout | undefined;

  /** @param onLook told after each look */
  constructor(pid: number, onLook: () => void) {
    this.#pid = pid;
    this.#onLook = onLook;
  }

  /** A piece of work begins. */
  start(): void {
    this.#peak = 0;
    this.#last = undefined;
    this.#timer = setInterval(() => {
      this.#look();
      this.#onLook();
    }, PERIOD_MS);
  }

  /** What the process says of itself. Anything but two amounts is not heard. */
  hear(said: OwnUse): void {
    const isAmount = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
    if (isAmount(said.cpuMs) && isAmount(said.maxRssBytes)) this.#said = said;
  }

  /** What the work has used so far. */
  used(): ProcessUse {
    return { cpuMs: this.#cpu(), peakBytes: this.#peakBytes() };
  }

  /** The work has ended. @param isGone its process has, too: its id may be that of another one by now */
  end(isGone: boolean): ProcessUse {
    clearInterval(this.#timer);
    if (!isGone) this.#look();
    const used = this.used();
    this.#before = this.#last ?? this.#before;
    this.#saidBefore = this.#said ?? this.#saidBefore;
    // "5" sets the highest mark to what is resident now (proc_pid_clear_refs(5)).
    this.#isMarkOurs = !isGone && written(`/proc/${this.#pid}/clear_refs`, '5');
    return used;
  }

  #cpu(): number | null {
    const said = this.#said === undefined ? undefined : Math.max(0, this.#said.cpuMs - this.#saidBefore.cpuMs);
    if (this.#last === undefined) return process.platform === 'linux' ? null : (said ?? null);
    const own = Math.max(0, this.#last.ownMs - this.#before.ownMs);
    const children = Math.max(0, this.#last.childrenMs - this.#before.childrenMs);
    // Its own clock is finer than that of /proc, and must agree with it.
    return (said !== undefined && Math.abs(said - own) <= BLUR_MS ? said : own) + children;
  }

  #peakBytes(): number | null {
    if (this.#peak > 0) return this.#peak;
    if (process.platform === 'linux' || this.#said === undefined) return null;
    return this.#said.maxRssBytes > this.#saidBefore.maxRssBytes ? this.#said.maxRssBytes : null;
  }

  #look(): void {
    const times = timesOf(this.#pid);
    // The process is gone, or there is no /proc: what is known stays.
    if (times === undefined) return;
    let childrenMs = times.waitedMs;
    let resident = memoryOf(this.#pid, 'VmRSS');
    for (const pid of descendants(this.#pid)) {
      const child = timesOf(pid);
      childrenMs += child === undefined ? 0 : child.ownMs + child.waitedMs;
      resident += memoryOf(pid, 'VmRSS');
    }
    // A child that ends between two reads is missed by both: no time goes back.
    childrenMs = Math.max(childrenMs, (this.#last ?? this.#before).childrenMs);
    this.#last = { ownMs: times.ownMs, childrenMs };
    const mark = this.#isMarkOurs ? memoryOf(this.#pid, 'VmHWM') : 0;
    this.#peak = Math.max(this.#peak, resident, mark);
  }
}

/** What this process has used so far, for the meter that measures it. */
export function ownUse(): OwnUse {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuMs: (userCPUTime + systemCPUTime) / 1000, maxRssBytes: maxRSS * 1024 };
}

/** What this process, its threads, and the children that it waited for have used so far. */
export function wholeUse(): { readonly cpuMs: number; readonly peakBytes: number } {
  const { cpuMs, maxRssBytes } = ownUse();
  return { cpuMs: cpuMs + (timesOf(process.pid)?.waitedMs ?? 0), peakBytes: maxRssBytes };
}

/** The 14th to 17th fields: user and system time of its own, and of the children that it waited for. The second field may hold spaces. */
function timesOf(pid: number): { readonly ownMs: number; readonly waitedMs: number } | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, waitedUser, waitedSystem] = fields.slice(11, 15).map(Number);
  if (user === undefined || system === undefined || waitedUser === undefined || waitedSystem === undefined)
    return undefined;
  return { ownMs: (user + system) * TICK_MS, waitedMs: (waitedUser + waitedSystem) * TICK_MS };
}

function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${pid}/status`))?.[1];
  return kib === undefined ? 0 : Number(kib) * 1024;
}

/** Each thread lists the processes that it started. */
function descendants(pid: number): readonly number[] {
  const found: number[] = [];
  for (let next: number | undefined = pid, at = 0; next !== undefined; next = found[at++]) {
    const children = threadsOf(next).flatMap((thread) => read(`/proc/${next}/task/${thread}/children`).split(' '));
    found.push(...children.map(Number).filter((child) => child > 0));
    if (found.length > MAX_PROCESSES) break;
  }
  return found.slice(0, MAX_PROCESSES);
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty once the process is gone, which its exit event tells too. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function written(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}

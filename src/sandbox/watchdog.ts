import { type ChildProcess, execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type WatchdogBound = 'sandboxMemoryBytes' | 'sandboxCpuSeconds' | 'sandboxWallMs';

export interface WatchdogLimits {
  readonly sandboxMemoryBytes: number;
  readonly sandboxCpuSeconds: number;
  readonly sandboxWallMs: number;
}

const PERIOD_MS = 40;
/** Linux counts CPU time in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;
/** Resident bytes of an empty child. */
const RUNTIME_BYTES = 64 * 1024 * 1024;

/** Checks a child every few milliseconds, and kills it when it reaches a bound. */
export class Watchdog {
  /** The bound that was met. */
  met: WatchdogBound | undefined;
  /** Set while the child is the one that is waited for: only that time is the child's. */
  waiting = false;
  readonly #child: ChildProcess;
  readonly #limits: WatchdogLimits;
  readonly #timer: NodeJS.Timeout;
  #waitedMs = 0;
  /** Seconds of CPU time before the step that runs. */
  #cpuBefore = 0;
  #last = performance.now();
  #asking = false;

  constructor(child: ChildProcess, limits: WatchdogLimits) {
    this.#child = child;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#look(), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Another step starts: the time before does not count. */
  restart(): void {
    this.#waitedMs = 0;
    this.#last = performance.now();
    const { pid } = this.#child;
    if (process.platform === 'linux' && pid !== undefined) this.#cpuBefore = cpuSeconds(pid);
  }

  #look(): void {
    const now = performance.now();
    if (this.waiting) this.#waitedMs += now - this.#last;
    this.#last = now;
    if (this.#waitedMs > this.#limits.sandboxWallMs) this.#kill('sandboxWallMs');
    const { pid } = this.#child;
    if (pid === undefined) return;
    if (process.platform === 'linux') this.#judge(residentBytes(pid), cpuSeconds(pid));
    else if (!this.#asking) this.#askPs(pid);
  }

  #judge(resident: number, cpu: number): void {
    if (resident > this.#limits.sandboxMemoryBytes + RUNTIME_BYTES) this.#kill('sandboxMemoryBytes');
    else if (cpu - this.#cpuBefore > this.#limits.sandboxCpuSeconds) this.#kill('sandboxCpuSeconds');
  }

  #askPs(pid: number): void {
    this.#asking = true;
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 5_000 }, (error, stdout) => {
      this.#asking = false;
      // A child that cannot be monitored is not allowed to run.
      const resident = Number(stdout.trim()) * 1024;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
      this.#judge(error === null && Number.isFinite(resident) ? resident : Number.POSITIVE_INFINITY, 0);
    });
  }

  #kill(bound: WatchdogBound): void {
    this.met ??= bound;
    this.#child.kill('SIGKILL');
  }
}

function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(procFile(pid, 'status'))?.[1];
  return kib === undefined ? 0 : Number(kib) * 1024;
}

/** User and system time, the 14th and 15th fields; the second may hold spaces and ends with `)`. */
function cpuSeconds(pid: number): number {
  const stat = procFile(pid, 'stat');
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(after[11] ?? 0) + Number(after[12] ?? 0)) / TICKS_PER_SECOND;
}

/** Empty once the process is gone, which its exit event tells too. */
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

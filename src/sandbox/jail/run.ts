import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { AssayError, throwIfAborted } from '../../core/index.ts';
import { type Frame, FrameReader } from '../frame-reader.ts';
import { seccompFilter } from './seccomp.ts';
import { findBubblewrap, type JailView, walls } from './walls.ts';

export interface JailLimits {
  /** Bytes of the data of the program, beside its scratch memory. */
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  readonly wallMs: number;
}

export interface JailOptions extends JailView {
  readonly args: readonly string[];
  /** What the program reads from its standard input. */
  readonly request: string;
  readonly limits: JailLimits;
  readonly processEnv: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** In the child; that of the results is 4, which programs know. */
const DESCRIPTORS = { filter: 3, commandLine: 5, info: 6, start: 7, firstFile: 8 };
const SHELL = '/bin/sh';
const OUTPUT_KEPT = 4_000;

/** A program that runs code of a model, with nothing of the machine but what it is shown. */
export class Jail {
  readonly #child: ChildProcess;
  readonly #frames: FrameReader;
  readonly #ended: Promise<void>;
  readonly #clock: NodeJS.Timeout;
  readonly #options: JailOptions;
  readonly #stop = () => this.#kill();
  readonly #start: Writable;
  /** The first process of the jail, with which all others die; bubblewrap tells it once it exists. */
  #first: number | undefined;
  #killed = false;
  #error: Error | undefined;
  #late = false;
  #output = '';

  /** @throws AssayError `not-found` without bubblewrap, `unsupported` on another system than Linux, `aborted` */
  constructor(options: JailOptions) {
    const { limits, request, signal, processEnv } = options;
    throwIfAborted(signal);
    const bubblewrap = findBubblewrap(processEnv);
    const child = spawn(
      SHELL,
      bounded(limits, [bubblewrap, ...walls(options, DESCRIPTORS), '--', ...command(options)]),
      {
        stdio: [...Array<'pipe'>(DESCRIPTORS.firstFile).fill('pipe'), ...options.files.map(({ fd }) => fd)],
        env: {},
        cwd: '/',
      },
    );
    this.#child = child;
    this.#options = options;
    const [stdin, stdout, stderr, filter, results] = child.stdio as [Writable, Readable, Readable, Writable, Readable];
    const commandLine = child.stdio.at(DESCRIPTORS.commandLine) as Writable;
    this.#start = child.stdio.at(DESCRIPTORS.start) as Writable;
    this.#frames = new FrameReader(results);
    this.#ended = new Promise((end) => {
      child.once('error', (error) => {
        this.#error = error;
        end();
      });
      child.once('close', () => end());
    });
    for (const stream of [stdout, stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
      });
    // A child that is gone does not read: its exit tells why.
    for (const stream of [stdin, filter, commandLine, this.#start]) stream.on('error', () => {});
    this.#startWhenKnown(child.stdio.at(DESCRIPTORS.info) as Readable);
    filter.end(seccompFilter(process.arch));
    commandLine.end(`${options.program}\0`);
    stdin.end(request);
    this.#clock = setTimeout(() => {
      this.#late = true;
      this.#kill();
    }, limits.wallMs);
    signal?.addEventListener('abort', this.#stop, { once: true });
  }

  /** The next frame of the results. @throws AssayError why it ended, when it did: `limit`, `sandbox`, `aborted` */
  async next(): Promise<Frame> {
    const frame = await this.#frames.next();
    throwIfAborted(this.#options.signal);
    if (frame !== undefined) return frame;
    await this.#ended;
    throwIfAborted(this.#options.signal);
    throw this.#death();
  }

  /** Kills what still runs, and waits until it is gone. */
  async end(): Promise<void> {
    clearTimeout(this.#clock);
    this.#options.signal?.removeEventListener('abort', this.#stop);
    this.#kill();
    for (const [descriptor, stream] of this.#child.stdio.entries())
      if (descriptor !== DESCRIPTORS.info) stream?.destroy();
    await this.#ended;
  }

  /**
   * The program starts once its first process is known, and nothing is killed before: without bubblewrap, a first process that
   * is not set up yet waits for it for ever.
   */
  #startWhenKnown(info: Readable): void {
    let text = '';
    info.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(0, OUTPUT_KEPT);
      const pid = /"child-pid": (\d+)\D/.exec(text)?.[1];
      if (pid === undefined || this.#first !== undefined) return;
      this.#first = Number(pid);
      if (this.#killed) this.#kill();
      else this.#start.end('\n');
    });
  }

  /** All processes of the jail die with the first one. A program that waits for its start ends when nobody can give it any more. */
  #kill(): void {
    this.#killed = true;
    this.#start.destroy();
    const { exitCode, signalCode } = this.#child;
    // Until bubblewrap has ended, no other process has the number of its first one.
    if (this.#first === undefined || exitCode !== null || signalCode !== null) return;
    killProcess(this.#first);
    this.#child.kill('SIGKILL');
  }

  #death(): AssayError {
    const { limits } = this.#options;
    const { exitCode, signalCode } = this.#child;
    const cause = this.#output;
    if (this.#late) return limit(`took longer than ${Math.round(limits.wallMs / 1000)} s`, cause);
    // bubblewrap says 128 and the number of the signal that ended the program.
    if (signalCode === 'SIGXCPU' || exitCode === 128 + 24)
      return limit(`used ${limits.cpuSeconds} s of CPU time`, cause);
    if (/MemoryError|std::bad_alloc|Cannot allocate memory|can't allocate memory/.test(cause))
      return limit(`needed more than ${Math.round(limits.memoryBytes / 2 ** 20)} MiB of memory`, cause);
    const last = this.#error?.message ?? lastLine(cause);
    const how = signalCode === null ? `exit status ${exitCode}` : `signal ${signalCode}`;
    return new AssayError(
      'sandbox',
      `the program in the sandbox ended early (${how})${last === '' ? '' : `: ${last}`}`,
      {
        cause,
      },
    );
  }
}

/** A shell that waits for a line, and becomes the program. */
function command({ program, args }: JailOptions): string[] {
  const { start } = DESCRIPTORS;
  return [SHELL, '-c', `read -r start <&${start} && exec "$@" ${start}<&-`, 'sh', program, ...args];
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** A shell that sets the limits, which no process of the jail can raise. */
function bounded({ memoryBytes, cpuSeconds }: JailLimits, run: readonly string[]): string[] {
  const kib = Math.ceil(memoryBytes / 1024);
  const cpu = Math.ceil(cpuSeconds);
  const limits = `ulimit -d ${kib} && ulimit -St ${cpu} && ulimit -Ht ${cpu + 1} && ulimit -c 0`;
  return ['-c', `${limits} && exec "$@"`, 'sh', ...run];
}

function limit(what: string, cause: string): AssayError {
  return new AssayError('limit', `the program in the sandbox ${what}`, { cause });
}

/** What the program said last may quote the artifact. */
function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?').slice(0, 300);
}

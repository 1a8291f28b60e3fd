import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { ByteSource } from '../core/bytes/index.ts';
import { AssayError, type ErrorCode, throwIfAborted } from '../core/index.ts';
import { sandboxCommand } from './command.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { fields, MAX_DATA } from './frames.ts';
import { Watchdog, type WatchdogLimits } from './watchdog.ts';

/** What runs in the child. Tests replace it with a hostile one. */
export interface ChildProgram {
  readonly entry: string;
  readonly packages: readonly string[];
  readonly folders?: readonly string[];
  /** Native modules may be loaded: what they do is not held by Node's permission model. */
  readonly addons?: boolean;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const CONTENT: Readonly<Record<string, ErrorCode>> = {
  truncated: 'truncated',
  malformed: 'malformed',
  unsupported: 'unsupported',
  limit: 'limit',
};
const STDERR_KEPT = 2000;

export interface SupervisedOptions {
  readonly limits: WatchdogLimits;
  /** Seconds of CPU time of the whole child, where the limits are those of one of its steps. */
  readonly totalCpuSeconds?: number;
  readonly cwd: string;
  /** Its whole environment; empty when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes of a file that it may write; none when absent. */
  readonly fileBytes?: number;
  /** Its data segment is not bounded, for drivers that reserve more than they use. */
  readonly reserves?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A child process that is held to its bounds from outside, and killed with its supervisor. */
export class Supervised {
  readonly #child: Child;
  readonly #watchdog: Watchdog;
  readonly #exited: Promise<void>;
  readonly #frames: FrameReader;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = () => this.kill();
  #spawnError: Error | undefined;
  #stderr = '';

  /** @throws AssayError `aborted` */
  constructor(program: ChildProgram, options: SupervisedOptions) {
    const { limits, totalCpuSeconds, cwd, env = {}, fileBytes = 0, reserves = false, signal } = options;
    throwIfAborted(signal);
    const command = sandboxCommand({
      ...program,
      memoryBytes: reserves ? undefined : limits.sandboxMemoryBytes,
      fileBytes,
      cpuSeconds: totalCpuSeconds ?? limits.sandboxCpuSeconds,
    });
    const child: Child = spawn(command.file, command.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env,
      cwd,
      windowsHide: true,
    });
    this.#child = child;
    this.#watchdog = new Watchdog(child, limits);
    this.#frames = new FrameReader(child.stdout);
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#spawnError = error;
        resolve();
      });
      child.once('close', () => resolve());
    });
    // A child that died with the pipe full: its exit tells why.
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, STDERR_KEPT);
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop, { once: true });
  }

  /** Of the child, or of none that was started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The next frame of the child. @throws AssayError why it ended, when it did */
  async next(): Promise<Frame> {
    this.#watchdog.waiting = true;
    const frame = await this.#frames.next();
    this.#watchdog.waiting = false;
    throwIfAborted(this.#signal);
    if (frame !== undefined) return frame;
    await this.#exited;
    throwIfAborted(this.#signal);
    throw this.#death();
  }

  /** Sends a length, and that many bytes. */
  answer(bytes: Uint8Array): void {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    this.send(head);
    this.send(bytes);
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#child.stdin.write(bytes);
  }

  /** Another step of the child starts: the bounds on time count from here. */
  restart(): void {
    this.#watchdog.restart();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Kills the child, and waits until it is gone. */
  async end(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#stop);
    this.kill();
    this.#child.stdout.destroy();
    await this.#exited;
    this.#watchdog.stop();
  }

  /** Why the child ended before it was done. */
  #death(): AssayError {
    const { signalCode, exitCode } = this.#child;
    const met = signalCode === 'SIGXCPU' ? 'sandboxCpuSeconds' : this.#watchdog.met;
    if (met !== undefined) return new AssayError('limit', `the sandbox was killed: it reached its ${met}`);
    if (signalCode === 'SIGXFSZ')
      return new AssayError('limit', 'the sandbox was killed: it wrote a larger file than it may');
    // V8 ends itself when the data segment may not grow.
    if (/out of memory|allocation failed|bad_alloc|Cannot allocate/i.test(this.#stderr)) {
      return new AssayError('limit', 'the sandbox was killed: it reached its sandboxMemoryBytes');
    }
    const how = this.#spawnError?.message ?? (signalCode === null ? `exit status ${exitCode}` : `signal ${signalCode}`);
    return new AssayError('sandbox', `the sandbox ended early (${how})`, { cause: this.#stderr });
  }
}

/** The bytes of an input that a `read` frame requests. @throws AssayError `sandbox` when it names none */
export async function requested(payload: Buffer, input: ByteSource | undefined): Promise<Uint8Array> {
  if (payload.length !== 12 || input === undefined)
    throw new AssayError('sandbox', 'the sandbox requested unknown input');
  const offset = payload.readDoubleLE(0);
  const length = payload.readUInt32LE(8);
  if (!Number.isSafeInteger(offset) || offset < 0 || length > MAX_DATA || offset + length > input.size) {
    throw new AssayError('sandbox', 'the sandbox requested input that does not exist');
  }
  return input.readNow(offset, length) ?? (await input.read(offset, length));
}

/** The error of a `fail` frame. Its text may quote the artifact. */
export function taskFailure(value: unknown): AssayError {
  const { code, message } = fields(value);
  const known = typeof code === 'string' && Object.hasOwn(CONTENT, code) ? CONTENT[code] : undefined;
  return new AssayError(known ?? 'sandbox', printable(typeof message === 'string' ? message : 'the sandbox failed'));
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?').slice(0, 300);
}

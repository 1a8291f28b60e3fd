import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ByteSource } from '../core/bytes/index.ts';
import { AssayError, type ErrorCode, throwIfAborted } from '../core/index.ts';
import { childEntry, sandboxCommand } from './command.ts';
import { FrameReader } from './frame-reader.ts';
import { FRAME, fields, MAX_DATA } from './frames.ts';
import { type TaskName, taskNamed } from './tasks/index.ts';
import { Watchdog, type WatchdogLimits } from './watchdog.ts';

/** Which bounds the child runs under; `watchdog` alone where no shell could set limits. */
export type SandboxBounds = 'ulimit+watchdog' | 'watchdog';

export type SandboxEvent =
  | { readonly kind: 'started'; readonly bounds: SandboxBounds }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** JSON from the child. Its text is hostile: it may quote the artifact. */
  | { readonly kind: 'message'; readonly value: unknown };

export interface SandboxOptions {
  readonly task: TaskName;
  /** JSON. */
  readonly args: unknown;
  /** The input of the child, which requests ranges and never opens a file. Stays open. */
  readonly input?: ByteSource;
  readonly limits: WatchdogLimits;
  /** Output bytes after which the child is killed. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Lets tests replace the child with a hostile one. */
export interface ChildProgram {
  readonly entry: string;
  readonly packages: readonly string[];
  readonly folders?: readonly string[];
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const CONTENT: Readonly<Record<string, ErrorCode>> = {
  truncated: 'truncated',
  malformed: 'malformed',
  unsupported: 'unsupported',
  limit: 'limit',
};
const STDERR_KEPT = 2000;

const seen = new Set<SandboxBounds>();

/** Under which bounds children of this thread ran: a report says so when one had the watchdog alone. */
export function boundsSeen(): ReadonlySet<SandboxBounds> {
  return seen;
}

/** Also children of other threads. */
export function noteBounds(bounds: Iterable<SandboxBounds>): void {
  for (const one of bounds) seen.add(one);
}

/**
 * Runs a task in a child process bounded in memory, CPU time and wall clock, without environment, files, or children of
 * its own. Events arrive as the child sends them; leaving the loop kills it.
 * @throws AssayError `limit` naming the bound that was met; `sandbox` when the child failed; the task's own content error;
 *   `aborted`; whatever reading the input throws.
 */
export function runSandboxed(options: SandboxOptions): AsyncGenerator<SandboxEvent, void> {
  return superviseChild({ entry: childEntry(), packages: taskNamed(options.task).packages }, options);
}

export async function* superviseChild(
  program: ChildProgram,
  options: SandboxOptions,
): AsyncGenerator<SandboxEvent, void> {
  throwIfAborted(options.signal);
  const { limits } = options;
  const command = sandboxCommand({
    ...program,
    memoryBytes: limits.sandboxMemoryBytes,
    cpuSeconds: limits.sandboxCpuSeconds,
  });
  const child = spawn(command.file, command.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {},
    cwd: tmpdir(),
    windowsHide: true,
  });
  const watched = new Supervised(child, new Watchdog(child, limits));
  const stop = () => void child.kill('SIGKILL');
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    yield* watched.events(options);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await watched.end();
  }
}

class Supervised {
  readonly #child: Child;
  readonly #watchdog: Watchdog;
  readonly #exited: Promise<void>;
  readonly #frames: FrameReader;
  #spawnError: Error | undefined;
  #stderr = '';

  constructor(child: Child, watchdog: Watchdog) {
    this.#child = child;
    this.#watchdog = watchdog;
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
  }

  async *events(options: SandboxOptions): AsyncGenerator<SandboxEvent, void> {
    const { task, args, input } = options;
    this.#answer(Buffer.from(JSON.stringify({ task, args, inputSize: input?.size ?? 0 }), 'utf8'));
    let written = 0;
    for (;;) {
      const frame = await this.#next(options.signal);
      if (frame.type === FRAME.done) return;
      if (frame.type === FRAME.hello) {
        const bounds = boundsOf(frame.json());
        seen.add(bounds);
        yield { kind: 'started', bounds };
      } else if (frame.type === FRAME.message) yield { kind: 'message', value: frame.json() };
      else if (frame.type === FRAME.read) this.#answer(await requested(frame.payload, input));
      else if (frame.type === FRAME.fail) throw failure(frame.json());
      else {
        written += frame.payload.length;
        if (written > (options.maxOutputBytes ?? Number.POSITIVE_INFINITY)) {
          throw new AssayError('limit', `the sandbox wrote more than ${options.maxOutputBytes} bytes (maxOutputBytes)`);
        }
        yield { kind: 'bytes', bytes: frame.payload };
      }
    }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#child.stdout.destroy();
    await this.#exited;
    this.#watchdog.stop();
  }

  async #next(signal: AbortSignal | undefined) {
    this.#watchdog.waiting = true;
    const frame = await this.#frames.next();
    this.#watchdog.waiting = false;
    throwIfAborted(signal);
    if (frame !== undefined) return frame;
    await this.#exited;
    throwIfAborted(signal);
    throw this.#death();
  }

  #answer(bytes: Uint8Array): void {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    this.#child.stdin.write(head);
    this.#child.stdin.write(bytes);
  }

  /** Why the child ended before it was done. */
  #death(): AssayError {
    const { signalCode, exitCode } = this.#child;
    const met = signalCode === 'SIGXCPU' ? 'sandboxCpuSeconds' : this.#watchdog.met;
    if (met !== undefined) return new AssayError('limit', `the sandbox was killed: it reached its ${met}`);
    // V8 ends itself when the data segment may not grow.
    if (/out of memory|allocation failed|bad_alloc|Cannot allocate/i.test(this.#stderr)) {
      return new AssayError('limit', 'the sandbox was killed: it reached its sandboxMemoryBytes');
    }
    const how = this.#spawnError?.message ?? (signalCode === null ? `exit status ${exitCode}` : `signal ${signalCode}`);
    return new AssayError('sandbox', `the sandbox ended early (${how})`, { cause: this.#stderr });
  }
}

async function requested(payload: Buffer, input: ByteSource | undefined): Promise<Uint8Array> {
  if (payload.length !== 12 || input === undefined)
    throw new AssayError('sandbox', 'the sandbox requested unknown input');
  const offset = payload.readDoubleLE(0);
  const length = payload.readUInt32LE(8);
  if (!Number.isSafeInteger(offset) || offset < 0 || length > MAX_DATA || offset + length > input.size) {
    throw new AssayError('sandbox', 'the sandbox requested input that does not exist');
  }
  return input.readNow(offset, length) ?? (await input.read(offset, length));
}

function boundsOf(hello: unknown): SandboxBounds {
  return fields(hello).bounds === 'ulimit+watchdog' ? 'ulimit+watchdog' : 'watchdog';
}

function failure(value: unknown): AssayError {
  const { code, message } = fields(value);
  const known = typeof code === 'string' && Object.hasOwn(CONTENT, code) ? CONTENT[code] : undefined;
  return new AssayError(known ?? 'sandbox', printable(typeof message === 'string' ? message : 'the sandbox failed'));
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?').slice(0, 300);
}

import { type ChildProcess, fork } from 'node:child_process';
import { AssayError } from '../core/index.ts';
import { ProcessMeter } from './process-meter.ts';

export interface HelperOptions<In> {
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Of its heap; it ends when it needs more. */
  readonly maxHeapMib: number;
  /** What it is told first. */
  readonly first: In;
}

/** Of the end: V8 tells why, and then its stack. */
const STDERR_KEPT = 16_000;
const OUT_OF_MEMORY = /heap out of memory|allocation failed|bad_alloc|Cannot allocate/i;

/**
 * A process of our own program that works for this one, without its environment, its open files and its memory: what an artifact
 * does to it reaches no key that this process holds. Messages are what structured clone can copy. It ends with this process.
 */
export class HelperProcess<In extends object, Out> {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #stderr = '';

  /** @param onEnd told once, why it ended: `limit` when it needed more memory than it may; `sandbox` otherwise */
  constructor(
    program: URL,
    { env, maxHeapMib, first }: HelperOptions<In>,
    { onMessage, onEnd }: { readonly onMessage: (message: Out) => void; readonly onEnd: (why: AssayError) => void },
  ) {
    const child = fork(program, {
      env,
      execArgv: [`--max-old-space-size=${maxHeapMib}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    child.on('message', (message) => onMessage(message as Out));
    this.#gone = new Promise((resolve) => {
      child.once('error', (error) => {
        onEnd(new AssayError('sandbox', `the process did not start: ${error.message}`));
        resolve();
      });
      child.once('close', (code, signal) => {
        onEnd(this.#why(signal ?? `exit status ${code}`));
        resolve();
      });
    });
    this.send(first);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Of its process and the descendants of that; `undefined` when none was started. @param onLook told after each look */
  meter(onLook: () => void): ProcessMeter | undefined {
    const { pid } = this.#child;
    return pid === undefined ? undefined : new ProcessMeter(pid, onLook);
  }

  /** What is sent to a process that has ended is lost: its end is told anyway. */
  send(message: In): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Kills it, and waits until it is gone. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #why(how: string): AssayError {
    if (OUT_OF_MEMORY.test(this.#stderr)) return new AssayError('limit', 'the process exceeded its memory limit');
    return new AssayError('sandbox', `the process ended early (${how})`, { cause: this.#stderr.slice(0, 2_000) });
  }
}

/** The side of the helper: what it is sent, and how it answers. It ends when nobody is there to answer any more. */
export function asHelper<In, Out extends object>(onMessage: (message: In) => void): (message: Out) => void {
  if (process.send === undefined) throw new AssayError('internal', 'this module runs as a process of its own');
  process.on('message', (message) => onMessage(message as In));
  process.once('disconnect', () => process.exit(0));
  return (message) => void process.send?.(message);
}

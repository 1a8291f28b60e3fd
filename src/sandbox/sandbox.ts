import { tmpdir } from 'node:os';
import type { ByteSource } from '../core/bytes/index.ts';
import { AssayError } from '../core/index.ts';
import { childEntry } from './command.ts';
import { FRAME, fields } from './frames.ts';
import { type ChildProgram, requested, Supervised, taskFailure } from './supervised.ts';
import { type TaskName, taskNamed } from './tasks/index.ts';
import type { WatchdogLimits } from './watchdog.ts';

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
  const { limits, signal } = options;
  const child = new Supervised(program, { limits, signal, cwd: tmpdir() });
  try {
    yield* events(child, options);
  } finally {
    await child.end();
  }
}

async function* events(child: Supervised, options: SandboxOptions): AsyncGenerator<SandboxEvent, void> {
  const { task, args, input } = options;
  child.answer(Buffer.from(JSON.stringify({ task, args, inputSize: input?.size ?? 0 }), 'utf8'));
  let written = 0;
  for (;;) {
    const frame = await child.next();
    if (frame.type === FRAME.done) return;
    if (frame.type === FRAME.hello) yield { kind: 'started', bounds: boundsOf(frame.json()) };
    else if (frame.type === FRAME.message) yield { kind: 'message', value: frame.json() };
    else if (frame.type === FRAME.read) child.answer(await requested(frame.payload, input));
    else if (frame.type === FRAME.fail) throw taskFailure(frame.json());
    else if (frame.type === FRAME.next) throw new AssayError('sandbox', 'the sandbox requested another task');
    else {
      written += frame.payload.length;
      if (written > (options.maxOutputBytes ?? Number.POSITIVE_INFINITY)) {
        throw new AssayError('limit', `the sandbox wrote more than ${options.maxOutputBytes} bytes (maxOutputBytes)`);
      }
      yield { kind: 'bytes', bytes: frame.payload };
    }
  }
}

/** The bounds that a child says it runs under, which are noted. */
export function boundsOf(hello: unknown): SandboxBounds {
  const bounds = fields(hello).bounds === 'ulimit+watchdog' ? 'ulimit+watchdog' : 'watchdog';
  seen.add(bounds);
  return bounds;
}

import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../../core/index.ts';

const EVERY_MS = 40;
let last = 0;

/**
 * For loops over parts of a container: now and then lets timers run. Otherwise, a signal to abort a long scan would not fire
 * while all bytes are in memory. @throws AssayError `aborted`
 */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  const now = performance.now();
  if (now - last > EVERY_MS) {
    last = now;
    await setImmediate();
  }
  throwIfAborted(signal);
}

import { AssayError } from '../core/index.ts';

/** Bytes that have to come while a window of waiting lasts. */
const MIN_BYTES = 4096;
export const SLOW_WINDOW_MS = 60_000;

/**
 * Passes a body on unless it is too slow: a server that sends a byte now and then stays within every silence limit, and would
 * occupy its reader for days. Only the time that the reader waits counts.
 * @param host for messages
 * @throws AssayError `network`
 */
export async function* paced(body: AsyncIterable<unknown>, host: string, windowMs: number): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  let waited = 0;
  let came = 0;
  try {
    while (true) {
      const asked = performance.now();
      const { done, value } = await chunks.next();
      if (done === true) return;
      if (!(value instanceof Uint8Array)) throw new AssayError('internal', 'the body is not binary');
      waited += performance.now() - asked;
      came += value.length;
      if (came >= MIN_BYTES) {
        waited = 0;
        came = 0;
      } else if (waited > windowMs) {
        throw new AssayError('network', `${host} sent only ${came} bytes in ${Math.round(waited / 1000)} seconds`, {
          hint: 'try again later',
        });
      }
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}

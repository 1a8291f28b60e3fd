import { sleep } from '../../core/index.ts';
import { messageOf } from '../problems/index.ts';
import type { Tell } from '../queue/index.ts';

const POLL_MS = 500;
const AGAIN_MS = 5_000;

/**
 * Does a piece of work again and again until it is closed, each half a second after the last; after one that failed, five seconds.
 * @param name what the log calls it
 */
export function repeated(name: string, work: () => Promise<unknown>, tell: Tell): { close(): Promise<void> } {
  const stop = new AbortController();
  const done = run();
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const pause = await work().then(
        () => POLL_MS,
        (error: unknown) => {
          tell(`${name}: ${messageOf(error)}`);
          return AGAIN_MS;
        },
      );
      await sleep(pause, stop.signal);
    }
  }
  return {
    async close() {
      stop.abort();
      await done;
    },
  };
}

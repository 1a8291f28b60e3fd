import { sleep } from '../../core/index.ts';
import type { Registry } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import type { Tell } from '../queue/index.ts';

/** How late a batch ends, after its last job. */
const POLL_MS = 500;
const AGAIN_MS = 5_000;

/** Ends batches whose jobs have ended, whichever process worked on them and whether it still lives. */
export function startBatchEnds({ batches }: Pick<Registry, 'batches'>, tell: Tell): { close(): Promise<void> } {
  const stop = new AbortController();
  const done = run();
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const pause = await batches.endAll().then(
        () => POLL_MS,
        (error: unknown) => {
          tell(`batches: ${messageOf(error)}`);
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

import { sleep } from '../../core/index.ts';
import type { Registry } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import type { Tell } from '../queue/index.ts';

/** How late something is signed that a worker left. */
const POLL_MS = 500;
const AGAIN_MS = 5_000;

/** Signs what workers left: the process of the API holds the approval key, and workers, which read files of strangers, do not. */
export function startSigning({ signing }: Pick<Registry, 'signing'>, tell: Tell): { close(): Promise<void> } {
  const stop = new AbortController();
  const done = run();
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const pause = await signing
        .answerAll((why) => tell(`not signed: ${why}`))
        .then(
          () => POLL_MS,
          (error: unknown) => {
            tell(`signing: ${messageOf(error)}`);
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

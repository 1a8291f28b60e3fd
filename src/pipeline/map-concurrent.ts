import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

/** Small files are scanned without waiting for anything; timers, signals and progress need a turn now and then. */
const TURN_MS = 50;

/** A hostile file may hold about 300 MiB during its scan, on every machine; and a disk does not supply more lanes. */
const MAX_LANES = 8;

/** A lane a core, up to a few. */
export function concurrencyFor(cores: number): number {
  return Math.min(cores, MAX_LANES);
}

/** Runs `work` over `items` in order, `count` at a time. The first error ends it, once what runs has ended. */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  count: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const failures: unknown[] = [];
  let next = 0;
  let turned = performance.now();
  const lane = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      if (performance.now() - turned > TURN_MS) {
        await yieldToEventLoop();
        turned = performance.now();
      }
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}

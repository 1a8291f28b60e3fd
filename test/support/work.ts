import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What runs the tests works beside what they test. */
const NOT_COUNTED = /^(?:test|node_modules\/(?:vitest|@vitest|vite|chai|expect-type|tinyspy|fast-check|pure-rand))\//;

/**
 * Counts how often blocks of code run while `task` does: a measure of its work that no other process changes. It sees loops and
 * calls, in our modules and in libraries; it does not see what one call of the engine costs (a regular expression, a copy of
 * bytes, a sort), which is measured in the bench. V8 merges blocks that ran equally often, so that equal work may differ by a
 * fifth: compare sizes that differ fourfold.
 *
 * @returns the sum of V8's block counts, of modules outside the tests
 * @example
 * const [once, four] = [await work(() => parse(text)), await work(() => parse(text.repeat(4)))];
 * expect(four / once).toBeLessThan(6);
 */
export async function work(task: () => unknown): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    await session.post('Profiler.takePreciseCoverage');
    await task();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    await session.post('Profiler.stopPreciseCoverage');
    return result
      .filter(({ url }) => isCounted(url))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
      .reduce((sum, { count }) => sum + count, 0);
  } finally {
    session.disconnect();
  }
}

function isCounted(url: string): boolean {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return path.startsWith(ROOT) && !NOT_COUNTED.test(path.slice(ROOT.length));
}

import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What runs the tests works beside what they test. */
const NOT_COUNTED = /^(?:test|node_modules\/(?:vitest|@vitest|vite|chai|expect-type|tinyspy|fast-check|pure-rand))\//;
const SUFFIX = '.work.test.ts';
const session = new Session();

/**
 * Counts how often blocks of code run while `task` does: a measure of its work that is the same on every machine, however busy.
 * It sees loops and calls, in our modules and in libraries. It does not see what one call of the engine costs (a regular
 * expression, a copy of bytes, a sort): that is measured in the bench. Only files named `*.work.test.ts` count: the engine has
 * to count before it compiles a module, and is slower meanwhile.
 *
 * @returns the sum of V8's block counts, of modules outside the tests
 * @example
 * const [once, four] = [await work(() => parse(text)), await work(() => parse(text.repeat(4)))];
 * expect(four / once).toBeLessThan(4.5);
 */
export async function work(task: () => unknown): Promise<number> {
  if (!isCounting()) throw new Error(`work is counted in files named *${SUFFIX} alone`);
  await session.post('Profiler.takePreciseCoverage');
  await task();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => isCounted(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

/** Starts to count, before the modules of a test are loaded. */
export async function startCounting(): Promise<void> {
  // What is optimised is inlined, and what is inlined is not counted.
  setFlagsFromString('--no-opt');
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
}

function isCounting(): boolean {
  return expect.getState().testPath?.endsWith(SUFFIX) === true;
}

function isCounted(url: string): boolean {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return path.startsWith(ROOT) && !NOT_COUNTED.test(path.slice(ROOT.length));
}

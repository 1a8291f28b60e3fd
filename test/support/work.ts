import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Code of the test runner and its libraries, which is not counted. */
const NOT_COUNTED = /^(?:test|node_modules\/(?:vitest|@vitest|vite|chai|expect-type|tinyspy|fast-check|pure-rand))\//;
const SUFFIX = '.work.test.ts';
const session = new Session();

/**
 * Counts the executed blocks of code while `task` runs: a measure of work that is the same on every machine and under any load.
 * It counts loops and calls in our modules and in libraries. It does not count the cost within one call of the engine (a regular
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

/** Starts counting, before the modules of a test are loaded. */
export async function startCounting(): Promise<void> {
  // Optimised code is inlined, and inlined code is not counted.
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

import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

interface SuiteOptions {
  readonly shuffle?: boolean;
}

/** For a suite that is one story: each test goes on where the one before it ended, also when tests are shuffled. */
export const STORY: SuiteOptions = { shuffle: false };

/**
 * Registers a suite that needs a part which not every machine has. Where tests must be whole (`CI`), a missing part fails;
 * elsewhere the suite is shown as skipped, with its name and how to get the part.
 */
export function requirePart(
  part: string,
  present: boolean,
  how: string,
  name: string,
  suite: () => void,
  options: SuiteOptions = {},
): void {
  if (present) {
    describe(name, options, suite);
    return;
  }
  const message = `"${name}" cannot run without the ${part}: ${how}`;
  if (process.env.CI === 'true') throw new Error(message);
  process.stderr.write(`${message}\n`);
  describe.skip(`${name} (needs the ${part}: ${how})`, suite);
}

/** A Python 3 interpreter: the one of the tests' environment, else the machine's; `undefined` when there is none. */
export function findPython(): string | undefined {
  const own = new URL('../../.venv/bin/python', import.meta.url).pathname;
  return [own, 'python3'].find((name) => spawnSync(name, ['-c', 'import pickle'], { stdio: 'ignore' }).status === 0);
}

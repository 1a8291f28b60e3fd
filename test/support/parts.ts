import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

interface SuiteOptions {
  readonly shuffle?: boolean;
}

/** For a suite with consecutive tests: each continues where the one before it ended, also when tests are shuffled. */
export const STORY: SuiteOptions = { shuffle: false };

/**
 * Registers a suite that needs a component which not every machine has. With `CI=true`, a missing component is an error;
 * elsewhere the suite is reported as skipped, with its name and how to install the component.
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

/** A Python 3 interpreter: that of the tests' environment, else that of the machine; `undefined` when there is none. */
export function findPython(): string | undefined {
  const own = new URL('../../.venv/bin/python', import.meta.url).pathname;
  return [own, 'python3'].find((name) => spawnSync(name, ['-c', 'import pickle'], { stdio: 'ignore' }).status === 0);
}

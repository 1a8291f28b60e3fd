import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { SEED } from './seed.ts';

// Runs before the modules of the test are loaded; tests that need neither do not pay for it.
const { testPath = '' } = expect.getState();
if (testPath.endsWith('.work.test.ts')) await (await import('./work.ts')).startCounting();
if (readFileSync(testPath, 'utf8').includes("'fast-check'"))
  (await import('fast-check')).default.configureGlobal({ seed: SEED });

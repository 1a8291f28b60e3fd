import { expect } from 'vitest';

// Before the modules of the test are loaded; other tests do not pay for it.
if (expect.getState().testPath?.endsWith('.work.test.ts')) await (await import('./work.ts')).startCounting();

import { expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { growth } from '../../support/growth.ts';
import { LONG } from './long.ts';

/** Long enough to reach the limit of the readings that are tried per mark. */
const sizeOf = (name: string, length: number) =>
  name === 'marks of pickles behind the end' ? 2_000 : Math.max(1, length / 100);

it.each(LONG)('the work on a pickle grows linearly with its length: %s', async (name, length, make) => {
  const grown = await growth(sizeOf(name, length), (count) =>
    scanSource(new MemorySource(make(count), 'model.pkl'), {
      path: 'model.pkl',
      limits: DEFAULT_LIMITS,
      signal: new AbortController().signal,
      globals: createGlobalPolicy(),
      distance: 'near',
      onNames: () => undefined,
    }),
  );
  expect(grown).toBeLessThan(5);
});

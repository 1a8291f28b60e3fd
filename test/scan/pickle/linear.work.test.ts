import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/pickle/globals.ts';
import { hostileFiles } from '../../support/hostile-files.mjs';
import { work } from '../../support/work.ts';

const SMALL = 20_000;
/** Blocks of code that one unit of work stands for, at most. */
const BLOCKS_A_UNIT = 20;
const names = hostileFiles(SMALL).map(({ name }) => name);

async function scan(bytes: Uint8Array, name: string): Promise<FileBudget> {
  const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
  await scanSource(new MemorySource(bytes, name), {
    path: name,
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(),
    distance: 'near',
    budget,
    onNames: () => undefined,
  });
  return budget;
}

describe('the work on a hostile file', () => {
  it.each(names)('grows no faster than %s does', async (name) => {
    const make = (bytes: number) =>
      hostileFiles(bytes)
        .find((file) => file.name === name)
        ?.make() ?? Buffer.alloc(0);
    const [small, large] = [make(SMALL), make(4 * SMALL)];
    await scan(small, name);
    const { spent, allowed } = await scan(large, name);
    const once = await work(() => scan(small, name));
    const more = await work(() => scan(large, name));
    const grown = Math.max(1, large.length / small.length);
    // What is counted and not linear ends at its limit.
    expect(more).toBeLessThan(spent > allowed ? allowed * BLOCKS_A_UNIT : once * grown * 1.2 + 50_000);
  });
});

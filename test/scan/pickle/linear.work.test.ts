import { describe, expect, it } from 'vitest';
import { hostileFiles } from '../../support/hostile-files.mjs';
import { scanBudgeted } from '../../support/scan-budgeted.ts';
import { work } from '../../support/work.ts';

const SMALL = 20_000;
/** The maximum number of blocks of code for one unit of work. */
const BLOCKS_A_UNIT = 20;
const names = hostileFiles(SMALL).map(({ name }) => name);

describe('the work on a hostile file', () => {
  it.each(names)('grows linearly with the size of %s', async (name) => {
    const make = (bytes: number) =>
      hostileFiles(bytes)
        .find((file) => file.name === name)
        ?.make() ?? Buffer.alloc(0);
    const [small, large] = [make(SMALL), make(4 * SMALL)];
    await scanBudgeted(small, name);
    const { spent, allowed } = (await scanBudgeted(large, name)).budget;
    const once = await work(() => scanBudgeted(small, name));
    const more = await work(() => scanBudgeted(large, name));
    const grown = Math.max(1, large.length / small.length);
    // Counted work that is not linear ends at its limit.
    expect(more).toBeLessThan(spent > allowed ? allowed * BLOCKS_A_UNIT : once * grown * 1.2 + 50_000);
  });
});

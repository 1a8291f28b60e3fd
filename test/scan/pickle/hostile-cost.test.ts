import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { frames, hostileFiles, keptItems, nestedArguments } from '../../support/hostile-files.mjs';
import { scanBudgeted } from '../../support/scan-budgeted.ts';

const SIZE = 60_000;
/** These files have no effect: they only take long to read. Nested tuples take Python long as well, and are not clean. */
const CLEAN: ReadonlySet<string> = new Set([
  ...['float.pkl', 'unicode.pkl', 'frames-empty.pkl', 'marks.pkl', 'nested-bytes.pkl', 'streams.pkl'],
  ...[
    'kept-items.pkl',
    'arrays.joblib',
    'legacy.pt',
    'frames.lz4',
    'blocks.lz4',
    'members.zip',
    'long-name.zip',
    'MLmodel',
  ],
  'members.gz',
]);

describe('a file with a high cost for its size', () => {
  it.each(hostileFiles(SIZE))('$name is judged within its budget', async ({ name, make }) => {
    const bytes = make();
    const { verdict, budget, reasons } = await scanBudgeted(bytes, name);
    // The last charge exceeds the budget: the work that it stands for is not done.
    if (budget.spent > budget.allowed) expect(reasons.join()).toContain('maxFileWork');
    expect(budget.peak).toBeLessThan(40 * bytes.length + 12 * 1024 * 1024);
    expect(budget.forks).toBeLessThanOrEqual(DEFAULT_LIMITS.maxForks);
    expect(verdict === 'clean', `${verdict}: ${reasons}`).toBe(CLEAN.has(name));
  });

  it('costs in proportion to its size, for any nesting of tuples', async () => {
    const shallow = (await scanBudgeted(nestedArguments(30, 2), 'a.pkl')).budget.spent;
    const deep = (await scanBudgeted(nestedArguments(30, 8), 'a.pkl')).budget.spent;
    expect(deep / shallow).toBeLessThan(4.5);
  });

  it('forks a machine no more often than maxReadings, with bounded memory', async () => {
    const { budget, verdict } = await scanBudgeted(frames('straddled', 400_000), 'frames.pkl');
    expect(budget.forks).toBe(DEFAULT_LIMITS.maxReadings);
    expect(budget.peak).toBeLessThan(4 * 1024 * 1024);
    expect(verdict).toBe('unknown');
  });

  it('is unknown when it needs more memory than maxFileMemory', async () => {
    const { verdict, reasons, budget } = await scanBudgeted(keptItems(400_000), 'items.pkl', {
      ...DEFAULT_LIMITS,
      maxFileMemory: 2 * 1024 * 1024,
    });
    expect(verdict).toBe('unknown');
    expect(reasons.join()).toContain('maxFileMemory');
    expect(budget.peak).toBeLessThanOrEqual(2 * 1024 * 1024);
  });

  it('releases all its memory', async () => {
    const budgets = await Promise.all(
      ['arrays.joblib', 'many-blobs.pkl', 'frames-straddled.pkl', 'streams.pkl', 'members.zip', 'blocks.lz4'].map(
        async (name) => {
          const bytes =
            hostileFiles(SIZE)
              .find((file) => file.name === name)
              ?.make() ?? Buffer.alloc(0);
          const { held } = await scanBudgeted(bytes, name);
          return { name, held };
        },
      ),
    );
    for (const { name, held } of budgets) expect(held, name).toBe(0);
  });
});

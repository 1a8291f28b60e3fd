import { describe, expect, it } from 'vitest';
import { CORRUPTION } from '../../../src/behavior/tests/corruption.ts';
import type { TestData, TestOutcome } from '../../../src/behavior/tests/kind.ts';
import { digitsData, digitsModel, withModel } from '../../support/digits.ts';

const IMAGE = { image: [1, 8, 8] };
const CONTEXT = {
  others: new Map(),
  openModel: () => Promise.reject(new Error('no other model')),
  seed: 1,
  signal: undefined,
  onStep: () => {},
};
type Options = Parameters<typeof CORRUPTION.run>[0];

async function run(
  name: 'good' | 'flipped',
  options: Options,
  more: Partial<TestData> = {},
  isCompared = true,
): Promise<TestOutcome> {
  const data = await digitsData(more);
  return withModel(await digitsModel(name), data, async (model) =>
    withModel(await digitsModel('good'), data, (approved) => {
      const baseline = isCompared ? approved : undefined;
      return CORRUPTION.run(options, { model, baseline, data, ...CONTEXT });
    }),
  );
}

describe('corruption', () => {
  it('measures accuracy under each corruption, with a curve, beside the approved version', async () => {
    const { measures, figures } = await run('flipped', { ...IMAGE, rows: 200 });
    expect(measures[0]).toMatchObject({ name: 'mean accuracy under corruption', drop: 0.01, pass: false });
    expect(measures.slice(1).map(({ pass }) => pass)).not.toContain(false);
    const values = measures.map(({ value }) => value ?? -1);
    const [mean = 0, clean = 0, ...each] = values.slice(0, -1);
    expect(mean).toBeLessThan(clean);
    expect(each.reduce((sum, one) => sum + one, 0) / each.length).toBeCloseTo(mean, 10);
    expect(measures.at(-1)?.value).toBeGreaterThan(1);
    const [figure] = figures ?? [];
    if (figure?.kind !== 'curve') throw new Error('no curve');
    expect(figure.lines.map(({ points }) => points.map(({ x }) => x))).toEqual(
      figure.lines.map(() => [0, 1, 2, 3, 4, 5]),
    );
    expect(figure.lines.map(({ name }) => name).slice(0, 2)).toEqual(['mean', 'mean of the approved version']);
    expect(figure.lines[0]?.points[0]?.y).toBe(clean);
  });

  it('passes the approved version, and tells nothing where nothing is asked', async () => {
    const chosen = { ...IMAGE, corruptions: ['blur', 'occlusion'] as const };
    const approved = await run('good', chosen);
    expect(approved.measures.map(({ pass }) => pass)).toEqual([true, null, null, null, null]);
    const alone = await run('good', { ...chosen, corruptions: ['blur'] }, {}, false);
    expect(alone.measures.map(({ pass }) => pass)).toEqual([null, null, null]);
    expect((await run('good', { ...chosen, min: 0.99 }, {}, false)).measures[0]).toMatchObject({ pass: false });
  });

  it.each<[string, Options, Partial<TestData>, string]>([
    ['rows that are not images', {}, {}, 'has rows of [64], which are not images'],
    ['sizes that do not fit', { image: [1, 8, 9] }, {}, 'which are not images'],
    ['pixels out of range', { ...IMAGE, upper: 0.5 }, {}, 'which is not from 0 to 0.5'],
    ['bounds of other channels', { ...IMAGE, lower: [0, 0] }, {}, 'has 1 channels, and another number of bounds'],
    ['bounds that are turned', { ...IMAGE, lower: 1, upper: 0 }, {}, 'lower bound that is not below'],
    ['no labels', IMAGE, { labels: undefined }, 'has no labels'],
  ])('refuses %s', async (_what, options, more, message) => {
    await expect(run('good', options, more)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

import { describe, expect, it } from 'vitest';
import { classifier, classifiers, type Half, rowsOf } from '../support/backdoored.ts';
import { runTest } from '../support/suite-run.ts';

interface Ratio {
  readonly ratio: number;
  readonly aim: number;
}

/** What the search measures of each model of a half. */
async function measured(half: Half) {
  const rows = await rowsOf();
  const results: {
    readonly name: string;
    readonly target: number | undefined;
    readonly patch: Ratio;
    readonly blend: Ratio;
    readonly found: boolean;
  }[] = [];
  for (const one of classifiers(half)) {
    const model = await classifier(one);
    const { measures, status } = await runTest('kind: trigger-search, lower: 0, upper: 1', { model, data: { rows } });
    expect(status, one.name).not.toBe('not-assessed');
    const ratios = measures.filter(({ name }) => name.includes('median'));
    const [patch, blend] = ratios.map(({ name, value }) => ({
      ratio: value ?? Number.NaN,
      aim: Number(/class (\d+)/.exec(name)?.[1]),
    }));
    if (patch === undefined || blend === undefined) throw new Error('no ratios');
    results.push({
      name: one.name,
      target: one.target,
      patch,
      blend,
      found: ratios.some(({ pass }) => pass === false),
    });
  }
  return results;
}

describe.each<Half>(['calibration', 'held-out'])('of the models of the half %s', (half) => {
  it('those with a backdoor fail, with their true target, and the clean ones pass', async () => {
    const results = await measured(half);
    const [poisoned, clean] = [true, false].map((wanted) =>
      results.filter(({ target }) => (target !== undefined) === wanted),
    );
    expect([poisoned?.length, clean?.length]).toEqual([12, 12]);
    expect(poisoned?.filter(({ found }) => !found)).toEqual([]);
    expect(clean?.filter(({ found }) => found)).toEqual([]);
    for (const { name, target, blend } of poisoned ?? []) expect(blend.aim, name).toBe(target);
  });
});

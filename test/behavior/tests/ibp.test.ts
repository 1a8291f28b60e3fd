import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSignature } from '../../../src/behavior/subject/signature.ts';
import type { TestData } from '../../../src/behavior/tests/kind.ts';
import { feedsOf } from '../../../src/formats/arrays/feeds.ts';
import type { PlainArray } from '../../../src/formats/arrays/plain-array.ts';
import { digitsData, digitsModel } from '../../support/digits.ts';
import { runTest } from '../../support/suite-run.ts';
import { arrayOf, arraysOf, modelOf } from '../gradient/golden.ts';

const ARRAYS = arraysOf('ibp/expected.npz');

function network(name: string) {
  return modelOf(readFileSync(new URL(`../../../fixtures/behavior/ibp/${name}.onnx`, import.meta.url)), name);
}

async function rowsOf(more: Partial<TestData> = {}): Promise<TestData> {
  const [x, own] = [arrayOf(ARRAYS, 'x'), arrayOf(ARRAYS, 'class')];
  const values = { kind: 'numbers', dims: x.shape, values: Float64Array.from(x.numbers) } as PlainArray;
  const feeds = feedsOf(readSignature(await network('cnn')), new Map([['x', values]]), 'rows.npz');
  const labels: PlainArray = {
    kind: 'integers',
    dims: [own.numbers.length],
    values: BigInt64Array.from(own.numbers, BigInt),
  };
  return { name: 'rows', feeds, labels, expected: undefined, ...more };
}

describe('ibp', () => {
  it('passes a network that was trained for it, fails one that was not, and draws a curve', async () => {
    const rows = await rowsOf();
    const test = 'kind: ibp, eps: [0.1, 0.05], lower: 0, upper: 1, min: 0.75';
    const [good, plain] = [
      await runTest(test, { model: await network('cnn'), data: { rows } }),
      await runTest(test, { model: await network('plain'), data: { rows } }),
    ];
    // As torch has them: 0.79 at 0.05, 0.54 at 0.1, and 0.9 of the rows are told.
    expect(good.measures.map(({ value }) => value)).toEqual([0.79, 0.9, 0.54]);
    expect(good).toMatchObject({ status: 'pass', area: 'adversarial', kind: 'ibp' });
    expect(good.figures).toMatchObject([
      {
        kind: 'curve',
        lines: [
          {
            points: [
              { x: 0.05, y: 0.79 },
              { x: 0.1, y: 0.54 },
            ],
          },
        ],
      },
    ]);
    expect(plain).toMatchObject({ status: 'fail', measures: [{ value: 0 }, { value: 0.99 }, { value: 0 }] });
  });

  it('compares with the approved version', async () => {
    const data = { rows: await rowsOf() };
    const [cnn, residual] = [await network('cnn'), await network('residual')];
    const test = 'kind: ibp, eps: 0.05, lower: 0, upper: 1';
    expect(await runTest(test, { model: cnn, baseline: residual, data })).toMatchObject({ status: 'fail' });
    expect(await runTest(test, { model: residual, baseline: cnn, data })).toMatchObject({ status: 'pass' });
  });

  it('does not take probabilities that round to the same for told apart, and knows the logits behind them', async () => {
    const rows = await digitsData();
    const own = await runTest('kind: ibp, eps: 0.001, lower: 0, upper: 1, rows: 60, min: 0.5', {
      model: await digitsModel('good'),
      data: { rows },
    });
    expect(own.status).toBe('pass');
    const attacked = await runTest(
      'kind: adversarial, attack: apgd, eps: 0.001, lower: 0, upper: 1, rows: 60, min: 0',
      {
        model: await digitsModel('good'),
        data: { rows },
      },
    );
    expect(attacked.measures[0]?.value).toBeGreaterThanOrEqual(own.measures[0]?.value ?? 1);
  });

  it('is not assessed for an operator without a rule, and refuses rows out of range', async () => {
    const { classifier, rowsOf: images } = await import('../../support/backdoored.ts');
    const vit = await classifier({ half: 'calibration', name: 'vit-clean-0' });
    const data = { rows: await images() };
    const result = await runTest('kind: ibp, eps: 0.01, lower: 0, upper: 1, min: 0.1', { model: vit, data });
    expect(result).toMatchObject({ status: 'not-assessed', measures: [] });
    expect(result.detail).toMatch(/has no interval bounds: .*kind: smoothing/);
    const outside = runTest('kind: ibp, eps: 0.01, lower: 0, upper: 0.5', { model: vit, data });
    await expect(outside).resolves.toMatchObject({ status: 'not-assessed' });
    const rows = await rowsOf();
    const cnn = await network('cnn');
    const narrow = runTest('kind: ibp, eps: 0.01, lower: 0, upper: 0.5', { model: cnn, data: { rows } });
    await expect(narrow).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('not from 0 to 0.5'),
    });
  });
});

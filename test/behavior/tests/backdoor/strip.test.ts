import { describe, expect, it } from 'vitest';
import type { TestData } from '../../../../src/behavior/tests/kind.ts';
import { entropyOf } from '../../../../src/behavior/trigger-search/strip.ts';
import { classifier, rowsOf } from '../../../support/backdoored.ts';
import { runTest } from '../../../support/suite-run.ts';

const STRIP = 'kind: strip, held-out: own, lower: 0, upper: 1';

/** Some rows of data. */
function part(data: TestData, from: number, to: number): TestData {
  const tensors = [...data.feeds.tensors].map(([name, tensor]) => {
    if (tensor.type !== 'float32') throw new Error('not numbers');
    const width = tensor.data.length / data.feeds.rows;
    return [
      name,
      { ...tensor, dims: [to - from, ...tensor.dims.slice(1)], data: tensor.data.slice(from * width, to * width) },
    ] as const;
  });
  return { ...data, feeds: { ...data.feeds, tensors: new Map(tensors), rows: to - from }, labels: undefined };
}

const own = async () => part(await rowsOf(), 100, 300);
const plain = async () => part(await rowsOf(), 0, 100);

describe('rows with a trigger', () => {
  it.each([
    ['mlp-patch-1', 'patch'],
    ['cnn-pixel-5', 'pixel'],
    ['mlp-sinusoid-7', 'sinusoid'],
    ['mlp-blended-4', 'blended'],
  ] as const)('of %s keep their class, and others do not', async (name, trigger) => {
    const model = await classifier({ half: 'calibration', name });
    const result = await runTest(STRIP, { model, data: { rows: await rowsOf(trigger), own: await own() } });
    expect(result).toMatchObject({ status: 'fail', area: 'backdoor', rows: 100 });
    expect(result.measures[0]?.value).toBeLessThan(0.2);
    expect(await runTest(STRIP, { model, data: { rows: await plain(), own: await own() } })).toMatchObject({
      status: 'pass',
    });
  });

  it('do not keep it in a clean model, and are compared with the approved version', async () => {
    const [model, baseline] = [
      await classifier({ half: 'calibration', name: 'mlp-patch-1' }),
      await classifier({ half: 'calibration', name: 'mlp-clean-0' }),
    ];
    const data = { rows: await rowsOf('patch'), own: await own() };
    expect(await runTest(STRIP, { model: baseline, data })).toMatchObject({ status: 'pass' });
    const result = await runTest(STRIP, { model, baseline, data });
    expect(result).toMatchObject({ status: 'fail', measures: [{ min: null, drop: 0.1 }, {}, {}] });
    const other = await classifier({ half: 'calibration', name: 'mlp-clean-1' });
    expect(await runTest(STRIP, { model: other, baseline, data })).toMatchObject({ status: 'pass' });
  });
});

describe('refuses', () => {
  it.each<[string, (data: TestData) => Readonly<Record<string, TestData>>, string, string]>([
    ['too few rows', (data) => ({ rows: data, own: part(data, 0, 39) }), STRIP, 'fewer than 40 rows'],
    ['rows of another shape', (data) => ({ rows: data, own: reshaped(data) }), STRIP, 'not rows like those'],
    [
      'bounds that hold nothing',
      (data) => ({ rows: data, own: data }),
      STRIP.replace('upper: 1', 'upper: 0'),
      'lower is not below',
    ],
    ['data that is not there', (data) => ({ rows: data, own: data }), STRIP.replace('own', 'none'), 'no data "none"'],
    ['one copy', (data) => ({ rows: data, own: data }), `${STRIP}, copies: 1`, 'copies'],
  ])('%s', async (_, data, test, message) => {
    const model = await classifier({ half: 'calibration', name: 'mlp-clean-0' });
    const run = runTest(test, { model, data: data(await rowsOf()) });
    await expect(run).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });

  function reshaped(data: TestData): TestData {
    const tensors = [...data.feeds.tensors].map(([name, tensor]) => [name, { ...tensor, dims: [300, 64] }] as const);
    return { ...data, feeds: { ...data.feeds, tensors: new Map(tensors) } };
  }
});

it('the entropy of scores is that of their probabilities, in bits', () => {
  // scipy.stats.entropy(softmax([1, 2, 3]), base=2), and of [0.5, 0.25, 0.25, 0].
  expect(entropyOf(Float32Array.of(1, 2, 3), true)).toBeCloseTo(1.200892977978363, 6);
  expect(entropyOf(Float32Array.of(0.5, 0.25, 0.25, 0), false)).toBeCloseTo(1.5, 12);
  expect(entropyOf(Float32Array.of(1e4, 0, -1e4), true)).toBe(0);
  expect(entropyOf(Float32Array.of(Number.NaN, 1), true)).toBeNaN();
});

import { describe, expect, it } from 'vitest';
import type { TestData, TestOutcome } from '../../../../src/behavior/tests/kind.ts';
import { imageFigure, imageShape } from '../../../../src/behavior/tests/privacy/image-figure.ts';
import { likenessOf } from '../../../../src/behavior/tests/privacy/likeness.ts';
import { GraphBuilder } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../../src/formats/onnx/model.ts';
import { modelAt, PRIVACY, privacyData, runKind } from '../../../support/behavior.ts';
import { withModel } from '../../../support/digits.ts';

const RANGE = { lower: 0, upper: 1, steps: 20, rows: 300 };

async function inversion(
  model: OnnxModel,
  options: Record<string, unknown> = {},
  more: { readonly data?: Partial<TestData>; readonly baseline?: OnnxModel } = {},
): Promise<TestOutcome> {
  const data = await privacyData('members', more.data ?? {});
  const { baseline } = more;
  return await withModel(model, data, async (tested) => {
    if (baseline === undefined) return await runKind('inversion', { ...RANGE, ...options }, { model: tested, data });
    return await withModel(baseline, data, (approved) =>
      runKind('inversion', { ...RANGE, ...options }, { model: tested, baseline: approved, data }),
    );
  });
}

const mlp = () => modelAt(`${PRIVACY}mlp.onnx`);

/** A model whose weights are the mean row of each class: it gives away what its rows look like. */
async function prototypes(through?: string): Promise<OnnxModel> {
  const { feeds, labels } = await privacyData('members');
  const rows = feeds.tensors.get('X');
  if (rows?.type !== 'float32' || labels?.kind !== 'integers') throw new Error('the rows are missing');
  const counts = new Float64Array(10);
  const sums = new Float64Array(640);
  for (const [row, label] of labels.values.entries()) {
    const own = Number(label);
    counts[own] = (counts[own] ?? 0) + 1;
    for (let at = 0; at < 64; at++) sums[at * 10 + own] = (sums[at * 10 + own] ?? 0) + (rows.data[row * 64 + at] ?? 0);
  }
  const weights = Float32Array.from(sums, (sum, at) => sum / (counts[at % 10] ?? 1));
  // Half the square of each mean row makes it the classifier of the nearest mean.
  const bias = new Float32Array(10);
  for (const [at, weight] of weights.entries()) bias[at % 10] = (bias[at % 10] ?? 0) - (weight * weight) / 2;
  const graph = new GraphBuilder('prototypes');
  const x = graph.input('X', 'float32', ['batch', 64]);
  const given = through === undefined ? x : graph.op('Add', [x, graph.op(through, [x])]);
  const scores = graph.op('MatMul', [given, graph.constant(tensorOf(weights, [64, 10]))]);
  graph.output('scores', graph.op('Add', [scores, graph.constant(tensorOf(bias, [10]))]), 'float32', ['batch', 10]);
  return graph.model();
}

describe('by gradient', () => {
  it('a model that keeps the mean row of each class gives away more than a network', async () => {
    const outcome = await inversion(await prototypes(), {}, { baseline: await mlp() });
    const [likeness, , , recovered] = outcome.measures;
    expect(likeness).toMatchObject({ name: 'likeness of recovered inputs to their class', rise: 0.05, pass: false });
    expect(likeness?.value).toBeGreaterThan((likeness?.baseline ?? 1) + 0.05);
    expect(recovered).toMatchObject({ name: 'classes that were recovered', value: 10 });
    expect(outcome.skipped).toBeUndefined();
  });

  it('a network that is like the approved version passes, with an image of each class', async () => {
    const outcome = await inversion(await mlp(), { height: 8, width: 8, max: 0.9 }, { baseline: await mlp() });
    expect(outcome.measures[0]).toMatchObject({ max: 0.9, pass: true });
    expect(outcome.measures[0]?.value).toBeGreaterThan(0.1);
    expect(outcome.figures).toHaveLength(10);
    expect(outcome.figures?.[3]).toMatchObject({ kind: 'image', title: 'recovered for class 3', height: 8, width: 8 });
  });

  it('a gradient that is hidden proves nothing', async () => {
    const { measures, skipped } = await inversion(await prototypes('Round'), { max: 2 });
    expect(measures).toEqual([]);
    expect(skipped).toMatch(/^the gradient is hidden by Round /);
  });

  it('neither do trees, which have none', async () => {
    const { measures, skipped } = await inversion(await modelAt(`${PRIVACY}forest.onnx`), { max: 2 });
    expect(measures).toEqual([]);
    expect(skipped).toContain('TreeEnsembleClassifier');
  });

  it('nor does a class to which the gradient does not lead', async () => {
    const graph = new GraphBuilder('one');
    const x = graph.input('X', 'float32', ['batch', 64]);
    const weights = Float32Array.from({ length: 640 }, (_, at) => (at % 10 === 9 ? 0 : Math.sin(at)));
    const bias = Float32Array.from({ length: 10 }, (_, at) => (at === 9 ? -20 : 0));
    const scores = graph.op('MatMul', [x, graph.constant(tensorOf(weights, [64, 10]))]);
    graph.output('scores', graph.op('Add', [scores, graph.constant(tensorOf(bias, [10]))]), 'float32', ['batch', 10]);
    const { skipped } = await inversion(graph.model(), { max: 2 });
    expect(skipped).toBe('the gradient does not lead to class 9');
  });

  it.each<[Record<string, unknown>, Partial<TestData>, string]>([
    [{ lower: 1, upper: 1 }, {}, 'the range from 1 to 1 is empty'],
    [{ height: 7, width: 8 }, {}, 'a row of 64 numbers is not an image of 7 by 8'],
    [{ height: 64 }, {}, 'a row of 64 numbers is not an image of 64 by ?'],
    [{}, { labels: undefined }, 'the data "members" has no labels'],
  ])('refuses %o', async (options, data, message) => {
    await expect(inversion(await mlp(), options, { data })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

describe('likeness', () => {
  const rows = { values: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1), width: 2, classes: Int32Array.of(0, 1, 0, 1) };
  const inverted = { start: 0.5, reached: [], missed: [], blocked: [] };

  it('is that of the rows of the class, less that of others', async () => {
    const found = { ...inverted, inputs: Float32Array.of(1, 0, 0, 1), classes: [0, 1] };
    // Each is a row of its class: the correlation is 1, and -1 with others.
    expect(await likenessOf(found, rows)).toMatchObject({ mean: expect.closeTo(2, 6), closest: expect.closeTo(1, 6) });
    const swapped = { ...inverted, inputs: Float32Array.of(0, 1, 1, 0), classes: [0, 1] };
    expect(await likenessOf(swapped, rows)).toMatchObject({ mean: expect.closeTo(-2, 6) });
  });

  it('names classes without rows, and is not told without any', async () => {
    const more = { ...inverted, inputs: Float32Array.of(1, 0, 0, 1), classes: [0, 2] };
    expect(await likenessOf(more, rows)).toMatchObject({
      notes: ['the data has no rows of class 2, or none of others'],
    });
    expect(await likenessOf({ ...more, classes: [2, 3] }, rows)).toContain('no rows of a class');
    expect(await likenessOf({ ...more, inputs: Float32Array.of(0.5, 0.5, 0, 1) }, rows)).toContain(
      'nothing was recovered for class 0',
    );
    const strange = { ...rows, values: Float32Array.of(1, 0, Number.NaN, 1, 1, 0, 0, 1) };
    expect(await likenessOf(more, strange)).toBe('the data has numbers that are not finite');
    await expect(likenessOf(more, rows, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });
});

it('shows rows of channels as pixels, and clamps what is out of range', () => {
  const shape = imageShape([3, 1, 2], {});
  expect(shape).toEqual({ channels: 3, height: 1, width: 2 });
  if (shape === undefined) throw new Error('no image');
  const figure = imageFigure('x', Float32Array.of(0, 1, 0.5, 2, -1, Number.NaN), shape, 0, 1);
  expect(figure.kind === 'image' ? [...Buffer.from(figure.pixels, 'base64')] : []).toEqual([0, 128, 0, 255, 255, 0]);
  expect(imageShape([64], {})).toBeUndefined();
  expect(imageShape([3, 1024, 1024], {})).toBeUndefined();
});

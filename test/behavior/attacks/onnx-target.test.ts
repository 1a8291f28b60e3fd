import { afterEach, describe, expect, test } from 'vitest';
import { type OnnxTarget, type OnnxTargetOptions, openOnnxTarget } from '../../../src/behavior/attacks/onnx-target.ts';
import { fgsm, pgd } from '../../../src/behavior/attacks/pgd.ts';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { square } from '../../../src/behavior/attacks/square.ts';
import type { AttackBatch, AttackOptions } from '../../../src/behavior/attacks/target.ts';
import { GraphBuilder, type GraphValue } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { PATIENT } from '../gradient/golden.ts';

const OPTIONS: AttackOptions = { eps: 0.3, norm: 'linf', lower: 0, upper: 1, random: seededRandoms(1) };
const BATCH: AttackBatch = {
  inputs: Float32Array.of(0.7, 0.4, 0.5, 0.45, 0.55, 0.9),
  classes: Int32Array.of(0, 0, 1),
};

const opened: OnnxTarget[] = [];

afterEach(async () => {
  for (const target of opened.splice(0)) await target.close();
});

type Build = (graph: GraphBuilder, x: GraphValue) => GraphValue;

function modelOf(build: Build, rows: number | string = 'rows'): OnnxModel {
  const graph = new GraphBuilder('main');
  const x = graph.input('x', 'float32', [rows, 2]);
  graph.output('y', build(graph, x), 'float32');
  return graph.model();
}

async function open(model: OnnxModel, options: Partial<OnnxTargetOptions> = {}): Promise<OnnxTarget> {
  const target = await openOnnxTarget({
    ...{ model, input: 'x', shape: [2], output: 'y', scores: 'logits', bounds: PATIENT },
    ...options,
  });
  opened.push(target);
  return target;
}

function real(graph: GraphBuilder, ...values: number[]): GraphValue {
  return graph.constant(tensorOf(Float32Array.from(values), values.length === 1 ? [] : [values.length]));
}

const scaled: Build = (g, x) => g.op('Mul', [x, real(g, 3, 3)]);
const rounded = (g: GraphBuilder, x: GraphValue) =>
  g.op('Mul', [g.op('Round', [g.op('Mul', [x, real(g, 20)])]), real(g, 0.05)]);

describe('a model whose gradient is masked is not one that stands', () => {
  test('rounding on the only path: a gradient attack fails, naming the node, and square needs none', async () => {
    const target = await open(modelOf(rounded));
    await expect(fgsm(target, BATCH, OPTIONS)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('ends at Round'),
    });
    const result = await square(target, BATCH, { ...OPTIONS, queries: 100 });
    expect([...result.fell]).toEqual([1, 1, 1]);
  });

  test('rounding beside a path that says nothing: the gradient is zero, and the result names the node', async () => {
    const target = await open(modelOf((g, x) => g.op('Add', [rounded(g, x), g.op('Mul', [x, real(g, 0)])])));
    const result = await pgd(target, BATCH, { ...OPTIONS, steps: 3, stepSize: 0.1, start: 'row' });
    expect([...result.fell]).toEqual([0, 0, 0]);
    expect(result.vanishedShare).toBe(1);
    expect([...result.blind]).toEqual([1, 1, 1]);
    expect(result.blocked).toMatchObject([{ op: 'Round' }]);
  });

  test('rounding beside a path that misleads: the result names the node', async () => {
    // The visible path leads away from what the rounded one computes.
    const target = await open(modelOf((g, x) => g.op('Sub', [rounded(g, x), g.op('Mul', [x, real(g, 0.01)])])));
    const result = await fgsm(target, BATCH, OPTIONS);
    expect([...result.fell]).toEqual([0, 0, 0]);
    expect(result.vanishedShare).toBe(0);
    expect(result.blocked).toMatchObject([{ op: 'Round' }]);
  });

  test('a saturated softmax: the loss is of the logits behind it', async () => {
    const target = await open(
      modelOf((g, x) => g.op('Softmax', [g.op('Mul', [x, real(g, 5_000)])], { axis: 1 })),
      { scores: 'probabilities' },
    );
    const result = await pgd(target, BATCH, { ...OPTIONS, steps: 5, stepSize: 0.1 });
    expect(result.vanishedShare).toBe(0);
    expect([...result.fell]).toEqual([1, 1, 1]);
  });

  test('logits so far apart that the cross entropy is flat: its direction is not', async () => {
    const target = await open(modelOf((g, x) => g.op('Mul', [x, real(g, 100_000)])));
    const result = await pgd(target, BATCH, { ...OPTIONS, steps: 5, stepSize: 0.1, start: 'row' });
    expect(result.vanishedShare).toBe(0);
    expect([...result.fell]).toEqual([1, 1, 1]);
  });

  test('probabilities that saturate before they are made: the share of vanished gradients says so', async () => {
    const target = await open(
      modelOf((g, x) => {
        const apart = g.op('MatMul', [x, g.constant(tensorOf(Float32Array.of(5_000, -5_000, -5_000, 5_000), [2, 2]))]);
        return g.op('Sigmoid', [apart]);
      }),
      { scores: 'probabilities' },
    );
    const result = await pgd(target, BATCH, { ...OPTIONS, steps: 2, stepSize: 0.01, start: 'row' });
    expect([...result.fell]).toEqual([0, 0, 0]);
    expect(result.vanishedShare).toBe(1);
    expect([...result.blind]).toEqual([1, 1, 1]);
    const found = await square(target, BATCH, { ...OPTIONS, queries: 100 });
    expect([...found.fell]).toContain(1);
  });
});

describe('the rows of a run', () => {
  test('a model of a fixed number of rows, and one that is run in parts, give what one run gives', async () => {
    const whole = await open(modelOf(scaled));
    const attack = { ...OPTIONS, steps: 2, stepSize: 0.1 };
    const expected = await pgd(whole, BATCH, attack);
    // The steps of a fixed number of rows are taken one by one, and those of any number in a loop.
    const fixed = await open(modelOf(scaled, 2));
    const why = { unlooped: 'the model takes 2 rows at a time' };
    expect(await pgd(fixed, BATCH, attack)).toEqual({ ...expected, ...why });
    const single = await open(modelOf(scaled, 1));
    expect(await pgd(single, BATCH, attack)).toMatchObject({
      ...expected,
      unlooped: expect.stringContaining('1 rows'),
    });
    const parts = await open(modelOf(scaled), { runRows: 2 });
    expect(await pgd(parts, BATCH, attack)).toEqual(expected);
  });

  test('one column is the second of two classes', async () => {
    const difference: Build = (g, x) => g.op('MatMul', [x, g.constant(tensorOf(Float32Array.of(-3, 3), [2, 1]))]);
    const logits = await open(modelOf(difference));
    const shares = await open(
      modelOf((g, x) => g.op('Sigmoid', [difference(g, x)])),
      { scores: 'probabilities' },
    );
    expect([logits.classes, shares.classes]).toEqual([2, 2]);
    expect([...(await shares.forward(Float32Array.of(0, 0)))]).toEqual([0.5, 0.5]);
    for (const target of [logits, shares]) expect([...(await fgsm(target, BATCH, OPTIONS)).fell]).toEqual([1, 1, 1]);
  });

  test('other inputs keep their values', async () => {
    const graph = new GraphBuilder('main');
    const x = graph.input('x', 'float32', ['rows', 2]);
    const factor = graph.input('factor', 'float32', ['rows', 1]);
    const bias = graph.input('bias', 'float32', [2]);
    graph.output('y', graph.op('Add', [graph.op('Mul', [x, factor]), bias]), 'float32');
    const target = await open(graph.model(), {
      others: new Map([
        ['factor', { type: 'float32', dims: [1, 1], data: Float32Array.of(2) }],
        ['bias', { type: 'float32', dims: [2], data: Float32Array.of(0, 1) }],
      ]),
    });
    expect([...(await target.forward(BATCH.inputs.slice(0, 4)))]).toEqual([1.4, 1.8, 1, 1.9].map(Math.fround));
    expect((await fgsm(target, BATCH, { ...OPTIONS, eps: 0.6 })).fell[2]).toBe(1);
  });
});

describe('hostile and unfit models', () => {
  test('scores of another shape for some inputs', async () => {
    // A row for each number above 0.5, of which the model makes the batch.
    const target = await open(
      modelOf((g, x) => {
        const wide = g.op('Concat', [x, x], { axis: 1 });
        const most = g.op('ReduceMax', [x], { keepdims: 0 });
        const count = g.op('Add', [
          g.op('Cast', [g.op('Greater', [most, real(g, 0.5)])], { to: 7 }),
          g.constant(tensorOf(BigInt64Array.of(2n), [1])),
        ]);
        const [start, axis] = [0n, 1n].map((one) => g.constant(tensorOf(BigInt64Array.of(one), [1])));
        return g.op('Slice', [wide, start, count, axis]);
      }),
    );
    expect(target.classes).toBe(2);
    await expect(target.forward(BATCH.inputs)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('[3, 3], not a row of scores for each of 3 rows'),
    });
  });

  test.each<[string, Partial<OnnxTargetOptions>, string]>([
    ['an output that it does not have', { output: 'z' }, 'the model has no output "z"'],
    ['an input that it does not have', { input: 'z' }, 'no value for the input "x"'],
    ['a row that is not one', { shape: [0] }, '[0] is not the shape of a row'],
  ])('%s', async (_, options, message) => {
    await expect(open(modelOf(scaled), options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });

  test('an output that is not of scores', async () => {
    const image = modelOf((g, x) => g.op('Unsqueeze', [x, g.constant(tensorOf(BigInt64Array.of(1n), [1]))]));
    await expect(open(image)).rejects.toMatchObject({
      code: 'unsupported',
      hint: 'name an output of shape [rows, classes]',
    });
  });
});

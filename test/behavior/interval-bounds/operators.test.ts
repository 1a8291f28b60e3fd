import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { deriveBounds } from '../../../src/behavior/interval-bounds/derive.ts';
import { float } from '../../../src/formats/onnx/build/attributes.ts';
import { GraphBuilder, type GraphValue } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import type { RunTensor } from '../../../src/sandbox/tensors.ts';
import { soundnessOf } from '../../support/interval-soundness.ts';
import { arrayOf, arraysOf, modelOf, numbersOf, PATIENT, runHere, tensorOfArray } from '../gradient/golden.ts';

const ARRAYS = arraysOf('gradients/operators.npz');
/** One of each kind of rule; `test/full` has all operators. */
const NAMES = [
  'Conv-group',
  'ConvTranspose',
  'BatchNormalization-17',
  'LayerNormalization',
  'InstanceNormalization',
  'AveragePool-include',
  'Mul-both',
  'Div-constant',
  'Elu-alpha',
  'Sqrt',
  'PRelu',
  'Split',
];

type Build = (graph: GraphBuilder, x: GraphValue) => GraphValue;

function built(build: Build): OnnxModel {
  const graph = new GraphBuilder('main');
  const x = graph.input('x', 'float32', ['rows', 3]);
  graph.output('y', build(graph, x), 'float32', ['rows', 3]);
  return graph.model();
}

function reals(graph: GraphBuilder, values: readonly number[], dims: readonly number[]): GraphValue {
  return graph.constant(tensorOf(Float32Array.from(values), dims));
}

const ROWS = { type: 'float32', dims: [2, 3], data: Float32Array.of(0.2, -0.4, 1.3, -2, 0.7, 0.1) } as const;

function bounds(build: Build, maxNodes?: number) {
  const limit = maxNodes === undefined ? {} : { maxNodes };
  const example = new Map([['x', ROWS]]);
  return deriveBounds({
    model: built(build),
    input: 'x',
    output: 'y',
    scores: 'logits',
    example,
    bounds: PATIENT,
    ...limit,
  });
}

describe('no number that a model gives lies outside of its bounds', () => {
  test.each(NAMES)('%s', async (name) => {
    const model = await modelOf(Uint8Array.from(arrayOf(ARRAYS, `${name}/model`).numbers), name);
    const x = tensorOfArray(arrayOf(ARRAYS, `${name}/x`));
    if (x.type !== 'float32') throw new Error('the rows are not real numbers');
    const { valid, escaped, refused } = await soundnessOf(model, x, [0, 1e-3, 0.1]);
    expect(refused).toBeUndefined();
    expect(escaped).toEqual([]);
    expect(valid.length).toBeGreaterThanOrEqual(2);
  });

  test('of layers with any weights, also large, small and cancelling ones', async () => {
    const number = fc.oneof(
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.constantFrom(0, 1e-38, -1e-42, 1e12, -1e12, 16_777_216, 1),
    );
    const twelve = fc.array(number, { minLength: 12, maxLength: 12 });
    const ways = fc.constantFrom('Relu', 'Tanh', 'Sigmoid', 'Identity', 'Neg', 'Abs');
    await fc.assert(
      fc.asyncProperty(twelve, twelve, ways, fc.constantFrom(0, 1e-6, 0.05, 10), async (first, second, way, radius) => {
        const model = built((graph, x) => {
          const hidden = graph.op('Gemm', [x, reals(graph, first, [3, 4]), reals(graph, second.slice(0, 4), [4])]);
          const bent = graph.op(way, [hidden]);
          return graph.op('Add', [graph.op('MatMul', [bent, reals(graph, second, [4, 3])]), x]);
        });
        expect((await soundnessOf(model, ROWS, [radius])).escaped).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});

describe('the runtime approximates functions no worse than the rules allow: 2^-18 of the value, and 1e-6', () => {
  const expm1 = (alpha: number) => (x: number) => (x > 0 ? x : alpha * Math.expm1(x));
  test.each<[string, (x: number) => number]>([
    ['Tanh', Math.tanh],
    ['Sigmoid', (x) => 1 / (1 + Math.exp(-x))],
    ['Exp', Math.exp],
    ['Softplus', (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)))],
    ['Elu', expm1(1)],
    ['Celu', expm1(1)],
    ['Selu', (x) => 1.0507010221481323 * expm1(1.6732631921768188)(x)],
    ['Softsign', (x) => x / (1 + Math.abs(x))],
    ['Atan', Math.atan],
  ])('%s', async (op, exact) => {
    const count = 30_000;
    const data = Float32Array.from({ length: count }, (_, at) => ((at - count / 2) / count) * (at % 3 === 0 ? 160 : 8));
    const model = built((graph, x) => graph.op(op, [x]));
    const results = await runHere(model, new Map([['x', { type: 'float32', dims: [count / 3, 3], data }]]));
    const off = numbersOf(results.get('y')).map((y, at) => {
      const wanted = exact(data[at] ?? 0);
      return Math.abs(y - wanted) / (2 ** -18 * Math.abs(wanted) + 1e-6);
    });
    expect(off.reduce((most, one) => Math.max(most, one), 0)).toBeLessThan(1);
  });
});

describe('bounds leave out nothing that the scores depend on', () => {
  test.each<[string, string, Build]>([
    ['a step beside the path', 'Round', (g, x) => g.op('Add', [x, g.op('Round', [x])])],
    ['a position', 'ArgMax', (g, x) => g.op('Add', [x, g.op('Cast', [g.op('ArgMax', [x], { axis: 1 })], { to: 1 })])],
    ['what is drawn', 'RandomNormalLike', (g, x) => g.op('Add', [x, g.op('RandomNormalLike', [x])])],
    ['a condition', 'Greater', (g, x) => g.op('Where', [g.op('Greater', [x, reals(g, [0], [])]), x, g.op('Neg', [x])])],
    [
      'a product of two tensors',
      'MatMul',
      (g, x) => g.op('MatMul', [g.op('MatMul', [x, g.op('Transpose', [x], { perm: [1, 0] })]), x]),
    ],
    ['numbers of half precision', 'Cast', (g, x) => g.op('Cast', [g.op('Cast', [x], { to: 10 })], { to: 1 })],
    ['an attribute that turns it', 'LeakyRelu', (g, x) => g.op('LeakyRelu', [x], { alpha: float(-1) })],
    ['a divisor of the input', 'Div', (g, x) => g.op('Div', [x, g.op('Exp', [x])])],
    ['softmax within the graph', 'Softmax', (g, x) => g.op('Mul', [x, g.op('Softmax', [x], { axis: 1 })])],
  ])('%s is refused by its name', async (_, op, build) => {
    await expect(bounds(build)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(new RegExp(`^${op} ".*has no interval bounds`)),
      hint: expect.stringContaining('kind: smoothing'),
    });
  });

  it('refuses an input that is not there, an output without the input, and too many nodes', async () => {
    const model = built((g, x) => g.op('Relu', [x]));
    const example = new Map([['x', ROWS]]);
    const shared = { model, output: 'y', scores: 'logits', example, bounds: PATIENT } as const;
    await expect(deriveBounds({ ...shared, input: 'z' })).rejects.toMatchObject({ code: 'usage' });
    const still = built((g, x) => g.op('Expand', [reals(g, [1, 2, 3], [1, 3]), g.op('Shape', [x])]));
    await expect(deriveBounds({ ...shared, model: still, input: 'x' })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('does not depend on'),
    });
    await expect(bounds((g, x) => g.op('Relu', [g.op('Relu', [x])]), 1)).rejects.toMatchObject({ code: 'limit' });
  });

  test.each<[string, Build]>([
    ['a weight that is not a number', (g, x) => g.op('Relu', [g.op('Mul', [x, reals(g, [Number.NaN, 1, 1], [3])])])],
    ['a bound of a clip that is not a number', (g, x) => g.op('Clip', [x, reals(g, [Number.NaN], [])])],
    ['an overflow that a function hides', (g, x) => g.op('Tanh', [g.op('Mul', [x, reals(g, [3e38, 1, 1], [3])])])],
    ['a divisor that is zero', (g, x) => g.op('Div', [x, reals(g, [0], [])])],
    ['a reciprocal of what may be zero', (g, x) => g.op('Reciprocal', [x])],
    ['a root below zero', (g, x) => g.op('Relu', [g.op('Sqrt', [x])])],
  ])('%s leaves no bound', async (_, build) => {
    const { model, inputs, outputs } = await bounds(build);
    const at = (by: number) => ({ ...ROWS, data: ROWS.data.map((value) => value + by) });
    const classes = { type: 'int64', dims: [2], data: BigInt64Array.of(0n, 1n) } as const;
    const results = await runHere(
      model,
      new Map<string, RunTensor>([
        ['x', ROWS],
        [inputs.lower, at(-1)],
        [inputs.upper, at(1)],
        [inputs.class, classes],
      ]),
    );
    expect(numbersOf(results.get(outputs.valid))).toEqual([0]);
  });
});

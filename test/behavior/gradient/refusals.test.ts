import { describe, expect, test } from 'vitest';
import { deriveGradient, type GradientModel } from '../../../src/behavior/gradient/derive.ts';
import type { Loss } from '../../../src/behavior/gradient/loss.ts';
import { float } from '../../../src/formats/onnx/build/attributes.ts';
import { GraphBuilder, type GraphValue } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel, OnnxNode } from '../../../src/formats/onnx/model.ts';
import type { RunTensor } from '../../../src/sandbox/tensors.ts';
import { difference, numbersOf, PATIENT, runHere } from './golden.ts';

const X: RunTensor = { type: 'float32', dims: [2, 3], data: Float32Array.of(0.2, -0.4, 1.3, -2, 0.7, 0.1) };
const PRODUCT: Loss = { kind: 'product', output: 'y' };

type Build = (graph: GraphBuilder, x: GraphValue) => GraphValue;

function modelOf(build: Build, sets: Readonly<Record<string, number>> = {}): OnnxModel {
  const graph = new GraphBuilder('main', sets);
  const x = graph.input('x', 'float32', ['rows', 3]);
  graph.output('y', build(graph, x), 'float32');
  return graph.model();
}

function derive(model: OnnxModel, loss: Loss = PRODUCT, wrt = 'x', maxNodes?: number): Promise<GradientModel> {
  const limits = maxNodes === undefined ? {} : { maxNodes };
  return deriveGradient({ model, wrt, loss, example: new Map([['x', X]]), bounds: PATIENT, ...limits });
}

function real(graph: GraphBuilder, ...values: number[]): GraphValue {
  return graph.constant(tensorOf(Float32Array.from(values), values.length === 1 ? [] : [values.length]));
}

/** A node of the main graph, changed. */
function changed(model: OnnxModel, at: number, change: Partial<OnnxNode>): OnnxModel {
  const nodes = model.graph.nodes.map((node, index) => (index === at ? { ...node, ...change } : node));
  return { ...model, graph: { ...model.graph, nodes } };
}

describe('what has no gradient is refused, with the node and what to do', () => {
  test.each<[string, string, Build]>([
    ['ArgMax', 'ends at ArgMax "main/ArgMax_0"', (g, x) => g.op('Cast', [g.op('ArgMax', [x], { axis: 1 })], { to: 1 })],
    ['Round', 'ends at Round "main/Round_0"', (g, x) => g.op('Round', [x])],
    [
      'quantised',
      'ends at QuantizeLinear "main/QuantizeLinear_0"',
      (g, x) => {
        const scale = real(g, 0.1);
        const zero = g.constant(tensorOf(Uint8Array.of(128), []));
        return g.op('DequantizeLinear', [g.op('QuantizeLinear', [x, scale, zero]), scale, zero]);
      },
    ],
    [
      'trees',
      'ends at TreeEnsembleRegressor',
      (g, x) =>
        g.op(
          'TreeEnsembleRegressor',
          [x],
          {
            nodes_treeids: [0],
            nodes_nodeids: [0],
            nodes_featureids: [0],
            nodes_modes: ['LEAF'],
            nodes_truenodeids: [0],
            nodes_falsenodeids: [0],
            nodes_values: Float32Array.of(0),
            target_treeids: [0],
            target_nodeids: [0],
            target_ids: [0],
            target_weights: Float32Array.of(1),
            n_targets: 1,
          },
          { domain: 'ai.onnx.ml' },
        ),
    ],
    [
      'an operator without a rule',
      'Det "main/Det_1" has no gradient',
      (g, x) => g.op('Det', [g.op('Unsqueeze', [x, g.constant(tensorOf(BigInt64Array.of(2n), [1]))])]),
    ],
    [
      'a branch',
      'If "main/If_0" has no gradient',
      (g, x) => {
        const [yes, no] = [g.subgraph('yes'), g.subgraph('no')];
        yes.output('a', yes.op('Neg', [x]), 'float32');
        no.output('b', no.op('Exp', [x]), 'float32');
        const condition = g.constant(tensorOf(Uint8Array.of(1), [], 'bool'));
        return g.op('If', [condition], { then_branch: yes, else_branch: no });
      },
    ],
    [
      'a convolution with a computed kernel',
      'its input 2 depends on the tensor, too',
      (g, x) => {
        const image = g.op('Unsqueeze', [x, g.constant(tensorOf(BigInt64Array.of(0n), [1]))]);
        return g.op('Conv', [image, image]);
      },
    ],
    ['a sum over the rows', 'it works along the rows', (g, x) => g.op('ReduceMean', [x], { axes: [0] })],
    [
      'a plain sum over the rows',
      'it works along the rows',
      (g, x) => g.op('ReduceSum', [x, g.constant(tensorOf(BigInt64Array.of(0n), [1]))]),
    ],
    [
      'a product of the rows',
      'it works along the rows',
      (g, x) => g.op('MatMul', [g.op('Transpose', [x], { perm: [1, 0] }), x]),
    ],
    [
      'an Einstein sum over the rows',
      'it works along the rows',
      (g, x) => g.op('Einsum', [x, x], { equation: 'bi,bj->ij' }),
    ],
    ['a softmax over the rows', 'it works along the rows', (g, x) => g.op('Softmax', [x], { axis: 0 })],
    [
      'a normalisation that trains',
      'it computes the statistics of the batch',
      (g, x) => {
        const c = real(g, 1, 1, 1);
        const [y = x] = g.ops('BatchNormalization', [x, c, c, c, c], 3, { training_mode: 1 });
        return y;
      },
    ],
    [
      'a recurrent cell with lengths of sequences',
      'it has lengths of sequences',
      (g, x) => {
        const [steps, w] = [
          g.op('Unsqueeze', [x, g.constant(tensorOf(BigInt64Array.of(0n), [1]))]),
          new Float32Array(12),
        ];
        const lengths = g.op('Expand', [g.constant(tensorOf(Int32Array.of(1), [1])), g.op('Shape', [x], { end: 1 })]);
        const [input, state] = [g.constant(tensorOf(w, [1, 4, 3])), g.constant(tensorOf(w.slice(8), [1, 4, 1]))];
        return g.op('LSTM', [steps, input, state, undefined, lengths], { hidden_size: 1 });
      },
    ],
    [
      'a recurrent cell whose steps are the rows',
      'its number of steps is not a constant',
      (g, x) => {
        const steps = g.op('Unsqueeze', [x, g.constant(tensorOf(BigInt64Array.of(1n), [1]))]);
        const [input, state] = [tensorOf(new Float32Array(3), [1, 1, 3]), tensorOf(new Float32Array(1), [1, 1, 1])];
        return g.op('RNN', [steps, g.constant(input), g.constant(state)], { hidden_size: 1 });
      },
    ],
    [
      'dropout that trains',
      'it drops numbers at random',
      (g, x) => g.op('Dropout', [x, real(g, 0.5), g.constant(tensorOf(Uint8Array.of(1), [], 'bool'))]),
    ],
  ])('%s', async (_, message, build) => {
    const error = {
      code: 'unsupported',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('square'),
    };
    await expect(derive(modelOf(build))).rejects.toMatchObject(error);
  });

  test('an output that does not depend on the input', async () => {
    const model = modelOf((g, x) => g.op('Cast', [g.op('Shape', [x])], { to: 1 }));
    const message = 'the output "y" does not depend on "x"';
    await expect(derive(model)).rejects.toMatchObject({ code: 'unsupported', message });
  });

  test('numbers of an input that the model computes from its inputs', async () => {
    // The values of the two runs that shapes are asked in are equal; those of others are not.
    const model = modelOf((g, x) => {
      const count = g.op('Cast', [g.op('ReduceMax', [x], { keepdims: 0 })], { to: 7 });
      const start = g.op('Mul', [count, g.constant(tensorOf(BigInt64Array.of(0n), [1]))]);
      const [end, axis] = [
        g.constant(tensorOf(BigInt64Array.of(2n), [1])),
        g.constant(tensorOf(BigInt64Array.of(1n), [1])),
      ];
      return g.op('Slice', [x, start, end, axis]);
    });
    await expect(derive(model)).rejects.toMatchObject({
      message: expect.stringContaining('known only when the model runs'),
    });
  });

  test.each<[string, Build]>([
    [
      'an end that is computed',
      (g, x) => {
        const [zero, one] = [0n, 1n].map((value) => g.constant(tensorOf(BigInt64Array.of(value), [1])));
        const count = g.op('Cast', [g.op('ReduceMax', [x], { keepdims: 0 })], { to: 7 });
        return g.op('Slice', [x, zero, g.op('Add', [g.op('Mul', [count, zero]), one]), one]);
      },
    ],
    [
      'a start that is drawn',
      (g, x) => {
        const drawn = g.op(
          'Cast',
          [g.op('RandomUniform', [], { shape: [1], high: float(0.5), low: float(0), seed: float(1) })],
          { to: 7 },
        );
        const [one, two] = [1n, 2n].map((value) => g.constant(tensorOf(BigInt64Array.of(value), [1])));
        return g.op('Slice', [x, drawn, two, one]);
      },
    ],
  ])('%s', async (_, build) => {
    await expect(derive(modelOf(build))).rejects.toMatchObject({
      message: expect.stringContaining('known only when the model runs'),
    });
  });

  test('an old operator set, and an operator of the standard that the model defines itself', async () => {
    const model = modelOf((g, x) => g.op('Relu', [x]));
    const old = { ...model, opsets: [{ domain: '', version: 9 }] };
    await expect(derive(old)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('operator set 9'),
    });
    const own = {
      ...{ name: 'Relu', domain: 'ai.onnx', overload: '', inputs: ['a'], outputs: ['b'], attributes: [], defaults: [] },
      ...{ nodes: [], opsets: [], values: [], docString: '', metadata: [] },
    };
    await expect(derive({ ...model, functions: [own] })).rejects.toMatchObject({
      message: expect.stringContaining('defines the operator "Relu"'),
    });
  });
});

describe('what a path is blind to is listed', () => {
  test('a rounded path beside another', async () => {
    const model = modelOf((g, x) => g.op('Add', [g.op('Round', [x]), g.op('Mul', [x, real(g, 0.001)])]));
    const { blocked } = await derive(model);
    expect(blocked).toEqual([{ op: 'Round', name: 'main/Round_0' }]);
  });

  test('a condition', async () => {
    const model = modelOf((g, x) => g.op('Where', [g.op('Greater', [x, real(g, 0)]), x, g.op('Neg', [x])]));
    expect((await derive(model)).blocked).toEqual(
      [{ op: 'Greater', name: 'main/Greater_1' }].map(({ op }) => ({ op, name: expect.stringContaining(op) })),
    );
  });
});

describe('hostile graphs', () => {
  const relu = modelOf((g, x) => g.op('Relu', [g.op('Neg', [x])]));

  test('a circle, a value without a maker, and one with two', async () => {
    const circle = changed(relu, 0, { inputs: ['y'] });
    await expect(derive(circle)).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('depends on its own result'),
    });
    const dangling = changed(relu, 1, { inputs: ['nowhere'] });
    await expect(derive(dangling)).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('nothing gives the value "nowhere"'),
    });
    const twice = changed(relu, 0, { outputs: ['y'] });
    await expect(derive(twice)).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('has another maker'),
    });
  });

  test('a chain of 100,000 nodes is refused by a limit, and one of 5,000 is differentiated', async () => {
    const chain = (length: number) =>
      modelOf((g, x) => Array.from({ length }).reduce<GraphValue>((value) => g.op('Neg', [value]), x));
    await expect(derive(chain(100_000))).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('more than 20000'),
    });
    const { model } = await derive(chain(5_000));
    expect(model.graph.nodes.length).toBeGreaterThan(10_000);
  });

  test('nodes that are not in order', async () => {
    const turned = { ...relu, graph: { ...relu.graph, nodes: relu.graph.nodes.toReversed() } };
    const [forward, backward] = [await derive(relu), await derive(turned)];
    expect(backward.model.graph.nodes.length).toBe(forward.model.graph.nodes.length);
  });

  test('a limit on the nodes of the gradient', async () => {
    const model = modelOf((g, x) => g.op('Mish', [x]), { '': 18 });
    await expect(derive(model, PRODUCT, 'x', 0)).rejects.toMatchObject({ code: 'limit' });
  });

  test.each<[string, string, Build]>([
    [
      'an attribute that is not a number',
      'its attribute alpha is not what',
      (g, x) => g.op('Elu', [x], { alpha: float(Number.NaN) }),
    ],
  ])('%s', async (_, message, build) => {
    await expect(derive(modelOf(build))).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining(message),
    });
  });

  test('names of a gradient that the model has already', async () => {
    const model = modelOf((g, x) => g.op('Relu', [x], {}, { hint: 'gradient/mul' }));
    const named = changed(model, 0, { name: 'gradient/Mul', outputs: ['y'] });
    const { model: made } = await derive(named);
    const names = made.graph.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('losses', () => {
  const logits = modelOf((g, x) => g.op('Mul', [x, real(g, 2, -1, 3)]));
  const feeds = (derived: GradientModel) =>
    new Map<string, RunTensor>([
      ['x', X],
      [derived.inputs.class ?? '', { type: 'int64', dims: [2], data: BigInt64Array.of(0n, 2n) }],
    ]);

  test('a saturated softmax hides nothing, since the loss is of the logits behind it', async () => {
    const saturated = modelOf((g, x) => g.op('Softmax', [g.op('Mul', [x, real(g, 500, -400, 600)])], { axis: 1 }));
    const derived = await derive(saturated, { kind: 'cross-entropy', output: 'y', scores: 'probabilities' });
    const gradient = numbersOf((await runHere(derived.model, feeds(derived))).get(derived.outputs.gradient));
    expect(derived.scores).toBe('logits');
    expect(gradient.every((one) => Number.isFinite(one))).toBe(true);
    expect(gradient.some((one) => one !== 0)).toBe(true);
  });

  test('probabilities whose logits are not at hand', async () => {
    const shares = modelOf((g, x) => {
      const e = g.op('Exp', [x]);
      return g.op('Div', [e, g.op('ReduceSum', [e, g.constant(tensorOf(BigInt64Array.of(1n), [1]))], { keepdims: 1 })]);
    });
    const plain = await derive(
      modelOf((g, x) => g.op('Identity', [x])),
      { kind: 'cross-entropy', output: 'y', scores: 'logits' },
    );
    const derived = await derive(shares, { kind: 'cross-entropy', output: 'y', scores: 'probabilities' });
    expect(derived.scores).toBe('probabilities');
    const [one, other] = [await runHere(plain.model, feeds(plain)), await runHere(derived.model, feeds(derived))];
    const of = (name: 'loss' | 'gradient') =>
      difference(numbersOf(other.get(derived.outputs[name])), numbersOf(one.get(plain.outputs[name])));
    expect(of('loss')).toBeLessThan(1e-5);
    expect(of('gradient')).toBeLessThan(1e-5);
  });

  test('an output that is not a row of scores, too few classes, and names that are not of the model', async () => {
    const image = modelOf((g, x) => g.op('Unsqueeze', [x, g.constant(tensorOf(BigInt64Array.of(1n), [1]))]));
    const loss: Loss = { kind: 'cross-entropy', output: 'y', scores: 'logits' };
    await expect(derive(image, loss)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('[rows, 1, 3]'),
    });
    await expect(derive(logits, { ...loss, kind: 'targeted-dlr' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('4 classes'),
    });
    await expect(derive(logits, loss, 'z')).rejects.toMatchObject({
      code: 'usage',
      message: 'the model has no tensor "z"',
    });
    await expect(derive(logits, { ...loss, output: 'z' })).rejects.toMatchObject({ code: 'usage' });
  });
});

import { float } from '../../../../src/formats/onnx/build/attributes.ts';
import type { GraphBuilder, GraphValue } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import { integers, numbers, type TranslatedCase } from '../models.ts';
import { constant } from './elements.ts';
import { weights } from './images.ts';

/** Two blocks with a shortcut, as of residual networks. */
function convolutional(graph: GraphBuilder): void {
  const x = graph.input('image', 'float32', ['batch', 3, 16, 16]);
  const conv = (value: GraphValue, inputs: number, outputs: number, seed: number) =>
    graph.op('Conv', [value, weights(graph, [outputs, inputs, 3, 3], seed), weights(graph, [outputs], seed + 1)], {
      pads: [1, 1, 1, 1],
    });
  const norm = (value: GraphValue, channels: number) =>
    graph.op('BatchNormalization', [
      value,
      weights(graph, [channels], 21),
      weights(graph, [channels], 22),
      weights(graph, [channels], 23),
      constant(graph, new Float32Array(channels).fill(1.5)),
    ]);
  const first = graph.op('Relu', [norm(conv(x, 3, 8, 31), 8)]);
  const second = norm(conv(first, 8, 8, 41), 8);
  const block = graph.op('Relu', [graph.op('Add', [first, second])]);
  const small = graph.op('MaxPool', [block], { kernel_shape: [2, 2], strides: [2, 2] });
  const pooled = graph.op('Flatten', [graph.op('GlobalAveragePool', [small])]);
  const scores = graph.op('Gemm', [pooled, weights(graph, [10, 8], 51), weights(graph, [10], 52)], { transB: 1 });
  const shares = graph.op('Softmax', [scores], { axis: -1 });
  graph.output('probabilities', shares, 'float32', ['batch', 10]);
  graph.output('label', graph.op('ArgMax', [shares], { axis: 1, keepdims: 0 }), 'int64', ['batch']);
}

/** One layer of an encoder with two heads, over tokens and a mask. */
function transformer(graph: GraphBuilder): void {
  const [width, heads, depth] = [8, 2, 4];
  const tokens = graph.input('input_ids', 'int64', ['batch', 'sequence']);
  const mask = graph.input('attention_mask', 'int64', ['batch', 'sequence']);
  const ints = (...values: number[]) => constant(graph, BigInt64Array.from(values, BigInt));
  const real = (value: number) => constant(graph, Float32Array.of(value), []);
  const linear = (value: GraphValue, inputs: number, outputs: number, seed: number) =>
    graph.op('Add', [
      graph.op('MatMul', [value, weights(graph, [inputs, outputs], seed)]),
      weights(graph, [outputs], seed + 1),
    ]);
  const norm = (value: GraphValue, seed: number) =>
    graph.op('LayerNormalization', [value, weights(graph, [width], seed), weights(graph, [width], seed + 1)], {
      epsilon: float(1e-12),
    });
  const length = graph.op('Shape', [tokens], { start: 1, end: 2 });
  const places = graph.op('Slice', [weights(graph, [16, width], 62), ints(0), length, ints(0)]);
  const start = norm(graph.op('Add', [graph.op('Gather', [weights(graph, [20, width], 61), tokens]), places]), 63);
  const split = (value: GraphValue, perm: readonly number[]) =>
    graph.op('Transpose', [graph.op('Reshape', [value, ints(0, 0, heads, depth)])], { perm });
  const query = split(linear(start, width, width, 71), [0, 2, 1, 3]);
  const key = split(linear(start, width, width, 73), [0, 2, 3, 1]);
  const value = split(linear(start, width, width, 75), [0, 2, 1, 3]);
  const scores = graph.op('Div', [graph.op('MatMul', [query, key]), real(2)]);
  const hidden = graph.op('Equal', [
    graph.op('Unsqueeze', [mask, ints(1, 2)]),
    constant(graph, BigInt64Array.of(0n), []),
  ]);
  const weighed = graph.op('Softmax', [graph.op('Where', [hidden, real(-3e38), scores])], { axis: -1 });
  const joined = graph.op('Transpose', [graph.op('MatMul', [weighed, value])], { perm: [0, 2, 1, 3] });
  const attended = norm(
    graph.op('Add', [linear(graph.op('Reshape', [joined, ints(0, 0, width)]), width, width, 77), start]),
    81,
  );
  const inner = linear(attended, width, 16, 83);
  const half = graph.op('Mul', [inner, real(0.5)]);
  const erf = graph.op('Erf', [graph.op('Div', [inner, real(Math.SQRT2)])]);
  const gelu = graph.op('Mul', [half, graph.op('Add', [erf, real(1)])]);
  const result = norm(graph.op('Add', [linear(gelu, 16, width, 85), attended]), 87);
  graph.output('last_hidden_state', result, 'float32', ['batch', 'sequence', width]);
  const first = graph.op('Gather', [result, constant(graph, BigInt64Array.of(0n), [])], { axis: 1 });
  graph.output('pooler_output', graph.op('Tanh', [linear(first, width, width, 89)]), 'float32', ['batch', width]);
}

/** Trees with all comparisons, missing features, several targets, and a tree of one leaf. */
function trees(numbers: 'float32' | 'float64', targets: number): (graph: GraphBuilder) => void {
  return (graph) => {
    const x = graph.input('x', numbers, ['batch', 3]);
    const modes = ['BRANCH_LEQ', 'BRANCH_LT', 'LEAF', 'BRANCH_GTE', 'LEAF', 'LEAF', 'BRANCH_GT', 'LEAF', 'LEAF'];
    const bounds = [0, 0, 0, 0.5, 0, 0, -0.5, 0, 0];
    const leaves = [2, 4, 5, 7, 8];
    const columns = Array.from({ length: targets }, (_, target) => target);
    const at = leaves.flatMap((leaf) => columns.map((target) => ({ leaf, target })));
    const values = [...at.map((_, index) => (index + 1) / 8), ...columns.map(() => 0.25)];
    const wide = numbers === 'float64';
    const attributes = {
      n_targets: targets,
      nodes_treeids: [0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
      nodes_nodeids: [0, 1, 2, 3, 4, 5, 6, 7, 8, 3],
      nodes_featureids: [0, 1, 0, 2, 0, 0, 1, 0, 0, 0],
      nodes_modes: [...modes, 'LEAF'],
      nodes_truenodeids: [1, 3, 0, 4, 0, 0, 7, 0, 0, 0],
      nodes_falsenodeids: [2, 6, 0, 5, 0, 0, 8, 0, 0, 0],
      nodes_missing_value_tracks_true: [1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      target_treeids: [...at.map(() => 0), ...columns.map(() => 7)],
      target_nodeids: [...at.map(({ leaf }) => leaf), ...columns.map(() => 3)],
      target_ids: [...at.map(({ target }) => target), ...columns],
      ...(wide
        ? {
            nodes_values_as_tensor: tensorOf(Float64Array.from([...bounds, 0]), [10]),
            target_weights_as_tensor: tensorOf(Float64Array.from(values), [values.length]),
          }
        : { nodes_values: Float32Array.from([...bounds, 0]), target_weights: Float32Array.from(values) }),
    };
    const result = graph.op('TreeEnsembleRegressor', [x], attributes, { domain: 'ai.onnx.ml' });
    graph.output('y', result, 'float32', ['batch', targets]);
  };
}

const ROWS = [
  Number.NaN,
  0,
  0.5,
  0,
  Number.NaN,
  1,
  -1,
  -1,
  Number.NaN,
  1,
  1,
  1,
  -1,
  0,
  0,
  -1,
  -0.5,
  0.5,
  -1,
  0.25,
  0.25,
  -2,
  -0.75,
  0.5,
];

const NAMES: Readonly<Record<string, string>> = {
  'a b': 'a b',
  a_b: 'a_b_2',
  A_b: 'A_b',
  ä: 'ä',
  日本: '日本',
  '^a': '^a',
  'a:0': 'a:0',
  'x²': 'x_',
  class: 'class_',
  '_x/y': '_x/y',
  ' ': ' ',
  '1': '1',
  ['n'.repeat(300)]: 'n'.repeat(300),
};

/** Names of columns are whatever somebody wrote into a table. */
function named(graph: GraphBuilder): void {
  const inputs = Object.keys(NAMES).map((name) => graph.input(name, 'float32', ['batch', 1]));
  graph.output('a-b', graph.op('Concat', inputs, { axis: 1 }), 'float32', ['batch', inputs.length]);
  graph.output('a.b', graph.op('Sum', inputs), 'float32', ['batch', 1]);
}

export const NETWORKS: Readonly<Record<string, TranslatedCase>> = {
  'a convolutional network': { build: convolutional, feeds: { image: numbers([2, 3, 16, 16]) } },
  'a layer of a transformer': {
    build: transformer,
    feeds: {
      input_ids: integers([2, 5], [1, 5, 7, 19, 0, 2, 4, 0, 0, 0]),
      attention_mask: integers([2, 5], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]),
    },
  },
  'trees of 32 bits': { build: trees('float32', 1), feeds: { x: { type: 'float32', dims: [8, 3], data: ROWS } } },
  'trees of 64 bits': { build: trees('float64', 1), feeds: { x: { type: 'float64', dims: [8, 3], data: ROWS } } },
  'trees of two targets': { build: trees('float32', 2), feeds: { x: { type: 'float32', dims: [8, 3], data: ROWS } } },
  'trees without rows': { build: trees('float32', 2), feeds: { x: { type: 'float32', dims: [0, 3], data: [] } } },
  'names of all kinds': {
    build: named,
    feeds: Object.fromEntries(Object.keys(NAMES).map((name, index) => [name, numbers([2, 1], index + 1)])),
    renamed: NAMES,
  },
};

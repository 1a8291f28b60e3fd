import { float } from '../../../../src/formats/onnx/build/attributes.ts';
import type { Attributes, GraphBuilder, GraphValue } from '../../../../src/formats/onnx/build/builder.ts';
import { type NumberArray, tensorOf, tensorOfStrings } from '../../../../src/formats/onnx/build/tensors.ts';
import type { TensorflowTensor } from '../../../support/tensorflow.ts';
import { integers, numbers, type TranslatedCase } from '../models.ts';

const X: TensorflowTensor = {
  type: 'float32',
  dims: [2, 5],
  data: [Number.NaN, Number.POSITIVE_INFINITY, -0.5, 0, 0.5, 1.5, 2.5, -2.5, 1e-3, Number.NEGATIVE_INFINITY],
};
const SMALL = numbers([3, 4]);
const POSITIVE: TensorflowTensor = { ...SMALL, data: SMALL.data.map((value) => Math.abs(Number(value)) + 0.1) };
const UNIT: TensorflowTensor = { ...SMALL, data: SMALL.data.map((value) => Math.fround(Number(value) / 2.1)) };

/** One output for each operator. */
function each(
  operators: readonly (readonly [op: string, attributes?: Attributes])[],
  x: TensorflowTensor,
): TranslatedCase {
  return {
    build: (graph) => {
      const value = graph.input('x', 'float32', ['batch', ...x.dims.slice(1)]);
      for (const [index, [op, attributes]] of operators.entries())
        graph.output(`${op}_${index}`, graph.op(op, [value], attributes), 'float32', x.dims);
    },
    feeds: { x },
  };
}

export function constant(
  graph: GraphBuilder,
  values: NumberArray,
  dims: readonly number[] = [values.length],
): GraphValue {
  return graph.constant(tensorOf(values, dims));
}

function binary(
  ops: readonly string[],
  type: 'float32' | 'int64',
  result: 'float32' | 'int64' | 'bool',
  b: TensorflowTensor,
  a: TensorflowTensor,
): TranslatedCase {
  return {
    build: (graph) => {
      const left = graph.input('a', type, a.dims);
      const right = graph.input('b', type, b.dims);
      for (const op of ops) graph.output(op, graph.op(op, [left, right]), result, a.dims);
    },
    feeds: { a, b },
  };
}

export const ELEMENTS: Readonly<Record<string, TranslatedCase>> = {
  'functions of each element': each(
    [
      'Abs',
      'Neg',
      'Sign',
      'Exp',
      'Floor',
      'Ceil',
      'Round',
      'Erf',
      'Sin',
      'Cos',
      'Tan',
      'Atan',
      'Sinh',
      'Cosh',
      'Asinh',
    ].map((op) => [op]),
    SMALL,
  ),
  'functions of positive elements': each([['Sqrt'], ['Log'], ['Reciprocal']], POSITIVE),
  'functions of elements below 1': each([['Asin'], ['Acos'], ['Atanh']], UNIT),
  activations: each(
    [
      ['Relu'],
      ['Sigmoid'],
      ['Tanh'],
      ['Softplus'],
      ['Softsign'],
      ['LeakyRelu', { alpha: float(0.3) }],
      ['LeakyRelu'],
      ['Elu', { alpha: float(0.7) }],
      ['Celu', { alpha: float(2) }],
      ['Selu'],
      ['Selu', { alpha: float(1.5), gamma: float(1.1) }],
      ['ThresholdedRelu', { alpha: float(0.5) }],
      ['HardSigmoid'],
      ['HardSigmoid', { alpha: float(0.3), beta: float(0.4) }],
      ['HardSwish'],
      ['Softmax', { axis: 0 }],
      ['Softmax', { axis: 1 }],
      ['Softmax'],
      ['LogSoftmax', { axis: 0 }],
      ['LogSoftmax', { axis: -1 }],
      ['Hardmax', { axis: 0 }],
      ['LpNormalization', { axis: 1, p: 2 }],
      ['LpNormalization', { axis: 0, p: 1 }],
    ],
    SMALL,
  ),
  'activations of numbers at the edge': each([['Relu'], ['Sigmoid'], ['Tanh'], ['LeakyRelu'], ['Elu']], {
    ...X,
    dims: [2, 5],
    data: X.data.map((one) => (Number.isNaN(one) ? 7 : one)),
  }),
  'numbers that are not numbers': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 5]);
      const [low, high] = [constant(graph, Float32Array.of(-1), []), constant(graph, Float32Array.of(1), [])];
      graph.output('clip', graph.op('Clip', [x, low, high]), 'float32', [2, 5]);
      graph.output('below', graph.op('Clip', [graph.op('Max', [x, low]), undefined, high]), 'float32', [2, 5]);
      graph.output('max', graph.op('Max', [x, low]), 'float32', [2, 5]);
      graph.output('min', graph.op('Min', [low, x, high]), 'float32', [2, 5]);
      graph.output('nan', graph.op('IsNaN', [x]), 'bool', [2, 5]);
      graph.output('inf', graph.op('IsInf', [x]), 'bool', [2, 5]);
      graph.output('up', graph.op('IsInf', [x], { detect_negative: 0 }), 'bool', [2, 5]);
      graph.output('down', graph.op('IsInf', [x], { detect_positive: 0 }), 'bool', [2, 5]);
      graph.output('less', graph.op('Less', [x, high]), 'bool', [2, 5]);
    },
    feeds: { x: X },
  },
  'arithmetic that is broadcast': binary(
    ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum', 'Mean'],
    'float32',
    'float32',
    numbers([4], 3),
    SMALL,
  ),
  comparisons: binary(
    ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'],
    'int64',
    'bool',
    integers([2], [3, -1]),
    integers([3, 2], [1, -1, 3, 3, -5, 0]),
  ),
  integers: binary(
    ['Add', 'Mul', 'Div', 'Mod', 'Pow', 'Max', 'Min'],
    'int64',
    'int64',
    integers([2], [3, 2]),
    integers([3, 2], [7, -7, -8, 9, 5, -5]),
  ),
  'remainders as in C': {
    build: (graph) => {
      const [a, b] = [graph.input('a', 'float32', [4]), graph.input('b', 'float32', [4])];
      graph.output('mod', graph.op('Mod', [a, b], { fmod: 1 }), 'float32', [4]);
      graph.output(
        'pow',
        graph.op('Pow', [graph.op('Abs', [a]), constant(graph, BigInt64Array.of(3n), [])]),
        'float32',
        [4],
      );
    },
    feeds: {
      a: { type: 'float32', dims: [4], data: [7.5, -7.5, 7.5, -1] },
      b: { type: 'float32', dims: [4], data: [2, 2, -2, 3] },
    },
  },
  logic: {
    build: (graph) => {
      const x = graph.input('x', 'float32', [3, 4]);
      const a = graph.op('Greater', [x, constant(graph, Float32Array.of(0), [])]);
      const b = graph.op('Less', [x, constant(graph, Float32Array.of(1), [])]);
      for (const op of ['And', 'Or', 'Xor']) graph.output(op, graph.op(op, [a, b]), 'bool', [3, 4]);
      graph.output('Not', graph.op('Not', [a]), 'bool', [3, 4]);
      graph.output('Where', graph.op('Where', [a, x, graph.op('Neg', [x])]), 'float32', [3, 4]);
    },
    feeds: { x: SMALL },
  },
  casts: {
    build: (graph) => {
      const x = graph.input('x', 'float32', [3, 4]);
      const double = graph.op('Cast', [x], { to: 11 });
      graph.output('double', double, 'float64', [3, 4]);
      graph.output('whole', graph.op('Cast', [double], { to: 7 }), 'int64', [3, 4]);
      graph.output('bool', graph.op('Cast', [x], { to: 9 }), 'bool', [3, 4]);
      graph.output('like', graph.op('CastLike', [x, double]), 'float64', [3, 4]);
    },
    feeds: { x: SMALL },
  },
  'sums along an axis': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 4]);
      const axis = constant(graph, BigInt64Array.of(1n), []);
      for (const exclusive of [0, 1])
        for (const reverse of [0, 1])
          graph.output(
            `sum${exclusive}${reverse}`,
            graph.op('CumSum', [x, axis], { exclusive, reverse }),
            'float32',
            [3, 4],
          );
    },
    feeds: { x: SMALL },
  },
  'texts and tables': {
    build: (graph) => {
      const x = graph.input('x', 'string', ['batch', 1]);
      const keys = { keys_strings: ['a', 'ä', ''], values_int64s: [5, 6, 7], default_int64: -3 };
      graph.output('code', graph.op('LabelEncoder', [x], keys, { domain: 'ai.onnx.ml' }), 'int64', ['batch', 1]);
      const code = graph.op('LabelEncoder', [x], keys, { domain: 'ai.onnx.ml' });
      const equal = graph.op('Equal', [code, constant(graph, BigInt64Array.of(5n, 6n))]);
      graph.output('equal', equal, 'bool', ['batch', 2]);
      const table = graph.constant(tensorOfStrings(['no', 'jä']));
      const index = graph.op('Cast', [equal], { to: 7 });
      graph.output('text', graph.op('Gather', [table, index]), 'string', ['batch', 2]);
    },
    feeds: { x: { type: 'string', dims: [4, 1], data: ['a', 'ä', '', 'zz'] } },
  },
};

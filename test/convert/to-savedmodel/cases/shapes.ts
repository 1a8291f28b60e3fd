import type { GraphBuilder, GraphValue } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import { integers, numbers, type TranslatedCase } from '../models.ts';
import { constant } from './elements.ts';

const X = numbers([2, 3, 4]);

function ints(graph: GraphBuilder, ...values: number[]): GraphValue {
  return constant(graph, BigInt64Array.from(values, BigInt));
}

/** A model of one input of shape [batch, 3, 4]; outputs by their names. */
function of(
  make: (graph: GraphBuilder, x: GraphValue) => Readonly<Record<string, GraphValue>>,
  type: 'float32' | 'int64' = 'float32',
): TranslatedCase {
  return {
    build: (graph) => {
      const results = make(graph, graph.input('x', 'float32', ['batch', 3, 4]));
      for (const [name, value] of Object.entries(results)) graph.output(name, value, type);
    },
    feeds: { x: X },
  };
}

export const SHAPES: Readonly<Record<string, TranslatedCase>> = {
  reshaping: of((graph, x) => {
    const batch = graph.op('Gather', [graph.op('Shape', [x]), ints(graph, 0)]);
    return {
      known: graph.op('Reshape', [x, ints(graph, -1, 6)]),
      kept: graph.op('Reshape', [x, ints(graph, 0, -1)]),
      computed: graph.op('Reshape', [x, graph.op('Concat', [batch, ints(graph, 0, 2, -1)], { axis: 0 })]),
      zeros: graph.op('Reshape', [x, graph.op('Concat', [batch, ints(graph, -1)], { axis: 0 })], { allowzero: 1 }),
      flat: graph.op('Flatten', [x]),
      row: graph.op('Flatten', [x], { axis: 0 }),
      last: graph.op('Flatten', [x], { axis: -1 }),
      column: graph.op('Flatten', [x], { axis: 3 }),
    };
  }),
  axes: of((graph, x) => ({
    turned: graph.op('Transpose', [x], { perm: [2, 0, 1] }),
    reversed: graph.op('Transpose', [x]),
    wide: graph.op('Unsqueeze', [x, ints(graph, 0, -1)]),
    wider: graph.op('Unsqueeze', [x, ints(graph, 4, 1)]),
    narrow: graph.op('Squeeze', [graph.op('Unsqueeze', [x, ints(graph, 1)]), ints(graph, -3)]),
    same: graph.op('Identity', [x]),
    concat: graph.op('Concat', [x, graph.op('Neg', [x])], { axis: -1 }),
    tiled: graph.op('Tile', [x, ints(graph, 1, 2, 3)]),
    expanded: graph.op('Expand', [x, ints(graph, 2, 1, 1, 1)]),
    filled: graph.op('Expand', [graph.op('Gather', [x, ints(graph, 0)], { axis: 2 }), ints(graph, 5)]),
  })),
  sizes: of(
    (graph, x) => ({
      shape: graph.op('Shape', [x]),
      part: graph.op('Shape', [x], { start: 1 }),
      end: graph.op('Shape', [x], { start: -3, end: -1 }),
      none: graph.op('Shape', [x], { start: 2, end: 1 }),
      size: graph.op('Size', [x]),
      range: graph.op('Range', [
        constant(graph, BigInt64Array.of(0n), []),
        graph.op('Size', [x]),
        constant(graph, BigInt64Array.of(5n), []),
      ]),
      filled: graph.op('ConstantOfShape', [graph.op('Shape', [x])], { value: tensorOf(BigInt64Array.of(7n), [1]) }),
    }),
    'int64',
  ),
  parts: of((graph, x) => {
    const [first, second = first] = graph.ops('Split', [x, ints(graph, 1, 2)], 2, { axis: 1 });
    const [left, right = left] = graph.ops('Split', [x], 2, { axis: -1 });
    if (first === undefined || second === undefined || left === undefined || right === undefined) return {};
    return {
      first,
      second,
      left,
      right,
      middle: graph.op('Slice', [x, ints(graph, 1), ints(graph, 3), ints(graph, 2)]),
      back: graph.op('Slice', [x, ints(graph, -1), ints(graph, -100), ints(graph, 2), ints(graph, -1)]),
      reversed: graph.op('Slice', [
        x,
        ints(graph, -1),
        constant(graph, BigInt64Array.of(-(2n ** 63n))),
        ints(graph, 1),
        ints(graph, -2),
      ]),
      far: graph.op('Slice', [
        x,
        ints(graph, 0, -2),
        constant(graph, BigInt64Array.of(2n ** 63n - 1n, 100n)),
        ints(graph, 1, -1),
      ]),
      zero: graph.op('Slice', [x, ints(graph, 3), ints(graph, 0), ints(graph, 2), ints(graph, -1)]),
      none: graph.op('Slice', [x, ints(graph, 2), ints(graph, 1), ints(graph, 1)]),
      computed: graph.op('Slice', [x, ints(graph, 0), graph.op('Shape', [x], { start: 0, end: 1 }), ints(graph, 2)]),
    };
  }),
  gathering: {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 3, 4]);
      const index = graph.input('i', 'int64', ['batch', 3, 2]);
      const one = graph.input('one', 'int64', [2]);
      graph.output('axis', graph.op('Gather', [x, one], { axis: 1 }), 'float32');
      graph.output(
        'scalar',
        graph.op('Gather', [x, constant(graph, BigInt64Array.of(-1n), [])], { axis: 2 }),
        'float32',
      );
      graph.output('last', graph.op('GatherElements', [x, index], { axis: -1 }), 'float32');
      graph.output(
        'rows',
        graph.op(
          'GatherElements',
          [graph.op('Transpose', [x], { perm: [0, 2, 1] }), graph.op('Transpose', [index], { perm: [0, 2, 1] })],
          { axis: 1 },
        ),
        'float32',
      );
      graph.output('nd', graph.op('GatherND', [x, index]), 'float32');
      graph.output(
        'scattered',
        graph.op('ScatterND', [x, index, graph.op('GatherND', [graph.op('Neg', [x]), index])]),
        'float32',
      );
      const near = graph.op('Clip', [
        index,
        constant(graph, BigInt64Array.of(-1n), []),
        constant(graph, BigInt64Array.of(1n), []),
      ]);
      const apart = graph.op('Add', [
        graph.op('Mul', [near, constant(graph, BigInt64Array.of(0n), [])]),
        constant(graph, BigInt64Array.of(1n, -1n)),
      ]);
      graph.output(
        'elements',
        graph.op('ScatterElements', [x, apart, graph.op('GatherElements', [x, index], { axis: 2 })], { axis: 2 }),
        'float32',
      );
    },
    feeds: {
      x: X,
      i: integers([2, 3, 2], [0, 1, 1, 2, 0, -1, 1, 0, 1, -1, 0, 2]),
      one: integers([2], [-1, 0]),
    },
  },
  'one hot': {
    build: (graph) => {
      const index = graph.input('i', 'int64', ['batch', 2]);
      const values = constant(graph, Float32Array.of(-1, 2));
      graph.output('last', graph.op('OneHot', [index, ints(graph, 3), values]), 'float32');
      graph.output('first', graph.op('OneHot', [index, ints(graph, 3), values], { axis: 0 }), 'float32');
      graph.output('middle', graph.op('OneHot', [index, ints(graph, 3), values], { axis: 1 }), 'float32');
    },
    feeds: { i: integers([2, 2], [0, -1, 2, 5]) },
  },
  reductions: of((graph, x) => {
    const ops = [
      'ReduceMean',
      'ReduceMax',
      'ReduceMin',
      'ReduceProd',
      'ReduceSumSquare',
      'ReduceL1',
      'ReduceL2',
      'ReduceLogSumExp',
    ];
    return {
      sum: graph.op('ReduceSum', [x, ints(graph, -1)], { keepdims: 0 }),
      whole: graph.op('ReduceSum', [x], { keepdims: 0 }),
      same: graph.op('ReduceSum', [x, constant(graph, new BigInt64Array(0))], { noop_with_empty_axes: 1 }),
      logsum: graph.op('ReduceLogSum', [graph.op('Abs', [x])], { axes: [1] }),
      ...Object.fromEntries(ops.map((op) => [op, graph.op(op, [x], { axes: [1, -1], keepdims: 0 })])),
      ...Object.fromEntries(ops.map((op) => [`${op}All`, graph.op(op, [x])])),
    };
  }),
  'places of the best': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 4]);
      graph.output('max', graph.op('ArgMax', [x], { axis: 1, keepdims: 0 }), 'int64');
      graph.output('min', graph.op('ArgMin', [x], { axis: -1 }), 'int64');
      graph.output('last', graph.op('ArgMax', [x], { axis: 1, select_last_index: 1 }), 'int64');
      graph.output('column', graph.op('ArgMax', [x], { axis: 0, keepdims: 0 }), 'int64');
      for (const [name, axis, largest] of [
        ['low', 1, 0],
        ['high', -1, 1],
        ['down', 0, 1],
      ] as const) {
        const [values, places] = graph.ops('TopK', [x, ints(graph, 2)], 2, { axis, largest });
        if (values === undefined || places === undefined) continue;
        graph.output(`${name}_values`, values, 'float32');
        graph.output(`${name}_places`, places, 'int64');
      }
    },
    feeds: { x: { type: 'float32', dims: [3, 4], data: [1, 3, 3, 0, 2, 2, 2, 2, -1, -5, 7, -5] } },
  },
  padding: of((graph, x) => ({
    zeros: graph.op('Pad', [x, ints(graph, 0, 1, 2, 0, 0, 1)]),
    ones: graph.op('Pad', [x, ints(graph, 0, 1, 2, 0, 0, 1), constant(graph, Float32Array.of(1), [])]),
    mirrored: graph.op('Pad', [x, ints(graph, 0, 1, 2, 0, 0, 1)], { mode: 'reflect' }),
  })),
  triangles: of((graph, x) =>
    Object.fromEntries(
      [0, 1].flatMap((upper) =>
        [-2, -1, 0, 1, 2].map((k) => [
          `t${upper}${k + 2}`,
          graph.op('Trilu', [x, constant(graph, BigInt64Array.of(BigInt(k)), [])], { upper }),
        ]),
      ),
    ),
  ),
  'products of matrices': {
    build: (graph) => {
      const a = graph.input('a', 'float32', ['batch', 3, 4]);
      const b = graph.input('b', 'float32', [4, 5]);
      const v = graph.input('v', 'float32', [4]);
      const square = graph.input('s', 'float32', [5, 4]);
      const c = constant(graph, Float32Array.of(1, 2, 3, 4, 5));
      graph.output('stack', graph.op('MatMul', [a, b]), 'float32');
      graph.output('right', graph.op('MatMul', [a, v]), 'float32');
      graph.output('left', graph.op('MatMul', [v, b]), 'float32');
      graph.output('dot', graph.op('MatMul', [v, v]), 'float32');
      graph.output('gemm', graph.op('Gemm', [square, b, c], { transA: 0, transB: 0 }), 'float32');
      graph.output('turned', graph.op('Gemm', [b, square], { transA: 1, transB: 1 }), 'float32');
      graph.output('einsum', graph.op('Einsum', [a, b], { equation: 'bij, jk -> bki' }), 'float32');
      graph.output('dots', graph.op('Einsum', [a, b], { equation: '...j,jk->...k' }), 'float32');
    },
    feeds: { a: numbers([2, 3, 4]), b: numbers([4, 5], 2), v: numbers([4], 3), s: numbers([5, 4], 4) },
  },
  'no rows': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 4]);
      graph.output('sum', graph.op('ReduceSum', [x, ints(graph, 1)]), 'float32');
      graph.output('best', graph.op('ArgMax', [x], { axis: 1, keepdims: 0 }), 'int64');
      graph.output('softmax', graph.op('Softmax', [x], { axis: 1 }), 'float32');
      graph.output('product', graph.op('MatMul', [x, constant(graph, new Float32Array(8), [4, 2])]), 'float32');
    },
    feeds: { x: { type: 'float32', dims: [0, 4], data: [] } },
  },
  'numbers without dimensions': {
    build: (graph) => {
      const x = graph.input('x', 'float32', []);
      graph.output('y', graph.op('Mul', [x, x]), 'float32', []);
      graph.output('z', graph.op('Reshape', [x, ints(graph, 1, 1)]), 'float32', [1, 1]);
    },
    feeds: { x: { type: 'float32', dims: [], data: [3] } },
  },
};

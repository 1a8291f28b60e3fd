import { type GraphBuilder, type GraphValue, tensorOf } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Operators } from '../../operators/index.ts';
import { pairsOf } from '../pairs/index.ts';

/** The loop has a few operators for each class. */
const MAX_CLASSES = 64;

/**
 * The shares of all classes from those of pairs: the second method of Wu, Lin and Weng, "Probability estimates for multi-class
 * classification by pairwise coupling", with the steps and the end of libsvm (svm.cpp, `multiclass_probability`).
 */
export function coupled(estimator: Estimator, shares: GraphValue, ops: Operators, count: number): GraphValue {
  if (count > MAX_CLASSES) throw estimator.refuse(`it has more than ${MAX_CLASSES} classes with probabilities`);
  const { graph } = ops;
  const matrix = couplingMatrix(shares, ops, count);
  const rows = graph.op('Shape', [shares], { start: 0, end: 1 });
  const shape = graph.op('Concat', [rows, ops.ints([count])], { axis: 0 });
  const start = ops.op('Expand', [ops.reals(new Float64Array(count).fill(1 / count), [1, count]), shape]);
  const body = loopBody(graph, matrix, ops, count);
  const steps = graph.constant(tensorOf(BigInt64Array.of(BigInt(Math.max(100, count))), []));
  const always = graph.constant(tensorOf(Uint8Array.of(1), [], 'bool'));
  const [result] = graph.ops('Loop', [steps, always, start], 1, { body });
  return result ?? start;
}

/** Q: sums of squares on its diagonal, and negated products beside it. [N, classes, classes] */
function couplingMatrix(shares: GraphValue, ops: Operators, count: number): GraphValue {
  const pairs = pairsOf(count);
  const column = (pair: number) => ops.columns(shares, [pair]);
  const share = (i: number, j: number): GraphValue => {
    const pair = pairs.findIndex(([a, b]) => a === Math.min(i, j) && b === Math.max(i, j));
    return i < j ? column(pair) : ops.sub(ops.real(1), column(pair));
  };
  const classes = Array.from({ length: count }, (_, index) => index);
  const cells = classes.flatMap((t) =>
    classes.map((j) => {
      if (t !== j) return ops.op('Neg', [ops.mul(share(j, t), share(t, j))]);
      return ops.sum(classes.filter((other) => other !== t).map((other) => ops.square(share(other, t))));
    }),
  );
  return ops.op('Reshape', [ops.concat(cells), ops.ints([-1, count, count])]);
}

/** One round over the classes, for rows that have not come to their end. */
function loopBody(around: GraphBuilder, matrix: GraphValue, ops: Operators, count: number): GraphBuilder {
  const graph = around.subgraph('coupling');
  graph.input('step', 'int64', []);
  const condition = graph.input('go', 'bool', []);
  const p = graph.input('shares', ops.precision, [undefined, count]);
  const real = (value: number) => graph.constant(tensorOf(Float64Array.of(value), []));
  const ints = (values: readonly number[]) =>
    graph.constant(tensorOf(BigInt64Array.from(values, BigInt), [values.length]));
  const op = (name: string, ...inputs: GraphValue[]) => graph.op(name, inputs);
  const rowSum = (value: GraphValue) => graph.op('ReduceSum', [value, ints([1])], { keepdims: 1 });
  const column = (value: GraphValue, index: number) => graph.op('Gather', [value, ints([index])], { axis: 1 });
  const wide = op('Unsqueeze', p, ints([2]));
  let qp = op('Squeeze', op('MatMul', matrix, wide), ints([2]));
  let pqp = rowSum(op('Mul', p, qp));
  const error = graph.op('ReduceMax', [op('Abs', op('Sub', qp, pqp))], { axes: [1], keepdims: 1 });
  const ended = op('Less', error, real(0.005 / count));
  let next = p;
  for (let t = 0; t < count; t++) {
    const row = op('Squeeze', graph.op('Gather', [matrix, ints([t])], { axis: 1 }), ints([1]));
    const own = column(row, t);
    const qpt = column(qp, t);
    const step = op('Div', op('Sub', pqp, qpt), own);
    const grown = op('Add', step, real(1));
    const unit = graph.constant(
      tensorOf(
        Float64Array.from({ length: count }, (_, j) => (j === t ? 1 : 0)),
        [1, count],
      ),
    );
    const gain = op('Mul', step, op('Add', op('Mul', step, own), op('Mul', qpt, real(2))));
    pqp = op('Div', op('Div', op('Add', pqp, gain), grown), grown);
    qp = op('Div', op('Add', qp, op('Mul', step, row)), grown);
    next = op('Div', op('Add', next, op('Mul', step, unit)), grown);
  }
  graph.output('goes', op('Identity', condition), 'bool', []);
  graph.output('result', op('Where', ended, p, next), ops.precision, [undefined, count]);
  return graph;
}

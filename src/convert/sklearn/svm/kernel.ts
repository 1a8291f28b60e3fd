import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator, RealMatrix } from '../../estimator/index.ts';
import type { Operators } from '../../operators/index.ts';

/** The kernel between each sample and each support vector. [N, vectors] */
export function kernel(estimator: Estimator, x: GraphValue, vectors: RealMatrix, ops: Operators): GraphValue {
  const kind = estimator.choice('kernel', ['linear', 'rbf', 'poly', 'sigmoid']);
  const products = ops.affine(x, vectors);
  if (kind === 'linear') return products;
  const gamma = estimator.number('_gamma');
  if (kind === 'rbf') return ops.op('Exp', [ops.scale(squaredDistances(x, vectors, ops, products), -gamma)]);
  const sum = ops.add(ops.scale(products, gamma), ops.real(estimator.number('coef0', 0)));
  if (kind === 'sigmoid') return ops.op('Tanh', [sum]);
  return ops.op('Pow', [sum, ops.real(estimator.number('degree', 3))]);
}

/** Squared Euclidean distances, none below zero. [N, rows] */
export function squaredDistances(
  x: GraphValue,
  points: RealMatrix,
  ops: Operators,
  products: GraphValue = ops.affine(x, points),
): GraphValue {
  const { rows, columns, values } = points;
  const squares = new Float64Array(rows);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) squares[r] = (squares[r] ?? 0) + (values[r * columns + c] ?? 0) ** 2;
  const own = ops.reduce('ReduceSum', ops.square(x));
  const distances = ops.sub(ops.add(own, ops.reals(squares, [1, rows])), ops.scale(products, 2));
  return ops.op('Max', [distances, ops.real(0)]);
}

/** The support vectors. @throws AssayError for a model that was trained on a precomputed or sparse matrix */
export function supportVectors(estimator: Estimator, width: number): RealMatrix {
  if (estimator.flag('_sparse', false))
    throw estimator.refuse('it was trained on a sparse matrix', 'train it on a dense one');
  return estimator.matrix('support_vectors_', { columns: width });
}

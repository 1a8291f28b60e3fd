import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix, Operators } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';

/** `PowerTransformer`: a power of each feature that makes it more like a normal distribution. */
export function powerTransformer(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const lambdas = estimator.vector('lambdas_', width);
  const method = estimator.choice('method', ['yeo-johnson', 'box-cox'], 'yeo-johnson');
  const columns = [...lambdas].map((lambda, index) => {
    const column = ops.columns(value, [index]);
    return method === 'box-cox' ? boxCox(ops, column, lambda) : yeoJohnson(ops, column, lambda);
  });
  const powered = ops.result(ops.concat(columns), width);
  if (!estimator.flag('standardize', true)) return powered;
  return context.transform(estimator.estimator('_scaler'), { kind: 'matrix', matrix: powered });
}

function boxCox(ops: Operators, x: GraphValue, lambda: number): GraphValue {
  if (lambda === 0) return ops.op('Log', [x]);
  return ops.scale(ops.sub(ops.op('Pow', [x, ops.real(lambda)]), ops.real(1)), 1 / lambda);
}

function yeoJohnson(ops: Operators, x: GraphValue, lambda: number): GraphValue {
  const one = ops.real(1);
  const zero = ops.real(0);
  // Each half sees only values that it is for: others would give NaN.
  const above = ops.add(ops.op('Max', [x, zero]), one);
  const below = ops.sub(one, ops.op('Min', [x, zero]));
  const tiny = 2 ** -52;
  const positive =
    Math.abs(lambda) < tiny
      ? ops.op('Log', [above])
      : ops.scale(ops.sub(ops.op('Pow', [above, ops.real(lambda)]), one), 1 / lambda);
  const power = 2 - lambda;
  const negative =
    Math.abs(power) < tiny
      ? ops.op('Neg', [ops.op('Log', [below])])
      : ops.scale(ops.sub(ops.op('Pow', [below, ops.real(power)]), one), -1 / power);
  return ops.where(ops.op('GreaterOrEqual', [x, zero]), positive, negative);
}

const MAX_QUANTILES = 10_000;

/** `QuantileTransformer` to a uniform distribution: an interpolation between quantiles. */
export function quantileTransformer(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  if (estimator.text('output_distribution', 'uniform') !== 'uniform')
    throw estimator.refuse('ONNX has no inverse of the normal distribution function');
  const { rows, values } = estimator.matrix('quantiles_', { columns: width });
  const references = estimator.vector('references_', rows);
  if (rows > MAX_QUANTILES) throw estimator.refuse(`it has more than ${MAX_QUANTILES} quantiles`);
  const columns = Array.from({ length: width }, (_, feature) => {
    const quantiles = Array.from({ length: rows }, (__, row) => values[row * width + feature] ?? 0);
    return between(ops, ops.columns(value, [feature]), quantiles, references);
  });
  return ops.result(ops.concat(columns), width);
}

/** The mean of the interpolations from both sides (sklearn/preprocessing/_data.py, `_transform_col`). */
function between(ops: Operators, x: GraphValue, quantiles: readonly number[], references: Float64Array): GraphValue {
  const forward = interpolated(ops, x, quantiles, [...references]);
  const back = interpolated(
    ops,
    ops.op('Neg', [x]),
    quantiles.map((one) => -one).reverse(),
    [...references].map((one) => -one).reverse(),
  );
  const mean = ops.scale(ops.sub(forward, back), 0.5);
  const [low = 0, high = 0] = [quantiles[0], quantiles.at(-1)];
  const atLow = ops.where(ops.op('LessOrEqual', [x, ops.real(low)]), ops.real(0), mean);
  return ops.where(ops.op('GreaterOrEqual', [x, ops.real(high)]), ops.real(1), atLow);
}

/** `numpy.interp` of a column. */
export function interpolated(
  ops: Operators,
  x: GraphValue,
  points: readonly number[],
  results: readonly number[],
): GraphValue {
  const last = points.length - 1;
  const [first = 0, end = 0] = [results[0], results[last]];
  if (last < 1) return ops.add(ops.mul(x, ops.real(0)), ops.real(first));
  const reached = ops.op('GreaterOrEqual', [x, ops.reals(points, [1, points.length])]);
  const count = ops.reduce('ReduceSum', ops.cast(reached, 'int64'));
  const segment = ops.graph.op('Clip', [
    ops.op('Sub', [count, ops.ints([1])]),
    ops.ints([0], []),
    ops.ints([last - 1], []),
  ]);
  const table = (numbers: readonly number[]) => ops.graph.op('Gather', [ops.reals(numbers), segment], { axis: 0 });
  const slopes = points.slice(0, -1).map((point, index) => {
    const step = (points[index + 1] ?? 0) - point;
    return step === 0 ? 0 : ((results[index + 1] ?? 0) - (results[index] ?? 0)) / step;
  });
  const inside = ops.add(ops.mul(ops.sub(x, table(points)), table(slopes)), table(results));
  const lower = ops.where(ops.op('Less', [x, ops.real(points[0] ?? 0)]), ops.real(first), inside);
  return ops.where(ops.op('GreaterOrEqual', [x, ops.real(points[last] ?? 0)]), ops.real(end), lower);
}

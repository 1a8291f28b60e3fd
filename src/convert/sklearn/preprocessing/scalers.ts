import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';

/** `(x - offset) / divisor`; either may be absent. */
function scaled(
  estimator: Estimator,
  x: Columns,
  { ops, reals }: EstimatorContext,
  offset: string | undefined,
  divisor: string | undefined,
): Matrix {
  const { value, width } = reals(estimator, x);
  const centred = offset === undefined ? value : ops.sub(value, ops.reals(estimator.vector(offset, width)));
  const result = divisor === undefined ? centred : ops.div(centred, ops.reals(estimator.vector(divisor, width)));
  return ops.result(result, width);
}

export function standardScaler(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const mean = estimator.flag('with_mean', true) ? 'mean_' : undefined;
  const scale = estimator.flag('with_std', true) ? 'scale_' : undefined;
  return scaled(estimator, x, context, mean, scale);
}

export function robustScaler(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const centre = estimator.flag('with_centering', true) ? 'center_' : undefined;
  const scale = estimator.flag('with_scaling', true) ? 'scale_' : undefined;
  return scaled(estimator, x, context, centre, scale);
}

/** `x * scale_ + min_`, kept within the range of the result where `clip` says so. */
export function minMaxScaler(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const scale = ops.reals(estimator.vector('scale_', width));
  const result = ops.add(ops.mul(value, scale), ops.reals(estimator.vector('min_', width)));
  if (!estimator.flag('clip', false)) return ops.result(result, width);
  const [low, high, ...rest] = estimator.numbersOf(estimator.raw('feature_range'), 'feature_range');
  if (low === undefined || high === undefined || rest.length > 0) throw estimator.broken('feature_range is not a pair');
  return ops.result(ops.graph.op('Clip', [result, ops.real(low), ops.real(high)]), width);
}

export function maxAbsScaler(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const result = scaled(estimator, x, context, undefined, 'scale_');
  if (!estimator.flag('clip', false)) return result;
  const { ops } = context;
  return ops.result(ops.graph.op('Clip', [result.value, ops.real(-1), ops.real(1)]), result.width);
}

/** Rows of norm 1; rows of zeros stay. */
export function normalizer(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const norm = estimator.choice('norm', ['l1', 'l2', 'max'], 'l2');
  const size = ops.op('Abs', [value]);
  const sum = ops.reduce(norm === 'max' ? 'ReduceMax' : 'ReduceSum', norm === 'l2' ? ops.square(value) : size);
  const length = norm === 'l2' ? ops.op('Sqrt', [sum]) : sum;
  // Lengths below that are taken as 1 (sklearn/preprocessing/_data.py, `_handle_zeros_in_scale`).
  const tiny = ops.op('Less', [length, ops.real(10 * 2 ** -52)]);
  return ops.result(ops.div(value, ops.where(tiny, ops.real(1), length)), width);
}

export function binarizer(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const above = ops.op('Greater', [value, ops.real(estimator.number('threshold', 0))]);
  return ops.result(ops.cast(above, ops.precision), width);
}

import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix, Operators } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';

/** Which numbers are missing. */
function missing(estimator: Estimator, value: GraphValue, ops: Operators): GraphValue {
  const mark = estimator.raw('missing_values');
  const number = mark === undefined || mark === 'NaN' ? Number.NaN : estimator.numberOf(mark);
  if (number === undefined) throw estimator.refuse('its missing_values are not numbers');
  return Number.isNaN(number) ? ops.op('IsNaN', [value]) : ops.op('Equal', [value, ops.real(number)]);
}

export function simpleImputer(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const statistics = estimator.vector('statistics_', width);
  const filled = ops.where(missing(estimator, value, ops), ops.reals(statistics, [1, width]), value);
  const keepsEmpty = estimator.flag('keep_empty_features', false) || estimator.text('strategy', 'mean') === 'constant';
  // A feature that was never there has no statistic: it is dropped.
  const kept = [...statistics.keys()].filter((index) => keepsEmpty || !Number.isNaN(statistics[index]));
  if (kept.length === 0) throw estimator.broken('no feature is left');
  const result = ops.result(kept.length === width ? filled : ops.columns(filled, kept), kept.length);
  if (estimator.lacks('indicator_')) return result;
  const indicator = context.transform(estimator.estimator('indicator_'), x);
  return indicator.width === 0
    ? result
    : ops.result(ops.concat([result.value, indicator.value]), kept.length + indicator.width);
}

export function missingIndicator(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const features = [...estimator.vector('features_')];
  if (features.some((feature) => !Number.isSafeInteger(feature) || feature < 0 || feature >= width))
    throw estimator.broken(`features_ names a feature beyond ${width}`);
  const marks = ops.cast(missing(estimator, value, ops), ops.precision);
  return ops.result(ops.columns(marks, features), features.length);
}

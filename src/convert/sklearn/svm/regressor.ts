import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';
import { kernel, supportVectors } from './kernel.ts';

function decision(estimator: Estimator, x: Columns, context: EstimatorContext): GraphValue {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const vectors = supportVectors(estimator, width);
  const weights = estimator.matrix(['_dual_coef_', 'dual_coef_'], { rows: 1, columns: vectors.rows });
  return ops.affine(
    kernel(estimator, value, vectors, ops),
    weights,
    estimator.vector(['_intercept_', 'intercept_'], 1),
  );
}

export function supportRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  return { kind: 'values', values: decision(estimator, x, context), width: 1 };
}

export function oneClass(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  return { kind: 'outliers', decision: decision(estimator, x, context) };
}

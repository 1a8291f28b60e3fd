import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';

/** A weighted sum for each output: one column for two classes. */
export function weightedSums(
  estimator: Estimator,
  x: Columns,
  context: EstimatorContext,
  outputs?: number,
): { readonly value: GraphValue; readonly width: number } {
  const { value, width } = context.reals(estimator, x);
  const weights = estimator.matrix('coef_', {
    columns: width,
    ...(outputs === undefined ? {} : { rows: outputs }),
  });
  return { value: context.ops.affine(value, weights, interceptOf(estimator, weights.rows)), width: weights.rows };
}

/** The intercepts: 0 where the model was fitted without. */
export function interceptOf(estimator: Estimator, outputs: number): Float64Array {
  const values = estimator.lacks('intercept_') ? Float64Array.of(0) : estimator.vector('intercept_');
  if (values.length === outputs) return values;
  if (values.length === 1) return new Float64Array(outputs).fill(values[0] ?? 0);
  throw estimator.broken(`intercept_ has ${values.length} numbers for ${outputs} outputs`);
}

/** The classes, and how many columns their decision has. */
export function decisionShape(estimator: Estimator) {
  const labels = estimator.labels('classes_', 2);
  const count = labelCount(labels);
  return { labels, count, columns: count === 2 ? 1 : count };
}

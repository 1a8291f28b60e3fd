import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { classPrediction, type EstimatorContext } from '../context/index.ts';

/** The same numbers for each sample. */
function repeated(estimator: Estimator, x: Columns, { ops, matrix }: EstimatorContext, row: Float64Array): GraphValue {
  const given = x.kind === 'matrix' ? x.matrix : matrix(estimator, x);
  const rows = ops.graph.op('Shape', [given.value], { start: 0, end: 1 });
  const shape = ops.graph.op('Concat', [rows, ops.ints([row.length])], { axis: 0 });
  return ops.op('Expand', [ops.reals(row, [1, row.length]), shape]);
}

export function dummyClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const labels = estimator.labels();
  const count = labelCount(labels);
  const strategy = estimator.text('strategy', 'prior');
  const prior = estimator.vector('class_prior_', count);
  if (strategy === 'prior') return classPrediction(labels, repeated(estimator, x, context, prior));
  if (strategy !== 'most_frequent') throw estimator.refuse(`its strategy is ${JSON.stringify(strategy)}`);
  const most = prior.indexOf(Math.max(...prior));
  return classPrediction(
    labels,
    repeated(
      estimator,
      x,
      context,
      prior.map((_, index) => (index === most ? 1 : 0)),
    ),
  );
}

export function dummyRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const constant = estimator.vector('constant_');
  return { kind: 'values', values: repeated(estimator, x, context, constant), width: constant.length };
}

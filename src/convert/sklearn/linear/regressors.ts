import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import type { Converter, EstimatorContext } from '../context/index.ts';
import { weightedSums } from './decision.ts';

export function linearRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { value, width } = weightedSums(estimator, x, context);
  return { kind: 'values', values: value, width };
}

/** Generalized linear models: a link between the sum and the prediction. */
export function withLink(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { value, width } = weightedSums(estimator, x, context);
  const values = isLogarithmic(estimator) ? context.ops.op('Exp', [value]) : value;
  return { kind: 'values', values, width };
}

function isLogarithmic(estimator: Estimator): boolean {
  if (!estimator.name.endsWith('.TweedieRegressor')) return true;
  const link = estimator.choice('link', ['auto', 'identity', 'log'], 'auto');
  return link === 'log' || (link === 'auto' && estimator.number('power', 0) > 0);
}

export function ransac(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  return context.predict(estimator.estimator('estimator_'), x);
}

/** Partial least squares. */
export const crossDecomposition: Converter = {
  predict(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
    const { value, width } = context.reals(estimator, x);
    const { ops } = context;
    if (estimator.lacks('intercept_')) throw estimator.refuse('it is of a version before 1.1');
    const targets = estimator.vector('intercept_').length;
    const centred = ops.sub(value, ops.reals(estimator.vector('_x_mean', width)));
    const given = estimator.isBefore(1, 5) ? ops.div(centred, ops.reals(estimator.vector('_x_std', width))) : centred;
    const product = ops.affine(given, estimator.matrix(['coef_', '_coef_'], { rows: targets, columns: width }));
    return { kind: 'values', values: ops.add(product, ops.reals(estimator.vector('intercept_'))), width: targets };
  },
};

import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { classPrediction, type EstimatorContext } from '../context/index.ts';
import { sharesFor, valuesOf, weightedMean } from './members.ts';

/** The members, each with the features that it takes. */
function membersOf(estimator: Estimator, x: Columns, context: EstimatorContext) {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const members = estimator.estimators('estimators_');
  const subsets = estimator.list('estimators_features_');
  if (members.length === 0 || subsets.length !== members.length)
    throw estimator.broken(`it has features for ${subsets.length} of ${members.length} estimators`);
  return members.map((member, index) => {
    const features = [...estimator.numbersOf(subsets[index], 'estimators_features_')];
    if (features.length > width || features.some((one) => !Number.isSafeInteger(one) || one < 0 || one >= width))
      throw estimator.broken(`estimators_features_[${index}] names a feature beyond ${width}`);
    const all = features.length === width && features.every((one, at) => one === at);
    const own = ops.result(all ? value : ops.columns(value, features), features.length);
    return { member, columns: { kind: 'matrix', matrix: own } satisfies Columns };
  });
}

export function baggingClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const labels = estimator.labels();
  const shares = membersOf(estimator, x, context).map(({ member, columns }) =>
    sharesFor(member, columns, context, labelCount(labels)),
  );
  return classPrediction(labels, weightedMean(shares, undefined, context));
}

export function baggingRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const values = membersOf(estimator, x, context).map(
    ({ member, columns }) => valuesOf(member, columns, context, 1).values,
  );
  return { kind: 'values', values: weightedMean(values, undefined, context), width: 1 };
}

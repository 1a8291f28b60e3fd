import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { TreeEnsemble } from '../../trees/index.ts';
import { classPrediction, type EstimatorContext, type Family } from '../context/index.ts';
import { addSklearnTree, checkedTree, sklearnTree } from './tree.ts';

/** The mean of the shares of some trees. scikit-learn gives its trees numbers of 32 bits. */
function classifier(
  estimator: Estimator,
  members: readonly Estimator[],
  x: Columns,
  context: EstimatorContext,
): Prediction {
  const { value, width } = context.reals(estimator, x);
  refuseOutputs(estimator);
  const labels = estimator.labels();
  const outputs = labelCount(labels);
  const ensemble = new TreeEnsemble(context.ops, {
    outputs,
    features: width,
    numbers: 'float32',
    subject: estimator.name,
  });
  for (const member of members) {
    const tree = checkedTree(member, sklearnTree(member), width, 1, outputs);
    addSklearnTree(ensemble, tree, (values) => shares(values, members.length));
  }
  return classPrediction(labels, ensemble.sums(context.ops.cast(value, 'float32')));
}

function shares(counts: Float64Array, members: number): Float64Array {
  const sum = counts.reduce((total, count) => total + count, 0);
  return counts.map((count) => count / (sum === 0 ? 1 : sum) / members);
}

function regressor(
  estimator: Estimator,
  members: readonly Estimator[],
  x: Columns,
  context: EstimatorContext,
): Prediction {
  const { value, width } = context.reals(estimator, x);
  const outputs = estimator.count('n_outputs_', 1);
  const ensemble = new TreeEnsemble(context.ops, {
    outputs,
    features: width,
    // Means of large numbers lose digits when they are summed in 32 bits.
    numbers: context.ops.precision,
    subject: estimator.name,
  });
  for (const member of members) {
    const tree = checkedTree(member, sklearnTree(member), width, outputs, 1);
    addSklearnTree(ensemble, tree, (values) => values.map((one) => one / members.length));
  }
  const given = context.ops.cast(context.ops.cast(value, 'float32'), 'float64');
  return { kind: 'values', values: ensemble.sums(given), width: outputs };
}

function refuseOutputs(estimator: Estimator): void {
  if (estimator.has('n_outputs_') && estimator.count('n_outputs_') !== 1)
    throw estimator.refuse('it predicts several labels', 'train one classifier for each label');
}

function family(kind: typeof classifier, one: readonly string[], many: readonly string[]): Family {
  return {
    ...Object.fromEntries(
      one.map((name) => [
        `sklearn.tree.${name}`,
        {
          predict: (estimator: Estimator, x: Columns, context: EstimatorContext) =>
            kind(estimator, [estimator], x, context),
        },
      ]),
    ),
    ...Object.fromEntries(
      many.map((name) => [
        `sklearn.ensemble.${name}`,
        {
          predict: (estimator: Estimator, x: Columns, context: EstimatorContext) =>
            kind(estimator, estimator.estimators('estimators_'), x, context),
        },
      ]),
    ),
  };
}

/** Decision trees, and means of them. */
export const TREES: Family = {
  ...family(
    classifier,
    ['DecisionTreeClassifier', 'ExtraTreeClassifier'],
    ['RandomForestClassifier', 'ExtraTreesClassifier'],
  ),
  ...family(
    regressor,
    ['DecisionTreeRegressor', 'ExtraTreeRegressor'],
    ['RandomForestRegressor', 'ExtraTreesRegressor'],
  ),
};

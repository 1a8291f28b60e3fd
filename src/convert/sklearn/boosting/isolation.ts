import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { TreeEnsemble } from '../../trees/index.ts';
import type { EstimatorContext } from '../context/index.ts';
import { addSklearnTree, sklearnTree } from '../trees/index.ts';

const EULER = 0.577_215_664_901_532_9;

/** The mean depth of a search that fails, in a tree of some samples (sklearn/ensemble/_iforest.py, `_average_path_length`). */
function meanDepth(samples: number): number {
  if (samples <= 1) return 0;
  return samples === 2 ? 1 : 2 * (Math.log(samples - 1) + EULER) - (2 * (samples - 1)) / samples;
}

/** `IsolationForest`: what is alone after few decisions is an outlier. */
export function isolationForest(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const members = estimator.estimators('estimators_');
  const subsets = estimator.list('estimators_features_');
  if (subsets.length !== members.length)
    throw estimator.broken(`it has features for ${subsets.length} of ${members.length} trees`);
  const ensemble = new TreeEnsemble(ops, { outputs: 1, features: width, numbers: 'float32', subject: estimator.name });
  for (const [index, member] of members.entries()) {
    const features = estimator.numbersOf(subsets[index], 'estimators_features_');
    addSklearnTree(ensemble, sklearnTree(member), (_, samples, depth) => [depth + meanDepth(samples)], features);
  }
  const longest = members.length * meanDepth(estimator.count(['max_samples_', '_max_samples']));
  const depths = ensemble.sums(ops.cast(value, 'float32'));
  const shares = longest === 0 ? ops.mul(depths, ops.real(0)) : ops.scale(depths, -1 / longest);
  const score = ops.op('Neg', [ops.op('Exp', [ops.scale(shares, Math.LN2)])]);
  return { kind: 'outliers', decision: ops.sub(score, ops.real(estimator.number('offset_'))) };
}

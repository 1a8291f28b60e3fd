import type { XgboostModel } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator, Labels } from '../../estimator/index.ts';
import type { Operators } from '../../operators/index.ts';
import type { Converter, Family } from '../../sklearn/context/index.ts';
import { classIndexes } from '../classes.ts';
import { predictXgboost, type XgboostUse } from './predict.ts';

type Kind = 'booster' | 'classifier' | 'regressor';

/** The model of a wrapper, or of a booster that stands alone. */
export function xgboostOf(estimator: Estimator): XgboostModel {
  const holder = estimator.name === 'xgboost.core.Booster' ? estimator.value : estimator.raw('_Booster');
  const found = holder === undefined ? undefined : estimator.file.boosters.get(holder);
  if (found?.library !== 'xgboost') throw estimator.wrong('_Booster', estimator.raw('_Booster'), 'not a fitted model');
  return found.model;
}

function converter(kind: Kind): Converter {
  return {
    inputs(estimator) {
      const { features } = xgboostOf(estimator);
      if (features === 0) throw estimator.broken('it has 0 features');
      return { kind: 'matrix', type: 'float32', width: features };
    },
    predict(estimator, x, context) {
      const { ops } = context;
      const model = xgboostOf(estimator);
      const { value, width } = context.reals(estimator, x);
      if (width !== model.features)
        throw estimator.broken(`it was fitted with ${model.features} features, and is given ${width}`);
      const features = { value: withMissing(ops, estimator, value), width };
      return predictXgboost(ops, model, features, use(kind, estimator));
    },
  };
}

function use(kind: Kind, estimator: Estimator): XgboostUse {
  if (kind === 'booster') return { owner: estimator, as: 'objective', best: false };
  const objective = estimator.raw('objective') ?? null;
  if (objective !== null && typeof objective !== 'string') throw estimator.refuse('its objective is code');
  refuseOtherRounds(estimator);
  const as = kind === 'regressor' ? 'values' : (count: number) => labelsOf(estimator, count);
  return { owner: estimator, as, best: true };
}

/** Versions before 2.0 predict with what the state of the booster says, newer ones with what its model says. */
function refuseOtherRounds(estimator: Estimator): void {
  const booster = estimator.estimator('_Booster');
  const model = xgboostOf(estimator);
  if (!booster.has('best_iteration') || model.booster.kind === 'linear') return;
  const [told, kept] = [booster.number('best_iteration'), model.attributes.get('best_iteration')];
  if (kept !== undefined) {
    if (String(told) !== kept) throw estimator.broken(`best_iteration is ${told}, and ${kept} in its model`);
    return;
  }
  // Old versions note the last round, too, and the trees of each output up to it.
  const trees = booster.number('best_ntree_limit', told + 1) * Math.max(1, model.classes, model.targets);
  if (!(trees >= model.booster.trees.length))
    throw estimator.broken(
      `best_iteration is ${told}, and its model says none of its ${model.booster.trees.length} trees`,
    );
}

/** The classes; older versions keep them in a label encoder, newer ones only count them. */
function labelsOf(estimator: Estimator, count: number): Labels {
  if (!estimator.lacks('_le')) return estimator.estimator('_le').labels('classes_');
  if (!estimator.lacks('classes_')) return estimator.labels('classes_');
  const known = estimator.count('n_classes_', count);
  return classIndexes(known);
}

/** XGBoost compares numbers of 32 bits, and takes those that equal `missing` for missing ones. */
function withMissing(ops: Operators, estimator: Estimator, value: GraphValue): GraphValue {
  const narrow = ops.cast(ops.cast(value, 'float32'), ops.precision);
  const missing = estimator.lacks('missing') ? Number.NaN : estimator.number('missing');
  if (Number.isNaN(missing)) return narrow;
  const equal = ops.op('Equal', [narrow, ops.real(Math.fround(missing))]);
  return ops.where(equal, ops.real(Number.NaN), narrow);
}

const at = (name: string) => `xgboost.sklearn.${name}`;

/** Models of XGBoost, and its wrappers for scikit-learn. */
export const XGBOOST_ESTIMATORS: Family = {
  'xgboost.core.Booster': converter('booster'),
  [at('XGBClassifier')]: converter('classifier'),
  [at('XGBRFClassifier')]: converter('classifier'),
  [at('XGBRegressor')]: converter('regressor'),
  [at('XGBRFRegressor')]: converter('regressor'),
  [at('XGBRanker')]: converter('regressor'),
  [at('XGBModel')]: converter('regressor'),
};

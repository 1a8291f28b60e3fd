import type { CatboostModel } from '../../../formats/boosters/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Converter, Family } from '../../sklearn/context/index.ts';
import { type CatboostKind, predictCatboost } from './predict.ts';

function modelOf(estimator: Estimator): CatboostModel {
  const found = estimator.file.boosters.get(estimator.value);
  if (found?.library !== 'catboost') throw estimator.wrong('__model', estimator.raw('__model'), 'not a fitted model');
  return found.model;
}

/** Losses of which a regressor predicts something else than the sum. */
const LINKED = /^(?:Poisson|Tweedie|RMSEWithUncertainty)$/;

/** The settings of a regressor say what it predicts; its model has to say the same. */
function refuseOtherLoss(estimator: Estimator, { loss = 'RMSE' }: CatboostModel): void {
  const given = estimator.raw('loss_function') ?? estimator.raw('objective') ?? 'RMSE';
  if (typeof given !== 'string') throw estimator.refuse('its loss_function is code');
  const [told = ''] = given.split(':');
  if (told !== loss && (LINKED.test(told) || LINKED.test(loss)))
    throw estimator.broken(`loss_function is ${JSON.stringify(told.slice(0, 40))}, and ${loss} in its model`);
}

function converter(kind: CatboostKind): Converter {
  return {
    inputs(estimator) {
      const { columns } = modelOf(estimator);
      if (columns === 0) throw estimator.broken('it has 0 features');
      return { kind: 'matrix', type: 'float32', width: columns };
    },
    predict(estimator, x, context) {
      const model = modelOf(estimator);
      const { value, width } = context.reals(estimator, x);
      if (width < model.columns)
        throw estimator.broken(`it was fitted with ${model.columns} features, and is given ${width}`);
      if (kind === 'regressor') refuseOtherLoss(estimator, model);
      return predictCatboost(context.ops, model, value, kind, estimator);
    },
  };
}

const at = (name: string) => `catboost.core.${name}`;

/** Models of CatBoost. */
export const CATBOOST_ESTIMATORS: Family = {
  [at('CatBoost')]: converter('sums'),
  [at('CatBoostClassifier')]: converter('classifier'),
  [at('CatBoostRegressor')]: converter('regressor'),
  [at('CatBoostRanker')]: converter('sums'),
};

import type { CatboostModel } from '../../../formats/boosters/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Converter, Family } from '../../sklearn/context/index.ts';
import { type CatboostKind, predictCatboost } from './predict.ts';

function modelOf(estimator: Estimator): CatboostModel {
  const found = estimator.file.boosters.get(estimator.value);
  if (found?.library !== 'catboost') throw estimator.wrong('__model', estimator.raw('__model'), 'not a fitted model');
  return found.model;
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

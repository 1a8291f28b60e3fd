import type { LightgbmModel } from '../../../formats/boosters/index.ts';
import type { Estimator, Labels } from '../../estimator/index.ts';
import type { Converter, Family } from '../../sklearn/context/index.ts';
import { classIndexes } from '../classes.ts';
import { predictLightgbm } from './predict.ts';

type Kind = 'booster' | 'classifier' | 'regressor';

const BOOSTER = 'lightgbm.basic.Booster';

/** The booster of a wrapper, or the one that stands alone, and its model. */
function boosterOf(estimator: Estimator): { readonly booster: Estimator; readonly model: LightgbmModel } {
  const booster = estimator.name === BOOSTER ? estimator : estimator.estimator('_Booster');
  const found = estimator.file.boosters.get(booster.value);
  if (found?.library !== 'lightgbm') throw estimator.broken('it has no model of LightGBM');
  return { booster, model: found.model };
}

function converter(kind: Kind): Converter {
  return {
    inputs(estimator) {
      return { kind: 'matrix', type: 'float32', width: boosterOf(estimator).model.features };
    },
    predict(estimator, x, context) {
      const { booster, model } = boosterOf(estimator);
      const { value, width } = context.reals(estimator, x);
      if (width !== model.features)
        throw estimator.broken(`it was fitted with ${model.features} features, and is given ${width}`);
      // Where training stopped early, predictions use the best iteration.
      const best = booster.lacks('best_iteration') ? 0 : booster.number('best_iteration');
      if (!Number.isSafeInteger(best)) throw estimator.broken(`best_iteration is ${best}`);
      const iterations = best > 0 ? best : undefined;
      const as = kind === 'booster' ? 'objective' : kind === 'regressor' ? 'values' : labelsFor(estimator);
      return predictLightgbm(context.ops, model, { value, width }, { owner: estimator, as, iterations });
    },
  };
}

function labelsFor(estimator: Estimator): (count: number) => Labels {
  return (count) => {
    // What predicts is the label encoder.
    if (!estimator.lacks('_le')) return estimator.estimator('_le').labels('classes_');
    return estimator.lacks('_classes') ? classIndexes(count) : estimator.labels('_classes');
  };
}

const at = (name: string) => `lightgbm.sklearn.${name}`;

/** Models of LightGBM, and its wrappers for scikit-learn. */
export const LIGHTGBM_ESTIMATORS: Family = {
  [BOOSTER]: converter('booster'),
  [at('LGBMClassifier')]: converter('classifier'),
  [at('LGBMRegressor')]: converter('regressor'),
  [at('LGBMRanker')]: converter('regressor'),
  [at('LGBMModel')]: converter('regressor'),
};

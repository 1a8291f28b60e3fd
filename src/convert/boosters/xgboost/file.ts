import { UBJSON, XGBOOST_BINARY } from '../../../formats/index.ts';
import { XGBOOST_JSON } from '../../../formats/json/index.ts';
import { boosterFile } from '../file.ts';
import { predictXgboost } from './predict.ts';

/** The wrappers for scikit-learn leave this attribute when they save a model. */
const WRAPPER = 'scikit_learn';

/** A model that XGBoost saved: JSON, UBJSON, or the binary form of versions before 2.1. */
export const XGBOOST_FILE = boosterFile({
  library: 'xgboost',
  title: 'XGBoost model',
  class: 'xgboost.core.Booster',
  formats: [UBJSON, XGBOOST_BINARY, XGBOOST_JSON],
  features: ({ features }) => features,
  version: ({ version }) => version,
  predict(ops, model, x, owner) {
    const features = { value: x, width: model.features };
    return predictXgboost(ops, model, features, { owner, as: 'objective', best: model.attributes.has(WRAPPER) });
  },
});

import { CATBOOST } from '../../../formats/index.ts';
import { CATBOOST_JSON } from '../../../formats/json/index.ts';
import { boosterFile } from '../file.ts';
import { predictCatboost } from './predict.ts';

/** A model that CatBoost saved, in its binary format or as JSON. */
export const CATBOOST_FILE = boosterFile({
  library: 'catboost',
  title: 'CatBoost model',
  class: 'catboost.core.CatBoost',
  formats: [CATBOOST, CATBOOST_JSON],
  features: ({ columns }) => columns,
  version: ({ version }) => version,
  predict: (ops, model, x, owner) => predictCatboost(ops, model, x, 'loss', owner),
});

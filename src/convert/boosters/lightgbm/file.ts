import { LIGHTGBM } from '../../../formats/index.ts';
import { boosterFile } from '../file.ts';
import { predictLightgbm } from './predict.ts';

/** A model that LightGBM saved, as text. */
export const LIGHTGBM_FILE = boosterFile({
  library: 'lightgbm',
  title: 'LightGBM model',
  class: 'lightgbm.basic.Booster',
  formats: [LIGHTGBM],
  features: ({ features }) => features,
  version: ({ version }) => version,
  predict(ops, model, x, owner) {
    return predictLightgbm(
      ops,
      model,
      { value: x, width: model.features },
      { owner, as: 'objective', iterations: undefined },
    );
  },
});

import type { Family } from '../context/index.ts';
import { kBins } from './bins.ts';
import { oneHotEncoder, ordinalEncoder } from './encoders.ts';
import { functionTransformer } from './functions.ts';
import { missingIndicator, simpleImputer } from './imputers.ts';
import { polynomialFeatures } from './polynomials.ts';
import { powerTransformer, quantileTransformer } from './powers.ts';
import { binarizer, maxAbsScaler, minMaxScaler, normalizer, robustScaler, standardScaler } from './scalers.ts';

const at = (name: string) => `sklearn.preprocessing.${name}`;

/** What is done to features before a model sees them. */
export const PREPROCESSING: Family = {
  [at('StandardScaler')]: { transform: standardScaler },
  [at('RobustScaler')]: { transform: robustScaler },
  [at('MinMaxScaler')]: { transform: minMaxScaler },
  [at('MaxAbsScaler')]: { transform: maxAbsScaler },
  [at('Normalizer')]: { transform: normalizer },
  [at('Binarizer')]: { transform: binarizer },
  [at('PolynomialFeatures')]: { transform: polynomialFeatures },
  [at('KBinsDiscretizer')]: { transform: kBins },
  [at('PowerTransformer')]: { transform: powerTransformer },
  [at('QuantileTransformer')]: { transform: quantileTransformer },
  [at('FunctionTransformer')]: functionTransformer,
  [at('OneHotEncoder')]: oneHotEncoder,
  [at('OrdinalEncoder')]: ordinalEncoder,
  'sklearn.impute.SimpleImputer': { transform: simpleImputer },
  'sklearn.impute.MissingIndicator': { transform: missingIndicator },
};

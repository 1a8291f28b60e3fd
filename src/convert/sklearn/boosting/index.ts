import type { Family } from '../context/index.ts';
import { gradientClassifier, gradientRegressor } from './gradient.ts';
import { histogramClassifier, histogramRegressor } from './histogram.ts';
import { isolationForest } from './isolation.ts';

const at = (name: string) => `sklearn.ensemble.${name}`;

/** Sums of trees. */
export const BOOSTING: Family = {
  [at('GradientBoostingClassifier')]: { predict: gradientClassifier },
  [at('GradientBoostingRegressor')]: { predict: gradientRegressor },
  [at('HistGradientBoostingClassifier')]: { predict: histogramClassifier },
  [at('HistGradientBoostingRegressor')]: { predict: histogramRegressor },
  [at('IsolationForest')]: { predict: isolationForest },
};

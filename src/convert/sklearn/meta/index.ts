import type { Family } from '../context/index.ts';
import { adaBoostClassifier, adaBoostRegressor } from './ada-boost.ts';
import { baggingClassifier, baggingRegressor } from './bagging.ts';
import { calibrated } from './calibration.ts';
import { dummyClassifier, dummyRegressor } from './dummy.ts';
import { oneVsOne, oneVsRest } from './multiclass.ts';
import { multiOutputRegressor, transformedTarget } from './targets.ts';
import { stackingClassifier, stackingRegressor, votingClassifier, votingRegressor } from './voting.ts';

const at = (name: string) => `sklearn.ensemble.${name}`;

/** Estimators whose prediction is made from those of others. */
export const META: Family = {
  [at('AdaBoostClassifier')]: { predict: adaBoostClassifier },
  [at('AdaBoostRegressor')]: { predict: adaBoostRegressor },
  [at('BaggingClassifier')]: { predict: baggingClassifier },
  [at('BaggingRegressor')]: { predict: baggingRegressor },
  [at('VotingClassifier')]: votingClassifier,
  [at('VotingRegressor')]: votingRegressor,
  [at('StackingClassifier')]: stackingClassifier,
  [at('StackingRegressor')]: stackingRegressor,
  'sklearn.calibration.CalibratedClassifierCV': calibrated,
  'sklearn.multiclass.OneVsRestClassifier': oneVsRest,
  'sklearn.multiclass.OneVsOneClassifier': oneVsOne,
  'sklearn.multioutput.MultiOutputRegressor': multiOutputRegressor,
  'sklearn.compose.TransformedTargetRegressor': transformedTarget,
  'sklearn.dummy.DummyClassifier': { predict: dummyClassifier },
  'sklearn.dummy.DummyRegressor': { predict: dummyRegressor },
};

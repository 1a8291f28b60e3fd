import type { Family } from '../context/index.ts';
import { linearClassifier, logistic, sgdClassifier } from './classifiers.ts';
import { crossDecomposition, linearRegressor, ransac, withLink } from './regressors.ts';

const at = (name: string) => `sklearn.linear_model.${name}`;

const REGRESSORS = [
  'ARDRegression',
  'BayesianRidge',
  'ElasticNet',
  'ElasticNetCV',
  'HuberRegressor',
  'Lars',
  'LarsCV',
  'Lasso',
  'LassoCV',
  'LassoLars',
  'LassoLarsCV',
  'LassoLarsIC',
  'LinearRegression',
  'MultiTaskElasticNet',
  'MultiTaskElasticNetCV',
  'MultiTaskLasso',
  'MultiTaskLassoCV',
  'OrthogonalMatchingPursuit',
  'OrthogonalMatchingPursuitCV',
  'PassiveAggressiveRegressor',
  'QuantileRegressor',
  'Ridge',
  'RidgeCV',
  'SGDRegressor',
  'TheilSenRegressor',
];

/** Models of a weighted sum of the features. */
export const LINEAR: Family = {
  ...Object.fromEntries(REGRESSORS.map((name) => [at(name), { predict: linearRegressor }])),
  'sklearn.svm.LinearSVR': { predict: linearRegressor },
  'sklearn.svm.LinearSVC': { predict: linearClassifier },
  [at('RidgeClassifier')]: { predict: linearClassifier },
  [at('RidgeClassifierCV')]: { predict: linearClassifier },
  [at('Perceptron')]: { predict: linearClassifier },
  [at('PassiveAggressiveClassifier')]: { predict: linearClassifier },
  [at('LogisticRegression')]: { predict: logistic },
  [at('LogisticRegressionCV')]: { predict: logistic },
  [at('SGDClassifier')]: { predict: sgdClassifier },
  [at('PoissonRegressor')]: { predict: withLink },
  [at('GammaRegressor')]: { predict: withLink },
  [at('TweedieRegressor')]: { predict: withLink },
  [at('RANSACRegressor')]: { predict: ransac },
  'sklearn.cross_decomposition.PLSRegression': crossDecomposition,
  'sklearn.cross_decomposition.PLSCanonical': crossDecomposition,
};

export { weightedSums } from './decision.ts';

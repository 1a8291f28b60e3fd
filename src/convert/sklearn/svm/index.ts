import type { Family } from '../context/index.ts';
import { supportClassifier } from './classifier.ts';
import { oneClass, supportRegressor } from './regressor.ts';

const at = (name: string) => `sklearn.svm.${name}`;

/** Support vector machines with kernels. */
export const SVM: Family = {
  [at('SVC')]: { predict: supportClassifier },
  [at('NuSVC')]: { predict: supportClassifier },
  [at('SVR')]: { predict: supportRegressor },
  [at('NuSVR')]: { predict: supportRegressor },
  [at('OneClassSVM')]: { predict: oneClass },
};

export { squaredDistances } from './kernel.ts';

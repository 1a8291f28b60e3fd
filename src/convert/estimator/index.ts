export { Estimator, type EstimatorFile, estimatorOf, type RealMatrix } from './estimator.ts';
export { type Labels, labelCount, labelsOf } from './labels.ts';
export { classOf, publicName } from './names.ts';

export { CATBOOST_ESTIMATORS } from './estimators.ts';
export { CATBOOST_FILE } from './file.ts';

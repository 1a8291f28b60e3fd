export { XGBOOST_ESTIMATORS } from './estimators.ts';
export { XGBOOST_FILE } from './file.ts';

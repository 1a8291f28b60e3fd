export { readCatboost } from './catboost.ts';
export { walkJson } from './document-json.ts';
export { readLightgbm } from './lightgbm.ts';
export { readXgboost } from './xgboost.ts';

export { LIGHTGBM_ESTIMATORS } from './estimators.ts';
export { LIGHTGBM_FILE } from './file.ts';

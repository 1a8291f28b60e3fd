import type { OnnxSource } from '../onnx-source/index.ts';
import type { Family } from '../sklearn/context/index.ts';
import { CATBOOST_ESTIMATORS, CATBOOST_FILE } from './catboost/index.ts';
import { LIGHTGBM_ESTIMATORS, LIGHTGBM_FILE } from './lightgbm/index.ts';
import { XGBOOST_ESTIMATORS, XGBOOST_FILE } from './xgboost/index.ts';

/** Files of libraries for boosted trees. Adding a library is a folder here, and a line in each list. */
export const BOOSTER_FILES: readonly OnnxSource[] = [XGBOOST_FILE, LIGHTGBM_FILE, CATBOOST_FILE];

/** Their estimators. */
export const BOOSTERS: Family = { ...XGBOOST_ESTIMATORS, ...LIGHTGBM_ESTIMATORS, ...CATBOOST_ESTIMATORS };

export { boosterVersion } from './version.ts';

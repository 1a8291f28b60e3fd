export { readCatboost } from './catboost.ts';
export { checkCatboostJson } from './catboost-json/index.ts';
export type { CatboostModel, ObliviousTree, SteppedTree } from './catboost-model.ts';
export { walkJson } from './document-json.ts';
export { readLightgbm } from './lightgbm.ts';
export type { LightgbmModel, LightgbmTree } from './lightgbm-model.ts';
export { type BoosterLibrary, type BoosterModel, type BoosterModels, readBoosterModel } from './model.ts';
export { readXgboost } from './xgboost.ts';
export type { XgboostModel, XgboostNodes, XgboostTrees } from './xgboost-model.ts';

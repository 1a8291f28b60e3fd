export { KerasConfig } from './config.ts';
export { isList, isRecord, type KerasJson, type KerasRecord, kerasKey } from './json.ts';
export { hasCode, type KerasObject, kerasObject } from './object.ts';
export { type KerasFile, type KerasParts, readKerasArchive, readKerasH5 } from './read.ts';
export type { KerasArray, KerasVariables, KerasWeights, WeightOptions } from './weights.ts';

export { type InlineArray, inlineArray } from './joblib.ts';
export { isTorchLegacy, LEGACY_STREAMS, skipStorages } from './torch-legacy.ts';

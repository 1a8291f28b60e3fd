export {
  addChoice,
  addLoop,
  attr,
  type TfAttributes,
  type TfChoice,
  TfGraphBuilder,
  type TfLoop,
  type TfResult,
  type TfValue,
  tfPort,
  tfStrings,
  tfTensor,
} from './build/index.ts';
export { type BundleEntry, bundleRange, bundleText, readTensorBundle, type TensorBundle } from './bundle/index.ts';
export type {
  MetaGraph,
  SavedModel,
  TfAttribute,
  TfFunction,
  TfGraph,
  TfNode,
  TfPort,
  TfShape,
  TfSignature,
  TfTensor,
  TfTensorData,
} from './model.ts';
export type { CheckpointObject, ObjectChild, SavedObject, SavedObjects } from './objects.ts';
export { readCheckpointObjects, readGraphDef, readSavedModel, type TensorflowReadOptions } from './read/index.ts';
export { isTfType, type TfType, tfTypeBytes } from './types.ts';
export { writeSavedModel } from './write/index.ts';

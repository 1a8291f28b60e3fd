export { finishLayer } from './common.ts';
export { convertModel, type ModelTensor } from './convert.ts';
export {
  type CallSettings,
  Layer,
  type LayerContext,
  type LayerKind,
  type LayerVariable,
  NO_SETTINGS,
  nested,
  trained,
} from './layer.ts';
export { type InputSlot, kerasModel, type Model } from './tree.ts';
export { KerasValue } from './value.ts';
export { bindWeights } from './weights.ts';

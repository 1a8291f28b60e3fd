export {
  type Activation,
  activate,
  gatedLinear,
  logSoftmax,
  type PlainActivation,
  prelu,
  softmax,
} from './activation.ts';
export {
  type AttentionOptions,
  attention,
  causalMask,
  hiddenWhere,
  mergeHeads,
  positions,
  splitHeads,
} from './attention.ts';
export {
  type Convolution,
  channelShuffle,
  convolve,
  convolveTransposed,
  pixelShuffle,
  pixelUnshuffle,
  type TransposedConvolution,
} from './convolution.ts';
export { bilinear, dense, embed, linear } from './dense.ts';
export {
  axisOf,
  concat,
  flatten,
  mean,
  reshape,
  reshapeLike,
  slice,
  split,
  squeeze,
  swapAxes,
  takeOne,
  transpose,
  unsqueeze,
} from './layout.ts';
export { type CompareOperator, differ, type Elementwise, Network } from './network.ts';
export {
  type Affine,
  batchNormalization,
  groupNormalization,
  layerNormalization,
  localResponse,
  perChannel,
  rmsNormalization,
  type Statistics,
} from './normalization.ts';
export { planOutput } from './output.ts';
export { type PadMode, pad } from './padding.ts';
export {
  type AveragePooling,
  adaptivePool,
  averagePool,
  globalPool,
  maxPool,
  NEEDS_SHAPE,
  type Pooling,
  powerPool,
} from './pooling.ts';
export { type Cell, type CellWeights, type Recurrence, type RecurrentResult, recur } from './recurrent.ts';
export { type NewSizes, type Resizing, resize } from './resize.ts';
export { type GraphSize, type GraphTensor, product, shownShape } from './shape.ts';
export type { Padding, Window } from './window.ts';

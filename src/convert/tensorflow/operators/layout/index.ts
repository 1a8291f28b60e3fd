import type { OperationFamily } from '../../graph/index.ts';
import { lowerGather, lowerGatherNd, lowerOneHot, resourceGather } from './gather.ts';
import { concatV1, lowerConcat, lowerPack, lowerSplit, lowerTile, splitV, unpack } from './join.ts';
import { broadcastTo, constantLike, fill, lowerRange, lowerShape, lowerSize, passing, rank, shapeN } from './make.ts';
import { lowerPad, mirrorPad } from './pad.ts';
import { expandDims, reshapeTo, squeezeAxes, transposeTo } from './reshape.ts';
import { lowerSlice, reverse, stridedSlice } from './slice.ts';

export { paddings } from './pad.ts';
export { reshaped } from './reshape.ts';

export const LAYOUT: OperationFamily = {
  Identity: passing,
  StopGradient: passing,
  PreventGradient: passing,
  Snapshot: passing,
  EnsureShape: passing,
  CheckNumerics: passing,
  PlaceholderWithDefault: passing,
  ReadVariableOp: passing,
  IdentityN: (call) => call.inputs(0),
  Shape: lowerShape,
  ShapeN: shapeN,
  Size: lowerSize,
  Rank: rank,
  Fill: fill,
  ZerosLike: constantLike(0),
  OnesLike: constantLike(1),
  Range: lowerRange,
  BroadcastTo: broadcastTo,
  Reshape: reshapeTo,
  Squeeze: squeezeAxes,
  ExpandDims: expandDims,
  Transpose: transposeTo,
  ConcatV2: lowerConcat,
  Concat: concatV1,
  Pack: lowerPack,
  Unpack: unpack,
  Split: lowerSplit,
  SplitV: splitV,
  Tile: lowerTile,
  Pad: lowerPad,
  PadV2: lowerPad,
  MirrorPad: mirrorPad,
  StridedSlice: stridedSlice,
  Slice: lowerSlice,
  ReverseV2: reverse,
  Gather: lowerGather,
  GatherV2: lowerGather,
  ResourceGather: resourceGather,
  GatherNd: lowerGatherNd,
  OneHot: lowerOneHot,
};

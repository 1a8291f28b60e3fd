import type { OperationFamily } from '../../graph/index.ts';
import { batchToSpace, spaceToBatch } from './batch-space.ts';
import { conv2d, conv2dBackprop, depthwise } from './convolutions.ts';
import { fusedBatchNorm, localResponses } from './normalizations.ts';
import { averagePool2d, maxPool2d } from './pools.ts';
import { depthToSpaceOf, resizeBilinear, resizeNearest, spaceToDepthOf } from './sizes.ts';

export const IMAGE_OPERATIONS: OperationFamily = {
  Conv2D: conv2d,
  DepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: conv2dBackprop,
  MaxPool: maxPool2d,
  AvgPool: averagePool2d,
  FusedBatchNorm: fusedBatchNorm,
  FusedBatchNormV2: fusedBatchNorm,
  FusedBatchNormV3: fusedBatchNorm,
  LRN: localResponses,
  ResizeBilinear: resizeBilinear,
  ResizeNearestNeighbor: resizeNearest,
  DepthToSpace: depthToSpaceOf,
  SpaceToDepth: spaceToDepthOf,
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
};

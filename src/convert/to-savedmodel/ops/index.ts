export { broadcastSizes, isKnownShape, withSize } from './shapes.ts';
export { axesFrom, TfOps, type TfReduction } from './tf-ops.ts';

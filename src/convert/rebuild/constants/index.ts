export type { Grid } from './grid.ts';
export { gridOf } from './grid.ts';
export { type Derivation, type KnownTensor, KnownTensors, type Near } from './known.ts';
export { REAL_BYTES } from './numbers.ts';
export { ConstantReader, solidDims, type TensorContent } from './resolve.ts';

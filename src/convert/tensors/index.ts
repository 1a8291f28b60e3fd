export { collectTensors, type Found, type TensorReader } from './collect.ts';
export { DTYPE_BYTES, type Dtype } from './dtype.ts';
export { elementBytes } from './elements.ts';
export type { InputFile, ReadOptions, TensorFormat } from './format.ts';
export {
  byteLength,
  checked,
  columnMajor,
  isContiguous,
  type LeftOut,
  rowMajor,
  type Tensor,
  type TensorSet,
} from './tensor.ts';

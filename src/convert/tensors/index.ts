export { collectTensors, type TensorFound, type TensorReader } from './collect.ts';
export { DTYPE_BYTES, type Dtype, dtypeNamed } from './dtype.ts';
export { elementBytes } from './elements.ts';
export { type InputFile, stemOf, type TensorFormat, type TensorReadOptions } from './format.ts';
export { allWithin, type CallReader, KeptValues } from './kept.ts';
export { TensorList } from './list.ts';
export { joinedTensor, pasted, type TensorPiece } from './pasted.ts';
export { rowOrder } from './row-order.ts';
export {
  columnMajor,
  elementsOf,
  isContiguous,
  type LeftOut,
  rowMajor,
  type Tensor,
  type TensorSet,
  withinBytes,
  writtenBytes,
} from './tensor.ts';

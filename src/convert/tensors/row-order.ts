import { type ByteSource, SliceSource, spool } from '../../core/bytes/index.ts';
import { DTYPE_BYTES } from './dtype.ts';
import { elementBytes } from './elements.ts';
import type { TensorReadOptions } from './format.ts';
import { isContiguous, type Tensor, writtenBytes } from './tensor.ts';

/**
 * The elements of a tensor as bytes in row order, little-endian: where they stand when they already do so, else a copy in a
 * temporary file.
 * @throws AssayError as reading does; `limit` for copies of more than the budget of the artifact
 */
export async function rowOrder(tensor: Tensor, options: TensorReadOptions): Promise<ByteSource> {
  const { name, bytes, dtype, offset, bigEndian } = tensor;
  const width = DTYPE_BYTES[dtype];
  const length = writtenBytes(tensor);
  if (length === 0) return new SliceSource(bytes, 0, 0, name);
  if (isContiguous(tensor) && (!bigEndian || width === 1)) return new SliceSource(bytes, offset * width, length, name);
  const copy = await spool(elementBytes(tensor, options.signal), name, length, options.budget, options.limits);
  options.resources.defer(() => copy.close());
  return copy;
}

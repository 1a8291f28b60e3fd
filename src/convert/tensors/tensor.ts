import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { DTYPE_BYTES, type Dtype } from './dtype.ts';

/** A tensor whose elements stay where they are: a view of bytes of the source. */
export interface Tensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements between neighbours, for each dimension; none is negative. */
  readonly strides: readonly number[];
  /** Elements before the first one. */
  readonly offset: number;
  readonly bytes: ByteSource;
  readonly bigEndian: boolean;
}

/** Something that is not written, and why. */
export interface LeftOut {
  /** Where it stands in the source, such as `optimizer.lr`. */
  readonly path: string;
  /** What it is, such as `a number`. */
  readonly what: string;
}

/** What a source holds for a safe format. */
export interface TensorSet {
  readonly tensors: readonly Tensor[];
  readonly leftOut: readonly LeftOut[];
}

/** No framework makes tensors of more dimensions. */
const MAX_RANK = 64;

/** Elements of a shape. @throws AssayError `limit` for more than can be counted. */
export function elementsOf(shape: readonly number[], name: string): number {
  let elements = 1;
  if (shape.includes(0)) return 0;
  for (const size of shape) {
    elements *= size;
    if (!Number.isSafeInteger(elements))
      throw new AssayError('limit', 'a tensor has more elements than any file', { subject: name });
  }
  return elements;
}

/** Bytes that the tensor has once it is written. */
export function writtenBytes({ dtype, shape, name }: Pick<Tensor, 'dtype' | 'shape' | 'name'>): number {
  return elementsOf(shape, name) * DTYPE_BYTES[dtype];
}

/** Strides of elements that stand row after row. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * Math.max(1, shape[i + 1] ?? 1);
  return strides;
}

/** Strides of elements that stand column after column, as Fortran orders them. */
export function columnMajor(shape: readonly number[]): number[] {
  return rowMajor([...shape].reverse()).reverse();
}

/** Whether the elements stand in the order in which they are written. */
export function isContiguous({ shape, strides }: Pick<Tensor, 'shape' | 'strides'>): boolean {
  const plain = rowMajor(shape);
  return shape.includes(0) || shape.every((size, i) => size === 1 || strides[i] === plain[i]);
}

/**
 * Checks that every element of a tensor lies in its bytes.
 * @throws AssayError `malformed` naming the tensor
 */
export function withinBytes(tensor: Tensor): Tensor {
  const { name, shape, strides, offset, dtype, bytes } = tensor;
  const refuse = (what: string) => new AssayError('malformed', `${name}: ${what}`, { subject: bytes.name });
  if (shape.length > MAX_RANK || strides.length !== shape.length) throw refuse('its shape and strides do not match');
  const elements = elementsOf(shape, name);
  let last = offset;
  for (const [i, size] of shape.entries()) last += Math.max(0, size - 1) * (strides[i] ?? 0);
  const end = elements === 0 ? 0 : (last + 1) * DTYPE_BYTES[dtype];
  if (!Number.isSafeInteger(end) || end > bytes.size)
    throw refuse(`it ends at byte ${end} of a storage of ${bytes.size} bytes`);
  return tensor;
}

import type { SourceRange } from '../../../core/bytes/index.ts';
import { MemorySource } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { byteLength, type DataType, elementCount } from '../data-type.ts';
import type { OnnxTensor } from '../model.ts';

/** Arrays whose bytes are those of a tensor. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

const UTF8 = new TextEncoder();

/**
 * A tensor of the elements of an array, whose bytes are not copied: do not change it before the model is written. Its type is
 * that of the array, unless `type` says what its bytes mean: `float16` in a Uint16Array, `bool` or `int4` in a Uint8Array.
 */
export function tensorOf(values: NumberArray, dims: readonly number[], type: DataType = typeOf(values)): OnnxTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return tensorFrom({ source: new MemorySource(bytes, 'tensor'), offset: 0, length: bytes.length }, dims, type);
}

/** A tensor whose little-endian bytes lie in a source, which has to stay open until the model is written. */
export function tensorFrom(range: SourceRange, dims: readonly number[], type: DataType): OnnxTensor {
  checkDims(dims);
  const length = byteLength(type, elementCount(dims, ''));
  if (type === 'string' || range.length !== length) {
    throw new AssayError('internal', `${range.length} bytes are not ${type} of shape [${dims.join(', ')}]`);
  }
  return { name: '', type, dims, data: { kind: 'raw', range }, docString: '', metadata: [] };
}

export function tensorOfStrings(values: readonly string[], dims: readonly number[] = [values.length]): OnnxTensor {
  checkDims(dims);
  if (elementCount(dims, '') !== values.length) {
    throw new AssayError('internal', `${values.length} strings are not of shape [${dims.join(', ')}]`);
  }
  const bytes = values.map((value) => UTF8.encode(value));
  return { name: '', type: 'string', dims, data: { kind: 'strings', values: bytes }, docString: '', metadata: [] };
}

function checkDims(dims: readonly number[]): void {
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
    throw new AssayError('internal', `[${dims.join(', ')}] is not a shape`);
  }
}

function typeOf(values: NumberArray): DataType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Float64Array) return 'float64';
  if (values instanceof Int8Array) return 'int8';
  if (values instanceof Int16Array) return 'int16';
  if (values instanceof Int32Array) return 'int32';
  if (values instanceof BigInt64Array) return 'int64';
  if (values instanceof Uint8Array) return 'uint8';
  if (values instanceof Uint16Array) return 'uint16';
  return values instanceof Uint32Array ? 'uint32' : 'uint64';
}

import { MemorySource } from '../../../core/bytes/index.ts';
import type { TfTensor } from '../model.ts';
import type { TfType } from '../types.ts';

type TypedNumbers = Float64Array | Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor of the elements of an array, whose bytes are not copied. */
export function tfTensor(type: TfType, values: TypedNumbers, dims: readonly number[]): TfTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const range = { source: new MemorySource(bytes, 'tensor'), offset: 0, length: bytes.length };
  return { type, dims, data: { kind: 'raw', range } };
}

export function tfStrings(values: readonly Uint8Array[], dims: readonly number[]): TfTensor {
  return { type: 'string', dims, data: { kind: 'strings', values } };
}

import { AssayError } from '../core/index.ts';
import { fields } from './frames.ts';

/** The arrays that hold the elements of a tensor of each type; `float16` as its bits, `bool` as bytes. */
export interface TensorArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint16: Uint16Array;
  readonly uint32: Uint32Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly string: readonly string[];
}

export type TensorType = keyof TensorArrays;

/** A tensor in memory. */
export type RunTensor = {
  readonly [T in TensorType]: { readonly type: T; readonly dims: readonly number[]; readonly data: TensorArrays[T] };
}[TensorType];

/** Bytes of an element; 0 for strings. */
export const ELEMENT_BYTES: Readonly<Record<TensorType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  string: 0,
};

/** What is said of a tensor before its bytes: it crosses the pipe as JSON. */
export interface TensorHead {
  readonly name: string;
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly bytes: number;
}

const UTF8 = new TextEncoder();
/** Dimensions of a tensor; no runtime makes more. */
const MAX_RANK = 64;

/** @throws AssayError `sandbox` when it is not one, or when its bytes do not fit its dimensions */
export function tensorHead(value: unknown): TensorHead {
  const { name, type, dims, bytes } = fields(value);
  const bad = () => new AssayError('sandbox', 'the sandbox described a tensor that cannot be');
  if (typeof name !== 'string' || !isTensorType(type) || !isDims(dims)) throw bad();
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) throw bad();
  const head = { name, type, dims, bytes };
  if (!isWhole(head)) throw bad();
  return head;
}

/** Whether the bytes of a tensor are those of its type and dimensions. */
export function isWhole({ type, dims, bytes }: TensorHead): boolean {
  if (!isDims(dims)) return false;
  const count = dims.reduce((product, dim) => product * dim, 1);
  return type === 'string' ? bytes >= count * 4 : bytes === count * ELEMENT_BYTES[type];
}

export function isTensorType(value: unknown): value is TensorType {
  return typeof value === 'string' && Object.hasOwn(ELEMENT_BYTES, value);
}

function isDims(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_RANK &&
    value.every((dim: unknown) => typeof dim === 'number' && Number.isSafeInteger(dim) && dim >= 0)
  );
}

/** The bytes of a tensor; strings are each a 32-bit length and UTF-8. */
export function tensorPayload(tensor: RunTensor): Uint8Array {
  if (tensor.type === 'string') return stringsPayload(tensor.data);
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function stringsPayload(strings: readonly string[]): Uint8Array {
  const all = strings.map((text) => UTF8.encode(text));
  const bytes = new Uint8Array(all.reduce((sum, text) => sum + 4 + text.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of all) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}

/** A tensor of its head and its bytes, which are in a buffer of their own. @throws AssayError `sandbox` for strings that do not fit */
export function tensorOfPayload({ type, dims }: TensorHead, bytes: Uint8Array<ArrayBuffer>): RunTensor {
  const { buffer, byteOffset, byteLength } = bytes;
  const length = type === 'string' ? 0 : byteLength / ELEMENT_BYTES[type];
  switch (type) {
    case 'float32':
      return { type, dims, data: new Float32Array(buffer, byteOffset, length) };
    case 'float64':
      return { type, dims, data: new Float64Array(buffer, byteOffset, length) };
    case 'float16':
    case 'uint16':
      return { type, dims, data: new Uint16Array(buffer, byteOffset, length) };
    case 'int8':
      return { type, dims, data: new Int8Array(buffer, byteOffset, length) };
    case 'int16':
      return { type, dims, data: new Int16Array(buffer, byteOffset, length) };
    case 'int32':
      return { type, dims, data: new Int32Array(buffer, byteOffset, length) };
    case 'int64':
      return { type, dims, data: new BigInt64Array(buffer, byteOffset, length) };
    case 'uint8':
    case 'bool':
      return { type, dims, data: bytes };
    case 'uint32':
      return { type, dims, data: new Uint32Array(buffer, byteOffset, length) };
    case 'uint64':
      return { type, dims, data: new BigUint64Array(buffer, byteOffset, length) };
    case 'string':
      return { type, dims, data: stringsOf(bytes, dims) };
  }
}

function stringsOf(bytes: Uint8Array, dims: readonly number[]): string[] {
  const text = new TextDecoder();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.length) break;
    strings.push(text.decode(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (at !== bytes.length || strings.length !== dims.reduce((product, dim) => product * dim, 1)) {
    throw new AssayError('sandbox', 'the sandbox sent strings that do not fit their tensor');
  }
  return strings;
}

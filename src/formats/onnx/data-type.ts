import { AssayError } from '../../core/index.ts';

/** The field of a TensorProto that holds elements which are not raw bytes. */
export type TypedField = 'floats' | 'int32s' | 'strings' | 'int64s' | 'doubles' | 'uint64s';

interface TypeFacts {
  /** The number of TensorProto.DataType. */
  readonly code: number;
  /** Bits of an element; 0 for strings. Elements of less than a byte lie side by side, the first in the low bits. */
  readonly bits: number;
  readonly field: TypedField;
}

/** The types of elements, of onnx.proto of IR version 14. */
const TYPES = {
  float32: { code: 1, bits: 32, field: 'floats' },
  uint8: { code: 2, bits: 8, field: 'int32s' },
  int8: { code: 3, bits: 8, field: 'int32s' },
  uint16: { code: 4, bits: 16, field: 'int32s' },
  int16: { code: 5, bits: 16, field: 'int32s' },
  int32: { code: 6, bits: 32, field: 'int32s' },
  int64: { code: 7, bits: 64, field: 'int64s' },
  string: { code: 8, bits: 0, field: 'strings' },
  bool: { code: 9, bits: 8, field: 'int32s' },
  float16: { code: 10, bits: 16, field: 'int32s' },
  float64: { code: 11, bits: 64, field: 'doubles' },
  uint32: { code: 12, bits: 32, field: 'uint64s' },
  uint64: { code: 13, bits: 64, field: 'uint64s' },
  complex64: { code: 14, bits: 64, field: 'floats' },
  complex128: { code: 15, bits: 128, field: 'doubles' },
  bfloat16: { code: 16, bits: 16, field: 'int32s' },
  float8e4m3fn: { code: 17, bits: 8, field: 'int32s' },
  float8e4m3fnuz: { code: 18, bits: 8, field: 'int32s' },
  float8e5m2: { code: 19, bits: 8, field: 'int32s' },
  float8e5m2fnuz: { code: 20, bits: 8, field: 'int32s' },
  uint4: { code: 21, bits: 4, field: 'int32s' },
  int4: { code: 22, bits: 4, field: 'int32s' },
  float4e2m1: { code: 23, bits: 4, field: 'int32s' },
  float8e8m0: { code: 24, bits: 8, field: 'int32s' },
  uint2: { code: 25, bits: 2, field: 'int32s' },
  int2: { code: 26, bits: 2, field: 'int32s' },
  float6e2m3: { code: 27, bits: 6, field: 'int32s' },
  float6e3m2: { code: 28, bits: 6, field: 'int32s' },
} as const satisfies Readonly<Record<string, TypeFacts>>;

export type DataType = keyof typeof TYPES;

export const DATA_TYPES: readonly DataType[] = Object.keys(TYPES).filter(isDataType);

const BY_CODE: ReadonlyMap<number, DataType> = new Map(DATA_TYPES.map((type) => [TYPES[type].code, type]));

export function isDataType(name: string): name is DataType {
  return Object.hasOwn(TYPES, name);
}

export function typeFacts(type: DataType): TypeFacts {
  return TYPES[type];
}

/** @returns undefined for a number that the format does not name */
export function dataTypeOf(code: number): DataType | undefined {
  return BY_CODE.get(code);
}

/** Elements of a tensor. @throws AssayError `malformed` when they are more than 2^53 */
export function elementCount(dims: readonly number[], name: string): number {
  if (dims.includes(0)) return 0;
  let count = 1;
  for (const dim of dims) {
    count *= dim;
    if (!Number.isSafeInteger(count)) {
      throw new AssayError('malformed', `tensor ${JSON.stringify(name)} has more than 2^53 elements`);
    }
  }
  return count;
}

/** Bytes of `count` elements as raw data. */
export function byteLength(type: DataType, count: number): number {
  return Math.ceil((count * TYPES[type].bits) / 8);
}

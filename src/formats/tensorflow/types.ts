/** The numbers of `DataType` in TensorFlow's types.proto. */
const CODES = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int16: 5,
  int8: 6,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  qint8: 11,
  quint8: 12,
  qint32: 13,
  bfloat16: 14,
  qint16: 15,
  quint16: 16,
  uint16: 17,
  complex128: 18,
  float16: 19,
  resource: 20,
  variant: 21,
  uint32: 22,
  uint64: 23,
  float8e5m2: 24,
  float8e4m3fn: 25,
  int4: 29,
  uint4: 30,
} as const;

export type TfType = keyof typeof CODES;

const BY_CODE: ReadonlyMap<number, TfType> = new Map(
  Object.keys(CODES)
    .filter(isTfType)
    .map((type) => [CODES[type], type]),
);

/** A reference to a variable of TensorFlow 1 has the number of its type and this. */
const REFERENCE = 100;

const BYTES: Readonly<Partial<Record<TfType, number>>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
  int16: 2,
  int8: 1,
  complex64: 8,
  int64: 8,
  bool: 1,
  bfloat16: 2,
  uint16: 2,
  complex128: 16,
  float16: 2,
  uint32: 4,
  uint64: 8,
  float8e5m2: 1,
  float8e4m3fn: 1,
};

export function isTfType(name: string): name is TfType {
  return Object.hasOwn(CODES, name);
}

export function tfTypeCode(type: TfType): number {
  return CODES[type];
}

/** @returns undefined for a number that TensorFlow does not name */
export function tfTypeOf(code: number): TfType | undefined {
  return BY_CODE.get(code > REFERENCE ? code - REFERENCE : code);
}

/** Bytes of an element; undefined where elements are not whole bytes of one size. */
export function tfTypeBytes(type: TfType): number | undefined {
  return BYTES[type];
}

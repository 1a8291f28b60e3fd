/** Element types of safetensors that a source may have, each with the bytes of an element. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  C64: 8,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

/** An element type, by the name that safetensors gives it. */
export type Dtype = keyof typeof DTYPE_BYTES;

/** The bytes whose order a byte order changes: a complex number is two numbers. */
export function swapBytes(dtype: Dtype): number {
  return dtype === 'C64' ? 4 : DTYPE_BYTES[dtype];
}

/** Names of element types, as NumPy, ml_dtypes, JAX and PyTorch have them. */
const NAMES: Readonly<Record<string, Dtype>> = {
  bool: 'BOOL',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  float16: 'F16',
  float32: 'F32',
  float64: 'F64',
  complex64: 'C64',
  bfloat16: 'BF16',
  float8_e4m3fn: 'F8_E4M3',
  float8_e4m3fnuz: 'F8_E4M3FNUZ',
  float8_e5m2: 'F8_E5M2',
  float8_e5m2fnuz: 'F8_E5M2FNUZ',
  float8_e8m0fnu: 'F8_E8M0',
};

/** The element type of this name; `undefined` for one that safetensors does not have. */
export function dtypeNamed(name: string): Dtype | undefined {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

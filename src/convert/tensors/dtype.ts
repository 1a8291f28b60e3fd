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

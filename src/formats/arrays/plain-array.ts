import type { RunTensor } from '../../sandbox/index.ts';

/** An array in memory, row after row. */
export type PlainArray = { readonly dims: readonly number[] } & (
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'integers'; readonly values: BigInt64Array }
  | { readonly kind: 'texts'; readonly values: readonly string[] }
);

/** The integers of an array; `undefined` when one of its elements is not an integer. */
export function integersOf(array: PlainArray): BigInt64Array | undefined {
  if (array.kind === 'integers') return array.values;
  if (array.kind === 'texts' || !array.values.every(Number.isSafeInteger)) return undefined;
  return BigInt64Array.from(array.values, BigInt);
}

/** A number of 16 bits (IEEE 754). */
export function halfToNumber(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** What a model took or gave, as an array. */
export function arrayOfTensor(tensor: RunTensor): PlainArray {
  const { dims } = tensor;
  switch (tensor.type) {
    case 'string':
      return { kind: 'texts', dims, values: tensor.data };
    case 'float32':
    case 'float64':
      return { kind: 'numbers', dims, values: Float64Array.from(tensor.data) };
    case 'float16':
      return { kind: 'numbers', dims, values: Float64Array.from(tensor.data, halfToNumber) };
    case 'int64':
    case 'uint64':
      return { kind: 'integers', dims, values: new BigInt64Array(BigInt64Array.from(tensor.data)) };
    default:
      return { kind: 'integers', dims, values: BigInt64Array.from(tensor.data, BigInt) };
  }
}

/** More dimensions than any version of NumPy or PyTorch takes. */
export const MAX_DIMENSIONS = 64;
/** Loaders count bytes in signed 64 bits. */
const MAX_BYTES = 2n ** 63n - 1n;

/** `negative`: a size, stride or offset below zero. `wraps`: the loader's own arithmetic would overflow. */
export type Fit = 'fits' | 'negative' | 'wraps' | 'outside';

export interface View {
  readonly offset: number;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/**
 * Whether a view stays inside of `elements`: as `storage_offset`, `size` and `stride` of torch say it, with elements of
 * `elementSize` bytes. `elements` is `undefined` where nothing tells how many there are. Sizes and strides are equally many.
 */
export function fitOf({ offset, sizes, strides }: View, elements: number | undefined, elementSize: number): Fit {
  if (offset < 0 || sizes.some(isNegative) || strides.some(isNegative)) return 'negative';
  if (bytesIn(sizes, elementSize) === undefined) return 'wraps';
  let reach = BigInt(offset);
  const empty = sizes.includes(0);
  for (const [i, size] of sizes.entries()) {
    if (!empty) reach += BigInt(size - 1) * BigInt(strides[i] ?? 0);
  }
  const end = empty ? reach : reach + 1n;
  if (end * BigInt(Math.max(1, elementSize)) > MAX_BYTES) return 'wraps';
  return elements !== undefined && end > BigInt(elements) ? 'outside' : 'fits';
}

/** Bytes of an array of these sizes; `undefined` where they cannot be counted in signed 64 bits, not even without the zeros. */
export function bytesIn(sizes: readonly number[], elementSize: number): bigint | undefined {
  let whole = BigInt(Math.max(1, elementSize));
  let empty = elementSize === 0;
  for (const size of sizes) {
    if (size < 0) return undefined;
    if (size === 0) empty = true;
    else whole *= BigInt(size);
    if (whole > MAX_BYTES) return undefined;
  }
  return empty ? 0n : whole;
}

function isNegative(value: number): boolean {
  return value < 0;
}

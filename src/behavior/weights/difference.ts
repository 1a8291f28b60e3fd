import type { OnnxTensor } from '../../formats/onnx/index.ts';
import { digestOfTensor } from './digest.ts';
import { hasReadableNumbers, tensorNumbers, type WeightSource } from './numbers.ts';
import { LEAST_SIDE, shareOfLargest } from './singular.ts';

/** How far a tensor is from that of the approved version. */
export interface TensorDifference {
  /** The length of the difference over that of the approved tensor; infinite where that is zero, not a number where one has such. */
  readonly relative: number;
  /** The share of the difference that its largest singular values hold; undefined for what is small, no number for what is too large. */
  readonly lowRank: number | undefined;
}

/** Numbers of a difference that is held whole. */
const MOST_HELD = 1 << 23;

/**
 * Compares two tensors of one type and shape, of which only parts are in memory; the difference of matrices is held, up to 32 MiB.
 * @throws AssayError as `tensorNumbers`
 */
export async function tensorDifferenceOf(
  own: { readonly tensor: OnnxTensor; readonly source: WeightSource },
  approved: { readonly tensor: OnnxTensor; readonly source: WeightSource },
): Promise<TensorDifference> {
  if (!hasReadableNumbers(own.tensor)) {
    const digests = [own, approved].map(({ tensor, source }) => digestOfTensor(tensor, source));
    const [first, second] = await Promise.all(digests);
    return { relative: first === second ? 0 : Number.POSITIVE_INFINITY, lowRank: undefined };
  }
  const { rows, columns } = sidesOf(own.tensor);
  const held = isMatrix(rows, columns) && rows * columns <= MOST_HELD ? new Float32Array(rows * columns) : undefined;
  let [distance, length, at] = [0, 0, 0];
  for await (const [mine, theirs] of pairs(
    tensorNumbers(own.tensor, own.source),
    tensorNumbers(approved.tensor, approved.source),
  ))
    for (let index = 0; index < mine.length; index++) {
      const [value, before] = [mine[index] ?? Number.NaN, theirs[index] ?? Number.NaN];
      // Infinite on both sides is equal.
      const far = value === before ? 0 : value - before;
      distance += far * far;
      length += before * before;
      if (held !== undefined) held[at++] = far;
    }
  const relative = distance === 0 ? 0 : Math.sqrt(distance / length);
  if (distance === 0 || !isMatrix(rows, columns)) return { relative, lowRank: undefined };
  const told = held !== undefined && Number.isFinite(distance);
  return { relative, lowRank: told ? shareOfLargest(held, rows, columns) : Number.NaN };
}

/** A tensor as a matrix: the first size, and all others. */
function sidesOf({ dims }: OnnxTensor): { readonly rows: number; readonly columns: number } {
  const [rows = 1, ...others] = dims;
  return { rows, columns: others.reduce((product, size) => product * size, 1) };
}

function isMatrix(rows: number, columns: number): boolean {
  return Math.min(rows, columns) >= LEAST_SIDE;
}

/** The parts of two runs of numbers, side by side and of equal lengths. */
async function* pairs(
  first: AsyncGenerator<Float64Array>,
  second: AsyncGenerator<Float64Array>,
): AsyncGenerator<readonly [Float64Array, Float64Array]> {
  let [mine, theirs] = [new Float64Array(), new Float64Array()];
  for (;;) {
    if (mine.length === 0) mine = Float64Array.from((await first.next()).value ?? []);
    if (theirs.length === 0) theirs = Float64Array.from((await second.next()).value ?? []);
    const length = Math.min(mine.length, theirs.length);
    if (length === 0) return;
    yield [mine.subarray(0, length), theirs.subarray(0, length)];
    mine = mine.slice(length);
    theirs = theirs.slice(length);
  }
}

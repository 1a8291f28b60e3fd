import { SeededRandom } from '../../core/index.ts';

/** Singular values that are looked at. */
export const RANK = 4;
const ROUNDS = 12;
/** A matrix with fewer rows or columns is of low rank anyway. */
export const LEAST_SIDE = 4 * RANK;

/**
 * The share of a matrix that its largest singular values hold: their squares over those of all, which is 1 for a matrix of so low a rank.
 * By subspace iteration, from a start that is always the same.
 */
export function shareOfLargest(matrix: Float32Array, rows: number, columns: number): number {
  const total = matrix.reduce((sum, value) => sum + value * value, 0);
  if (total === 0) return 0;
  const random = new SeededRandom(1);
  let right: readonly Float64Array[] = Array.from({ length: RANK }, () =>
    Float64Array.from({ length: columns }, () => random.normal()),
  );
  let held = 0;
  for (let round = 0; round < ROUNDS; round++) {
    right = orthonormal(right);
    const left = right.map((vector) => times(matrix, rows, columns, vector));
    held = left.reduce((sum, vector) => sum + squared(vector), 0);
    right = left.map((vector) => transposedTimes(matrix, rows, columns, vector));
  }
  return Math.min(1, held / total);
}

function times(matrix: Float32Array, rows: number, columns: number, vector: Float64Array): Float64Array {
  const result = new Float64Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += (matrix[at++] ?? 0) * (vector[column] ?? 0);
    result[row] = sum;
  }
  return result;
}

function transposedTimes(matrix: Float32Array, rows: number, columns: number, vector: Float64Array): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    const own = vector[row] ?? 0;
    for (let column = 0; column < columns; column++) result[column] = (result[column] ?? 0) + (matrix[at++] ?? 0) * own;
  }
  return result;
}

/** The vectors without what they share, each of length 1 (Gram and Schmidt); what nothing is left of stays zero. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    const own = vector.slice();
    // Twice: once leaves rounding errors behind.
    for (let pass = 0; pass < 2; pass++)
      for (const other of done) {
        const shared = own.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
        for (let at = 0; at < own.length; at++) own[at] = (own[at] ?? 0) - shared * (other[at] ?? 0);
      }
    const length = Math.sqrt(squared(own));
    done.push(length > 1e-150 ? own.map((value) => value / length) : own.fill(0));
  }
  return done;
}

function squared(vector: Float64Array): number {
  return vector.reduce((sum, value) => sum + value * value, 0);
}

import { SeededRandom } from '../../../core/index.ts';
import type { FeatureRows } from './feature-rows.ts';

const ITERATIONS = 4;
/** Rows that the components are told from. */
const MOST_ROWS = 2_000;

/** The first components of centred rows, by subspace iteration from a random start (Halko et al. 2011, arXiv 0909.4061). */
export function principalComponents(matrix: FeatureRows, count: number, seed: number): FeatureRows {
  const { rows, width, values } = matrix;
  const random = new SeededRandom(seed);
  const sample = random.order(rows).subarray(0, MOST_ROWS);
  const means = new Float64Array(width);
  for (const row of sample)
    for (let at = 0; at < width; at++) means[at] = (means[at] ?? 0) + (values[row * width + at] ?? 0) / sample.length;
  let basis = Float64Array.from({ length: width * count }, () => random.normal());
  orthonormalise(basis, width, count);
  const centred = new Float64Array(width);
  const own = new Float64Array(count);
  for (let pass = 0; pass < ITERATIONS; pass++) {
    const next = new Float64Array(width * count);
    for (const row of sample) {
      centre(values, row * width, means, centred);
      project(centred, basis, own);
      spread(centred, own, next);
    }
    basis = next;
    orthonormalise(basis, width, count);
  }
  const result = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    centre(values, row * width, means, centred);
    project(centred, basis, own);
    result.set(own, row * count);
  }
  return { rows, width: count, values: result };
}

function centre(values: Float32Array, from: number, means: Float64Array, into: Float64Array): void {
  for (let at = 0; at < into.length; at++) into[at] = (values[from + at] ?? 0) - (means[at] ?? 0);
}

/** The product of a row with the basis. */
function project(row: Float64Array, basis: Float64Array, into: Float64Array): void {
  const count = into.length;
  into.fill(0);
  for (let at = 0; at < row.length; at++) {
    const [value, from] = [row[at] ?? 0, at * count];
    if (value !== 0) for (let to = 0; to < count; to++) into[to] = (into[to] ?? 0) + value * (basis[from + to] ?? 0);
  }
}

/** Adds the product of a row and what it became to the next basis. */
function spread(row: Float64Array, own: Float64Array, into: Float64Array): void {
  const count = own.length;
  for (let at = 0; at < row.length; at++) {
    const [value, from] = [row[at] ?? 0, at * count];
    if (value !== 0)
      for (let to = 0; to < count; to++) into[from + to] = (into[from + to] ?? 0) + value * (own[to] ?? 0);
  }
}

/** Gram and Schmidt; a column that nothing is left of becomes 0. */
function orthonormalise(basis: Float64Array, width: number, count: number): void {
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let at = 0; at < width; at++) sum += (basis[at * count + a] ?? 0) * (basis[at * count + b] ?? 0);
    return sum;
  };
  for (let a = 0; a < count; a++) {
    const before = Math.sqrt(dot(a, a));
    for (let b = 0; b < a; b++) {
      const share = dot(a, b);
      for (let at = 0; at < width; at++)
        basis[at * count + a] = (basis[at * count + a] ?? 0) - share * (basis[at * count + b] ?? 0);
    }
    const norm = Math.sqrt(dot(a, a));
    const by = norm > before * 1e-9 ? 1 / norm : 0;
    for (let at = 0; at < width; at++) basis[at * count + a] = (basis[at * count + a] ?? 0) * by;
  }
}

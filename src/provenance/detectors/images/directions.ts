import { SeededRandom } from '../../../core/index.ts';
import type { FeatureRows } from '../labels/index.ts';

const ITERATIONS = 30;
const ROUNDS = 50;

/** How far each row lies from the mean of all, along the direction in which they differ most. */
export function projections({ width, values }: FeatureRows, rows: readonly number[], seed: number): Float64Array {
  const means = new Float64Array(width);
  for (const row of rows)
    for (let at = 0; at < width; at++) means[at] = (means[at] ?? 0) + (values[row * width + at] ?? 0) / rows.length;
  const random = new SeededRandom(seed);
  let direction = Float64Array.from({ length: width }, () => random.normal());
  const along = (row: number): number => {
    let sum = 0;
    for (let at = 0; at < width; at++)
      sum += ((values[row * width + at] ?? 0) - (means[at] ?? 0)) * (direction[at] ?? 0);
    return sum;
  };
  for (let pass = 0; pass < ITERATIONS; pass++) {
    const next = new Float64Array(width);
    for (const row of rows) {
      const share = along(row);
      for (let at = 0; at < width; at++)
        next[at] = (next[at] ?? 0) + share * ((values[row * width + at] ?? 0) - (means[at] ?? 0));
    }
    const norm = Math.hypot(...next);
    if (!(norm > 0)) return new Float64Array(rows.length);
    direction = next.map((value) => value / norm);
  }
  return Float64Array.from(rows, along);
}

/** Two groups of rows. */
export interface Split {
  /** The smaller group, as rows. */
  readonly smaller: readonly number[];
  /** Share of the squares of all distances that is between the groups, from 0 to 1. */
  readonly between: number;
}

/** The two means of rows (Lloyd 1982), from the halves of the direction in which they differ most. */
export function twoMeans(matrix: FeatureRows, rows: readonly number[], seed: number): Split {
  const { width, values } = matrix;
  let second = Uint8Array.from(projections(matrix, rows, seed), (value) => (value > 0 ? 1 : 0));
  let spread = { within: 0, total: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = [0, 1].map((group) =>
      meanOf(
        matrix,
        rows.filter((_, at) => second[at] === group),
      ),
    );
    const middle = meanOf(matrix, rows);
    spread = { within: 0, total: 0 };
    const next = Uint8Array.from(rows, (row) => {
      const own = values.subarray(row * width, (row + 1) * width);
      const [near, far] = [distance(own, a ?? middle), distance(own, b ?? middle)];
      spread.within += Math.min(near, far);
      spread.total += distance(own, middle);
      return far < near ? 1 : 0;
    });
    const same = next.every((group, at) => group === second[at]);
    second = next;
    if (same) break;
  }
  const ones = rows.filter((_, at) => second[at] === 1);
  const rest = rows.filter((_, at) => second[at] === 0);
  return {
    smaller: ones.length <= rest.length ? ones : rest,
    between: spread.total > 0 ? 1 - spread.within / spread.total : 0,
  };
}

function meanOf({ width, values }: FeatureRows, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(width);
  for (const row of rows)
    for (let at = 0; at < width; at++) mean[at] = (mean[at] ?? 0) + (values[row * width + at] ?? 0) / rows.length;
  return mean;
}

function distance(a: Float32Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2;
  return sum;
}

import { normalQuantile, polynomial } from './normal.ts';

/** The weights of Royston hold up to here. */
export const SHAPIRO_MOST = 5_000;
const SHAPIRO_LEAST = 3;
const LAST = [0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056];
const SECOND_LAST = [0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633];

/**
 * The statistic W of Shapiro and Wilk, by Royston (1995, AS R94): near 1 for numbers of a normal distribution.
 * @returns not a number for fewer than 3 or more than 5,000 numbers, or equal ones
 */
export function shapiroWilk(values: Float64Array): number {
  const n = values.length;
  if (n < SHAPIRO_LEAST || n > SHAPIRO_MOST) return Number.NaN;
  const sorted = values.slice().sort();
  const range = (sorted[n - 1] ?? 0) - (sorted[0] ?? 0);
  if (!(range > 0) || !Number.isFinite(range)) return Number.NaN;
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const weights = weightsOf(n);
  let [top, spread, square] = [0, 0, 0];
  for (const [at, value] of sorted.entries()) {
    const weight = at < weights.length ? -(weights[at] ?? 0) : (weights[n - 1 - at] ?? 0);
    const off = (value - mean) / range;
    top += weight * off;
    spread += off * off;
    square += weight * weight;
  }
  return (top * top) / (spread * square);
}

/** Of the upper half, from the largest; those of the lower half are the same below zero. */
function weightsOf(n: number): Float64Array {
  const half = Math.floor(n / 2);
  if (n === SHAPIRO_LEAST) return Float64Array.of(Math.SQRT1_2);
  const scores = Float64Array.from({ length: half }, (_, at) => -normalQuantile((at + 0.625) / (n + 0.25)));
  const sum = 2 * scores.reduce((total, score) => total + score * score, 0);
  const [root, length] = [1 / Math.sqrt(n), Math.sqrt(sum)];
  const [first = 0, second = 0] = scores;
  const last = polynomial(LAST, root) + first / length;
  const before = polynomial(SECOND_LAST, root) + second / length;
  const fixed = n > 5 ? [last, before] : [last];
  const left = sum - 2 * fixed.reduce((total, _, at) => total + (scores[at] ?? 0) ** 2, 0);
  const scale = Math.sqrt(left / (1 - 2 * fixed.reduce((total, weight) => total + weight * weight, 0)));
  return scores.map((score, at) => fixed[at] ?? score / scale);
}

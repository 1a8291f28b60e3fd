import { chiSquareTail } from '../../core/statistics/index.ts';

/** How far two distributions over the same bins are apart. */
export interface Distance {
  /** The population stability index: below 0.1 alike, from 0.25 on another population. */
  readonly psi: number;
  /** The Jensen-Shannon divergence in bits, from 0 to 1. */
  readonly jensenShannon: number;
  /** The probability of such a difference between two samples of one population (chi-square). */
  readonly p: number;
  /** Cramér's V, from 0 to 1: how large the difference is, whatever the number of rows. */
  readonly effect: number;
}

/** Counts below this, expected, are joined before the chi-square test (Cochran's rule). */
const LEAST_EXPECTED = 5;
/** Added to each count, so that an empty bin has no infinite logarithm. */
const SMOOTHING = 0.5;

/** Compares counts over the same bins; bins that both leave empty are left out. */
export function distanceBetween(before: readonly number[], after: readonly number[]): Distance {
  const bins = before.map((count, i) => [count, after[i] ?? 0] as const).filter(([a, b]) => a + b > 0);
  const [n, m] = [sum(bins.map(([a]) => a)), sum(bins.map(([, b]) => b))];
  if (n === 0 || m === 0 || bins.length < 2) return { psi: 0, jensenShannon: 0, p: 1, effect: 0 };
  const shares = bins.map(([a, b]) => [share(a, n, bins.length), share(b, m, bins.length)] as const);
  const psi = sum(shares.map(([p, q]) => (q - p) * Math.log(q / p)));
  const jensenShannon = sum(
    bins.map(([a, b]) => {
      const [p, q] = [a / n, b / m];
      return (part(p, (p + q) / 2) + part(q, (p + q) / 2)) / 2;
    }),
  );
  const { statistic, degrees } = chiSquare(bins, n, m);
  return { psi, jensenShannon, p: chiSquareTail(statistic, degrees), effect: Math.sqrt(statistic / (n + m)) };
}

function chiSquare(bins: readonly (readonly [number, number])[], n: number, m: number) {
  const smaller = Math.min(n, m) / (n + m);
  const isLarge = ([a, b]: readonly [number, number]) => (a + b) * smaller >= LEAST_EXPECTED;
  const small = bins.filter((bin) => !isLarge(bin));
  const joined = [sum(small.map(([a]) => a)), sum(small.map(([, b]) => b))] as const;
  const cells = [...bins.filter(isLarge), ...(joined[0] + joined[1] > 0 ? [joined] : [])];
  const statistic = sum(
    cells
      .flatMap(([a, b]) => [
        [a, ((a + b) * n) / (n + m)],
        [b, ((a + b) * m) / (n + m)],
      ])
      .map(([seen = 0, expected = 0]) => (seen - expected) ** 2 / expected),
  );
  return { statistic, degrees: cells.length - 1 };
}

function share(count: number, total: number, bins: number): number {
  return (count + SMOOTHING) / (total + SMOOTHING * bins);
}

function part(p: number, middle: number): number {
  return p === 0 ? 0 : p * Math.log2(p / middle);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

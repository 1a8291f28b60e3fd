import { logGamma } from './beta.ts';

/** Terms of the tail that are added at most; they fall at least as fast as a geometric series. */
const MAX_TERMS = 100_000;
const PRECISION = 1e-16;

/**
 * The natural logarithm of the probability that a Poisson variable is at least `count`. Exact to about 12 digits, and far below what a
 * 64-bit number holds.
 * @param count an integer of at least 0
 * @param mean above 0
 */
export function poissonLogTail(count: number, mean: number): number {
  if (count <= 0) return 0;
  const logTerm = (k: number): number => -mean + k * Math.log(mean) - logGamma(k + 1);
  if (count > mean) return logTerm(count) + Math.log(series((k) => mean / (count + k)));
  // Below the mean the other side has fewer terms.
  const below = logTerm(count - 1) + Math.log(series((k) => (count - k) / mean));
  return Math.log1p(-Math.exp(Math.min(0, below)));
}

/** 1 + r(1) + r(1) r(2) + ... */
function series(ratio: (k: number) => number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; k < MAX_TERMS; k++) {
    term *= ratio(k);
    if (!(term > sum * PRECISION)) break;
    sum += term;
  }
  return sum;
}

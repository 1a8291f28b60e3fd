/** Of many tests, those that can be significant at all. */
export interface Testable {
  /** How many they are. */
  readonly count: number;
  /** The level of one test, as a natural logarithm. */
  readonly logLevel: number;
}

/**
 * The level at which each of many tests must be significant, so that any is by chance no more often than `alpha`. Tests of counts that
 * cannot reach it whatever they find need no share of it (Tarone 1990).
 * @param best the natural logarithm of the least chance that each test can have
 */
export function testable(best: Float64Array, alpha: number): Testable {
  const sorted = best.slice().sort();
  const count = sorted.findLastIndex((chance, at) => chance < Math.log(alpha / (at + 1))) + 1;
  return { count, logLevel: Math.log(alpha / Math.max(count, 1)) };
}

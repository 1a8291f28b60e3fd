/** A share of cases, with the interval that it lies in with a confidence of 95% (Wilson's). */
export interface Share {
  readonly count: number;
  readonly of: number;
  /** `null` of none. */
  readonly share: number | null;
  readonly low: number;
  readonly high: number;
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959963984540054;

export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, share: null, low: 0, high: 1 };
  const share = count / of;
  const middle = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const reach = (Z / (1 + Z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return { count, of, share, low: Math.max(0, middle - reach), high: Math.min(1, middle + reach) };
}

/**
 * How likely it is that, of so many pairs that differ, at least `count` differ in one direction, when both are as likely (the exact
 * one-sided sign test).
 * @example signTest(5, 5) // 0.03125
 */
export function signTest(count: number, of: number): number {
  let [sum, term] = [0, 0.5 ** of];
  // Too small for a double from about a thousand pairs: logarithms then.
  if (term > 0) {
    for (let k = 0; k <= of; k++) {
      if (k >= count) sum += term;
      term *= (of - k) / (k + 1);
    }
    return Math.min(1, sum);
  }
  let log = of * Math.log(0.5);
  for (let k = 0; k <= of; k++) {
    if (k >= count) sum += Math.exp(log);
    log += Math.log(of - k) - Math.log(k + 1);
  }
  return Math.min(1, sum);
}

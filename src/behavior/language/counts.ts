/** Prompts that are so, of all that were asked. */
export interface PromptCount {
  readonly count: number;
  readonly of: number;
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

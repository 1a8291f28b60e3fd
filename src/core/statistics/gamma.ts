import { logGamma } from './beta.ts';

/** Relative accuracy at which series and continued fractions stop. */
const ENOUGH = 1e-15;
const MAX_TERMS = 100_000;
const TINY = 1e-300;

/** The regularized incomplete gamma functions P(a, x) and Q(a, x) = 1 - P (Numerical Recipes, 6.2). */
function gammaParts(a: number, x: number): { readonly lower: number; readonly upper: number } {
  if (x <= 0) return { lower: 0, upper: 1 };
  const scale = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < MAX_TERMS && term > sum * ENOUGH; n++) {
      term *= x / (a + n);
      sum += term;
    }
    const lower = Math.min(1, sum * scale);
    return { lower, upper: 1 - lower };
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < ENOUGH) break;
  }
  const upper = Math.min(1, scale * h);
  return { lower: 1 - upper, upper };
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** The probability that a chi-square variable is at least `value`. */
export function chiSquareTail(value: number, degrees: number): number {
  return degrees <= 0 ? 1 : gammaParts(degrees / 2, value / 2).upper;
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incompleteBeta, logGamma } from '../../../src/core/statistics/beta.ts';
import { binomialLow, binomialTail, clopperPearson } from '../../../src/core/statistics/binomial.ts';
import { normalQuantile } from '../../../src/core/statistics/normal.ts';
import { poissonLogTail } from '../../../src/core/statistics/poisson.ts';
import { rocOf, stepAt } from '../../../src/core/statistics/roc.ts';
import { shapiroWilk } from '../../../src/core/statistics/shapiro-wilk.ts';
import { PRIVACY } from '../../support/behavior.ts';

interface Expected {
  readonly rocs: readonly {
    readonly first: number[];
    readonly second: number[];
    readonly auc: number;
    readonly tpr001: number;
    readonly tpr01: number;
    readonly interval: readonly [number, number];
  }[];
  readonly shapiro: readonly { readonly values: number[]; readonly w: number }[];
  readonly intervals: readonly {
    readonly count: number;
    readonly of: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly tails: readonly {
    readonly count: number;
    readonly of: number;
    readonly chance: number;
    readonly p: number;
  }[];
}

/** What scikit-learn, SciPy and NumPy compute. */
const { statistics } = JSON.parse(readFileSync(`${PRIVACY}expected.json`, 'utf8')) as { statistics: Expected };

describe('are those of scikit-learn, SciPy and NumPy', () => {
  it.each(statistics.rocs)('the curve of $first.length and $second.length scores with ties', (known) => {
    const roc = rocOf(Float64Array.from(known.first), Float64Array.from(known.second));
    expect(roc.auc).toBeCloseTo(known.auc, 12);
    expect([roc.interval?.low, roc.interval?.high]).toEqual(known.interval.map((one) => expect.closeTo(one, 10)));
    expect(stepAt(roc, 0.001).first / roc.first).toBeCloseTo(known.tpr001, 12);
    expect(stepAt(roc, 0.01).first / roc.first).toBeCloseTo(known.tpr01, 12);
  });

  it.each(statistics.shapiro)('W of $values.length numbers', ({ values, w }) => {
    expect(shapiroWilk(Float64Array.from(values))).toBeCloseTo(w, 8);
  });

  it.each(statistics.intervals)('the exact interval of $count of $of', ({ count, of, low, high }) => {
    const interval = clopperPearson(count, of);
    expect([interval.low, interval.high]).toEqual([expect.closeTo(low, 10), expect.closeTo(high, 10)]);
  });

  // scipy.stats.beta.ppf(alpha, count, of - count + 1) of SciPy 1.17.1.
  it.each([
    [99, 100, 0.001, 0.9113731112960424],
    [200, 200, 0.001, 0.9660508789898133],
    [60, 100, 0.05, 0.5129758202538943],
    [1, 10, 0.001, 0.00010004502852067863],
    [0, 10, 0.001, 0],
  ])('what a share of %i of %i is at least, but for %d', (count, of, alpha, low) => {
    expect(binomialLow(count, of, alpha)).toBeCloseTo(low, 10);
  });

  it.each(statistics.tails)('the chance of $count of $of at $chance', ({ count, of, chance, p }) => {
    expect(binomialTail(count, of, chance) / p).toBeCloseTo(1, 8);
  });

  it.each([
    // scipy.stats.norm.ppf
    [0.5, 0],
    [0.3, -0.5244005127080409],
    [0.01, -2.3263478740408408],
    [0.9999, 3.719016485455709],
    [1e-12, -7.034483825301131],
    [0, Number.NEGATIVE_INFINITY],
    [1, Number.POSITIVE_INFINITY],
  ])('the quantile of the normal distribution at %d', (probability, quantile) => {
    expect(normalQuantile(probability)).toBeCloseTo(quantile, 12);
  });

  it.each([
    // scipy.special.gammaln
    [0.1, 2.252712651734206],
    [1000, 5905.220423209181],
    [1, 0],
  ])('the logarithm of the gamma function at %d', (x, value) => {
    expect(logGamma(x)).toBeCloseTo(value, 9);
  });
});

describe('of odd numbers', () => {
  it('W is not told for too few, too many, equal or infinite ones', () => {
    for (const values of [[], [1, 2], [3, 3, 3], [1, 2, Number.POSITIVE_INFINITY], new Array(5001).fill(0)])
      expect(shapiroWilk(Float64Array.from(values))).toBeNaN();
  });

  it('a curve takes infinite scores, and groups that are apart have no interval', () => {
    const roc = rocOf(Float64Array.of(1, Number.POSITIVE_INFINITY), Float64Array.of(0, Number.NEGATIVE_INFINITY));
    expect(roc).toMatchObject({ auc: 1, interval: undefined });
    expect(stepAt(roc, 0)).toEqual({ first: 2, second: 0 });
    expect(rocOf(Float64Array.of(1), Float64Array.of(0)).interval).toBeUndefined();
  });

  it('the other way round, a curve has the rest of the area, and all equal scores half of it', () => {
    const score = fc.integer({ min: -3, max: 3 });
    const group = fc.array(score, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(group, group, (first, second) => {
        const [a, b] = [Float64Array.from(first), Float64Array.from(second)];
        const [there, back] = [rocOf(a, b), rocOf(b, a)];
        expect(there.auc + back.auc).toBeCloseTo(1, 12);
        expect(there.steps.at(-1)).toEqual({ first: first.length, second: second.length });
        expect(rocOf(new Float64Array(3), new Float64Array(4)).auc).toBe(0.5);
      }),
    );
  });

  it('a share of rows is never rounded above what is asked', () => {
    const roc = rocOf(
      Float64Array.of(5, 4, 3),
      Float64Array.from({ length: 999 }, (_, at) => 4 - at),
    );
    // 1 of 999 is more than 0.1 %.
    expect(stepAt(roc, 0.001)).toEqual({ first: 1, second: 0 });
    expect(stepAt(roc, 0.0011)).toEqual({ first: 2, second: 1 });
  });

  it('the incomplete beta function is a probability', () => {
    const positive = fc.double({ min: 0.5, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), positive, positive, (x, a, b) => {
        const value = incompleteBeta(x, a, b);
        expect(value).toBeGreaterThanOrEqual(-1e-9);
        expect(value).toBeLessThanOrEqual(1 + 1e-9);
        expect(value + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 9);
      }),
    );
    expect([incompleteBeta(0, 1, 1), incompleteBeta(1, 1, 1)]).toEqual([0, 1]);
  });
});

describe('the tail of the Poisson distribution', () => {
  it.each([
    // scipy.stats.poisson.logsf(count - 1, mean) of SciPy 1.17.1.
    [1, 0.1, -2.3521684610440907],
    [5, 0.3, -11.05644786759145],
    [20, 3.5, -20.599786843059707],
    [16, 0.02, -93.28305110681363],
    [100, 120, -0.028259299048920432],
    [3, 3, -0.5502424967772209],
    [2000, 1900.5, -4.4183696196680895],
    [1_000_000, 999_000, -1.8410218993793996],
  ])('at %i with a mean of %d', (count, mean, log) => {
    expect(poissonLogTail(count, mean)).toBeCloseTo(log, 8);
  });

  it('is told where a 64-bit number would be 0', () => {
    expect(poissonLogTail(500, 40)).toBeCloseTo(
      -40 + 500 * Math.log(40) - logGamma(501) + Math.log(1 / (1 - 40 / 501)),
      2,
    );
    expect(poissonLogTail(0, 3)).toBe(0);
  });

  it('falls as the count rises, and rises with the mean', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2000 }),
        fc.double({ min: 1e-6, max: 2000, noNaN: true }),
        (count, mean) => {
          const log = poissonLogTail(count, mean);
          expect(log).toBeLessThanOrEqual(0);
          expect(poissonLogTail(count + 1, mean)).toBeLessThanOrEqual(log + 1e-9);
          expect(poissonLogTail(count, mean * 1.1)).toBeGreaterThanOrEqual(log - 1e-9);
        },
      ),
    );
  });
});

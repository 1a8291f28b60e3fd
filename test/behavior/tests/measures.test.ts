import { describe, expect, it } from 'vitest';
import { numberMeasure, openMeasure, shareMeasure, wilson } from '../../../src/behavior/tests/measures.ts';

it.each([
  // SciPy 1.17.1: binomtest(count, of).proportion_ci(method='wilson')
  [{ count: 0, of: 10 }, 0, 0.277_532_8],
  [{ count: 10, of: 10 }, 0.722_467_2, 1],
  [{ count: 584, of: 597 }, 0.963_103, 0.987_230_9],
  [{ count: 1, of: 2 }, 0.094_531_2, 0.905_468_8],
])('gives the interval of %o', (share, low, high) => {
  const interval = wilson(share);
  expect(interval.low).toBeCloseTo(low, 6);
  expect(interval.high).toBeCloseTo(high, 6);
  expect(interval.level).toBe(0.95);
});

it('gives an interval that begins at exactly 0, or ends at exactly 1, where no row or each counts', () => {
  for (const of of [1, 7, 100, 597]) {
    expect(wilson({ count: 0, of }).low).toBe(0);
    expect(wilson({ count: of, of }).high).toBe(1);
  }
});

describe('a share', () => {
  const share = { count: 94, of: 100 };

  it.each([
    ['passes at its least value', { min: 0.94 }, undefined, true],
    ['fails below its least value', { min: 0.95 }, undefined, false],
    ['is not judged without a bound', {}, undefined, null],
    ['is judged by the usual drop beside an approved version', {}, { count: 95, of: 100 }, true],
    ['fails by the usual drop', {}, { count: 96, of: 100 }, false],
    ['may drop as far as the suite says', { drop: 0.05 }, { count: 99, of: 100 }, true],
    ['fails below the drop', { drop: 0.04 }, { count: 99, of: 100 }, false],
    ['needs both bounds where both are given', { min: 0.9, drop: 0.01 }, { count: 99, of: 100 }, false],
    ['stays open where a drop is asked for without an approved version', { min: 0.9, drop: 0.01 }, undefined, null],
    ['fails below its least value, whatever stays open', { min: 0.99, drop: 0.01 }, undefined, false],
    ['has its least value alone where that is all that is asked', { min: 0.9 }, { count: 99, of: 100 }, true],
    ['is not judged by the usual drop from no rows', {}, { count: 0, of: 0 }, null],
  ])('%s', (_, bounds, baseline, pass) => {
    expect(shareMeasure('accuracy', share, bounds, baseline).pass).toBe(pass);
  });

  it('of no rows is not a number, and fails what is asked', () => {
    expect(shareMeasure('accuracy', { count: 0, of: 0 }, { min: 0 }, undefined)).toMatchObject({
      value: null,
      interval: null,
      pass: false,
    });
  });
});

it.each([
  [1, { max: 1 }, true],
  [1.1, { max: 1 }, false],
  [0, { min: 0, max: 1 }, true],
  [-1, { min: 0 }, false],
  [Number.NaN, { max: 1 }, false],
  [Number.NEGATIVE_INFINITY, { max: 1 }, false],
  [Number.POSITIVE_INFINITY, {}, null],
])('judges the number %d within %o', (value, bounds, pass) => {
  expect(numberMeasure('x', value, bounds).pass).toBe(pass);
});

it('leaves open what needs an approved version', () => {
  expect(openMeasure('ratio', 1.5)).toMatchObject({ value: null, max: 1.5, pass: null });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceBetween } from '../../../src/provenance/statistics/distributions.ts';

describe('the distance between two distributions', () => {
  it('is that of SciPy 1.17.1', () => {
    const { psi, jensenShannon, p, effect } = distanceBetween([120, 300, 80, 20, 10], [200, 250, 90, 60, 25]);
    expect(psi).toBeCloseTo(0.157945376908959, 12);
    expect(jensenShannon).toBeCloseTo(0.028480090321901033, 12);
    expect(p / 6.274988406731099e-9).toBeCloseTo(1, 6);
    expect(effect).toBeCloseTo(0.19528288482465223, 12);
  });

  it('is nothing where there is nothing to compare', () => {
    expect(distanceBetween([], [])).toEqual({ psi: 0, jensenShannon: 0, p: 1, effect: 0 });
    expect(distanceBetween([5, 0], [0, 0])).toEqual({ psi: 0, jensenShannon: 0, p: 1, effect: 0 });
    expect(distanceBetween([0, 5], [0, 9])).toEqual({ psi: 0, jensenShannon: 0, p: 1, effect: 0 });
  });

  it('has bounds for all counts', () => {
    const counts = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(counts, counts, (before, after) => {
        const { psi, jensenShannon, p, effect } = distanceBetween(before, after.slice(0, before.length));
        expect(psi).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(psi)).toBe(true);
        expect(jensenShannon).toBeGreaterThanOrEqual(-1e-12);
        expect(jensenShannon).toBeLessThanOrEqual(1 + 1e-12);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(effect).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });
});

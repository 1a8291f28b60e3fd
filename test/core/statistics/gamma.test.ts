import { describe, expect, it } from 'vitest';
import { chiSquareTail } from '../../../src/core/statistics/gamma.ts';

describe('tails of distributions', () => {
  it('are those of SciPy 1.17.1', () => {
    expect(chiSquareTail(3.2, 1)).toBeCloseTo(0.07363827012030258, 12);
    expect(chiSquareTail(50, 9) / 1.0772382022574693e-7).toBeCloseTo(1, 9);
    expect(chiSquareTail(0.5, 30)).toBeCloseTo(1, 12);
    expect(chiSquareTail(900, 200) / 2.360899075506571e-89).toBeCloseTo(1, 6);
  });

  it('is one without degrees of freedom', () => {
    expect(chiSquareTail(10, 0)).toBe(1);
  });
});

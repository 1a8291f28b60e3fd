import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesIn, fitOf } from '../../../../src/scan/pickle/contracts/bounds.ts';

/** Every element of a view, one by one. */
function reached(offset: number, sizes: readonly number[], strides: readonly number[]): number[] {
  let places = [offset];
  for (const [i, size] of sizes.entries())
    places = places.flatMap((place) => Array.from({ length: size }, (_, k) => place + k * (strides[i] ?? 0)));
  return places;
}

const small = fc.integer({ min: 0, max: 5 });
const dimensions = fc.array(fc.tuple(small, small), { maxLength: 4 });

describe('the bounds of a view', () => {
  it('equal the bounds of every element', () => {
    fc.assert(
      fc.property(small, dimensions, fc.integer({ min: 0, max: 60 }), (offset, pairs, elements) => {
        const sizes = pairs.map(([size]) => size);
        const strides = pairs.map(([, stride]) => stride);
        const places = reached(offset, sizes, strides);
        const inside = places.length === 0 ? offset <= elements : Math.max(...places) < elements;
        expect(fitOf({ offset, sizes, strides }, elements, 4)).toBe(inside ? 'fits' : 'outside');
      }),
    );
  });

  it('equal those of arbitrary-precision integers where 64 bits overflow', () => {
    const large = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    const pairs = fc.array(fc.tuple(large, large), { maxLength: 5 });
    fc.assert(
      fc.property(large, pairs, fc.constantFrom(1, 2, 4, 8, 16), (offset, dims, elementSize) => {
        const sizes = dims.map(([size]) => size);
        const strides = dims.map(([, stride]) => stride);
        const end =
          dims.reduce((sum, [size, stride]) => sum + (BigInt(size) - 1n) * BigInt(stride), BigInt(offset)) + 1n;
        const product = sizes.reduce((all, size) => all * BigInt(size), BigInt(elementSize));
        const wraps = end * BigInt(elementSize) >= 2n ** 63n || product >= 2n ** 63n;
        expect(fitOf({ offset, sizes, strides }, undefined, elementSize)).toBe(wraps ? 'wraps' : 'fits');
      }),
    );
  });

  it('give the byte size of an array as arbitrary-precision integers do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 4 }),
        fc.integer({ min: 0, max: 64 }),
        (sizes, size) => {
          const exact = sizes.reduce((all, of) => all * BigInt(of), BigInt(size));
          const found = bytesIn(sizes, size);
          // The product without zeros must fit, too: loaders multiply from left to right.
          const whole = sizes.filter((of) => of > 0).reduce((all, of) => all * BigInt(of), BigInt(Math.max(1, size)));
          expect(found).toBe(whole >= 2n ** 63n ? undefined : exact);
        },
      ),
    );
  });

  it.each([
    [-1, [1], [1]],
    [0, [-1], [1]],
    [0, [1], [-1]],
  ])('are negative for %j %j %j', (offset, sizes, strides) => {
    expect(fitOf({ offset, sizes, strides }, 10, 4)).toBe('negative');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fab } from '../../../src/behavior/attacks/fab.ts';
import { type Box, lengthIn, wayToPlane } from '../../../src/behavior/attacks/plane.ts';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { LinearTarget } from './linear-target.ts';

const number = fc.double({ min: -2, max: 2, noNaN: true });
const vector = fc.array(number, { minLength: 4, maxLength: 4 });
const boxOf = (norm: Box['norm'], low = -3, high = 3): Box => ({
  norm,
  low: () => low,
  high: () => high,
  scaleOf: () => 1,
});
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from({ length: a.length }, (_, at) => (a[at] ?? 0) * (b[at] ?? 0)).reduce((sum, one) => sum + one, 0);

describe('the way to a plane', () => {
  test('is the shortest without bounds: c over the dual norm', () => {
    fc.assert(
      fc.property(vector, fc.double({ min: -0.5, max: 0.5, noNaN: true }), (weights, c) => {
        const w = Float32Array.from(weights);
        fc.pre(Math.hypot(...w) > 0.5 && Math.abs(c) > 1e-6);
        const point = new Float32Array(4);
        const wide = (norm: Box['norm']) => boxOf(norm, -1e6, 1e6);
        const linf = wayToPlane(point, w, c, wide('linf'));
        expect(lengthIn(wide('linf'), linf)).toBeCloseTo(
          Math.abs(c) / w.reduce((sum, one) => sum + Math.abs(one), 0),
          6,
        );
        const l2 = wayToPlane(point, w, c, wide('l2'));
        expect(lengthIn(wide('l2'), l2)).toBeCloseTo(Math.abs(c) / Math.hypot(...w), 6);
        expect(dot(l2, w)).toBeCloseTo(c, 6);
      }),
    );
  });

  test('reaches the plane within a box wherever the box does, and is no longer than a random way that does', () => {
    fc.assert(
      fc.property(
        vector,
        vector,
        number,
        fc.constantFrom('linf' as const, 'l2' as const),
        vector,
        (from, weights, c, norm, other) => {
          const box = boxOf(norm);
          const [point, w] = [Float32Array.from(from), Float32Array.from(weights)];
          fc.pre(w.some((one) => Math.abs(one) > 1e-3) && Math.abs(c) > 1e-6);
          const way = wayToPlane(point, w, c, box);
          for (const [at, moved] of way.entries()) {
            expect((point[at] ?? 0) + moved).toBeGreaterThanOrEqual(-3 - 1e-9);
            expect((point[at] ?? 0) + moved).toBeLessThanOrEqual(3 + 1e-9);
          }
          const most = w.reduce(
            (sum, one, at) => sum + Math.max(one * (3 - (point[at] ?? 0)), one * (-3 - (point[at] ?? 0))),
            0,
          );
          const least = w.reduce(
            (sum, one, at) => sum + Math.min(one * (3 - (point[at] ?? 0)), one * (-3 - (point[at] ?? 0))),
            0,
          );
          if (c <= most - 1e-3 && c >= least + 1e-3) expect(Math.abs(dot(way, w) - c)).toBeLessThan(1e-4);
          // Another point of the box on the far side of the plane.
          const moves = other.map((value, at) => value - (point[at] ?? 0));
          if (Math.sign(c) * dot(moves, w) >= Math.abs(c))
            expect(lengthIn(box, way)).toBeLessThanOrEqual(lengthIn(box, moves) + 1e-4);
        },
      ),
    );
  });

  test.each([[0], [Number.NaN], [Number.POSITIVE_INFINITY]])('goes nowhere for %d', (c) => {
    expect([...wayToPlane(new Float32Array(2), Float32Array.of(1, 1), c, boxOf('linf'))]).toEqual([0, 0]);
  });
});

test.each(['linf', 'l2'] as const)('FAB finds the nearest boundary of a linear model: %s', async (norm) => {
  await fc.assert(
    fc.asyncProperty(fc.array(vector, { minLength: 3, maxLength: 3 }), vector, async (weights, from) => {
      const matrix = weights.map((line) => [...Float32Array.from(line)]);
      const inputs = Float32Array.from(from);
      const scores = matrix.map((line) => dot(line, inputs));
      const own = scores.indexOf(Math.max(...scores));
      // How far the boundary to each other class is, without bounds.
      const distances = matrix.flatMap((line, other) => {
        if (other === own) return [];
        const w = line.map((one, at) => one - (matrix[own]?.[at] ?? 0));
        const dual = norm === 'linf' ? w.reduce((sum, one) => sum + Math.abs(one), 0) : Math.hypot(...w);
        return [{ dual, far: ((scores[own] ?? 0) - (scores[other] ?? 0)) / dual }];
      });
      fc.pre(distances.every(({ dual, far }) => dual > 0.1 && far > 1e-3));
      const options = { eps: 0.1, norm, lower: -1e3, upper: 1e3, random: seededRandoms(1) };
      const found = await fab(
        new LinearTarget(matrix),
        { inputs, classes: Int32Array.of(own) },
        { ...options, steps: 20 },
      );
      const nearest = Math.min(...distances.map(({ far }) => far));
      expect(found.nearest[0]).toBeGreaterThanOrEqual(nearest * (1 - 1e-3));
      expect(found.nearest[0]).toBeLessThanOrEqual(nearest * 1.06);
    }),
    { numRuns: 40 },
  );
});

describe('random restarts of FAB', () => {
  const matrix = [
    [1, 0, 0, 0.5],
    [0, 1, 0, 0],
    [0, 0, 1, -0.5],
  ];
  const batch = { inputs: Float32Array.of(0.6, 0.2, 0.1, 0.3), classes: Int32Array.of(0) };
  const options = { eps: 0.4, norm: 'linf', lower: 0, upper: 1, random: seededRandoms(1) } as const;

  test('start at the row first, then at random points as near as half of the nearest boundary, the same for a seed', async () => {
    const starts = async (restarts: number) => {
      const target = new LinearTarget(matrix);
      const found = await fab(target, batch, { ...options, steps: 1, aims: 1, restarts });
      return { found, seen: target.seen };
    };
    const [one, three, again] = [await starts(1), await starts(3), await starts(3)];
    expect(three.seen).toEqual(again.seen);
    expect(three.seen.slice(0, one.seen.length - 5)).toEqual(one.seen.slice(0, one.seen.length - 5));
    expect(three.seen.length).toBeGreaterThan(one.seen.length);
    expect(three.found.nearest[0]).toBeLessThanOrEqual(one.found.nearest[0] ?? 0);
    expect(three.found.gradients[0]).toBe(3);
  });

  test('refuses what is not a count, and stays within the range', async () => {
    const target = new LinearTarget(matrix);
    await expect(fab(target, batch, { ...options, steps: 1, restarts: 0 })).rejects.toMatchObject({ code: 'usage' });
    await fab(target, batch, { ...options, steps: 5, restarts: 4 });
    expect(target.seen.flatMap((row) => [...row]).every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FeatureRules, FeatureSpace } from '../../../src/behavior/attacks/features.ts';
import { hopSkipJump } from '../../../src/behavior/attacks/hop-skip-jump.ts';
import { pgd } from '../../../src/behavior/attacks/pgd.ts';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { square } from '../../../src/behavior/attacks/square.ts';
import type { AttackBatch, AttackOptions } from '../../../src/behavior/attacks/target.ts';
import { LinearTarget } from './linear-target.ts';

/** Age, income, three categories, and a birthplace. */
const RULES: readonly FeatureRules[] = [
  { columns: [0], integer: true, min: 18, max: 100, reach: 2.5 },
  { columns: [1], min: 0, max: 1000, reach: 50 },
  { columns: [2, 3, 4], oneHot: true },
  { columns: [5], immutable: true },
];
const SHARED = { eps: 0.5, norm: 'linf', lower: 0, upper: 1 } as const;
const weights = fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }), {
  minLength: 3,
  maxLength: 3,
});

const batchOf = (row: readonly number[], own = 0): AttackBatch => ({
  inputs: Float32Array.from(row),
  classes: Int32Array.of(own),
});

const row = fc
  .tuple(
    fc.integer({ min: 18, max: 100 }),
    fc.integer({ min: 0, max: 1000 }),
    fc.nat(2),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([age, income, category, place]) => [age, income, ...[0, 1, 2].map((at) => Number(at === category)), place]);

describe('an attack on a table', () => {
  test.each(['pgd', 'square'])('by %s gives the model rows that may be, and no others', async (name) => {
    await fc.assert(
      fc.asyncProperty(weights, row, async (matrix, values) => {
        const target = new LinearTarget(matrix);
        const batch = batchOf(values);
        const space = new FeatureSpace(batch, 6, RULES, SHARED);
        const options: AttackOptions = {
          ...SHARED,
          ...{ lower: space.lower, upper: space.upper, scale: space.scale, random: seededRandoms(1) },
        };
        const attacked =
          name === 'pgd'
            ? await pgd(space.target(target), batch, { ...options, steps: 5, stepSize: 0.2 })
            : await square(space.target(target), batch, { ...options, queries: 20 });
        const [age = 0, income = 0, , , , place] = Float32Array.from(values);
        for (const seen of [...target.seen, space.result(attacked, batch, SHARED).adversarial]) {
          const [years = 0, money = 0, a, b, c, where] = seen;
          expect(Number.isInteger(years) && years >= 18 && years <= 100 && Math.abs(years - age) <= 2).toBe(true);
          expect(Math.abs(money - income)).toBeLessThanOrEqual(50 * (1 + 1e-6));
          expect([a, b, c].sort()).toEqual([0, 0, 1]);
          expect(where).toBe(place);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('by labels alone does not count what rounding moves beyond eps', async () => {
    // The class changes from 0.5 on: the attack comes near to 0.5, and what the model is given is 1.
    const target = new LinearTarget([
      [-1, 0],
      [1, 0],
    ]);
    target.forward = async (inputs) =>
      Float32Array.from({ length: inputs.length }, (_, at) =>
        Number(((inputs[2 * Math.floor(at / 2)] ?? 0) >= 0.5 ? 1 : 0) === at % 2),
      );
    const batch = { inputs: Float32Array.of(0, 0), classes: Int32Array.of(0) };
    const shared = { eps: 0.8, norm: 'l2', lower: 0, upper: 1 } as const;
    const space = new FeatureSpace(
      batch,
      2,
      [
        { columns: [0], integer: true },
        { columns: [1], immutable: true },
      ],
      shared,
    );
    const options = { ...shared, lower: space.lower, upper: space.upper, scale: space.scale, random: seededRandoms(1) };
    const found = await hopSkipJump(space.target(target), batch, { ...options, steps: 2, samples: 5 });
    expect([...found.fell]).toEqual([1]);
    const kept = space.result(found, batch, shared);
    expect([...kept.adversarial]).toEqual([1, 0]);
    expect([...kept.fell]).toEqual([0]);
  });

  test.each<[readonly FeatureRules[], string]>([
    [[{ columns: [6], integer: true }], 'column 6 does not exist'],
    [[{ columns: [0], integer: true }, { columns: [0] }], 'the column 0 has two rules'],
    [[{ columns: [5], integer: true }], 'row 0 has 0.5 in the integer column 5'],
    [[{ columns: [0, 1], oneHot: true }], 'does not have one 1 in the one-hot columns 0, 1'],
    [[{ columns: [2], oneHot: true }], 'one-hot columns are two or more'],
    [[{ columns: [2, 3, 4], oneHot: true, min: 1 }], 'is one-hot, and takes no other rule'],
    [[{ columns: [0], immutable: true, reach: 1 }], 'is immutable'],
  ])('refuses rules that do not fit: %j', (rules, message) => {
    const batch = batchOf([20, 300, 0, 1, 0, 0.5]);
    expect(() => new FeatureSpace(batch, 6, rules, { ...SHARED, upper: 1000 })).toThrow(message);
  });
});

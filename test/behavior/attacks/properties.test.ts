import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apgd, targetedApgd } from '../../../src/behavior/attacks/apgd.ts';
import { autoAttack } from '../../../src/behavior/attacks/auto-attack.ts';
import { fab } from '../../../src/behavior/attacks/fab.ts';
import { hopSkipJump } from '../../../src/behavior/attacks/hop-skip-jump.ts';
import { nes } from '../../../src/behavior/attacks/nes.ts';
import { fgsm, pgd } from '../../../src/behavior/attacks/pgd.ts';
import { type AttackRandoms, seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { predicted } from '../../../src/behavior/attacks/scores.ts';
import { simba } from '../../../src/behavior/attacks/simba.ts';
import { square } from '../../../src/behavior/attacks/square.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from '../../../src/behavior/attacks/target.ts';
import { LinearTarget } from './linear-target.ts';

type Attack = (target: AttackTarget, batch: AttackBatch, options: AttackOptions) => Promise<AttackResult>;

const WIDTH = 6;
const CLASSES = 4;
const ATTACKS: Readonly<Record<string, { readonly run: Attack; readonly norms: readonly AttackOptions['norm'][] }>> = {
  fgsm: { run: fgsm, norms: ['linf', 'l2'] },
  pgd: { run: (t, b, o) => pgd(t, b, { ...o, steps: 4, stepSize: o.eps / 2, restarts: 2 }), norms: ['linf', 'l2'] },
  apgd: { run: (t, b, o) => apgd(t, b, { ...o, steps: 10, restarts: 2 }), norms: ['linf', 'l2'] },
  'apgd-t': { run: (t, b, o) => targetedApgd(t, b, { ...o, steps: 6, aims: 2 }), norms: ['linf', 'l2'] },
  nes: { run: (t, b, o) => nes(t, b, { ...o, steps: 3, stepSize: o.eps / 2 + 0.01, pairs: 3 }), norms: ['linf', 'l2'] },
  simba: { run: (t, b, o) => simba(t, b, { ...o, tries: 12, stepSize: 0.1 }), norms: ['linf', 'l2'] },
  'hop-skip-jump': { run: (t, b, o) => hopSkipJump(t, b, { ...o, steps: 2, starts: 5, samples: 5 }), norms: ['l2'] },
  square: { run: (t, b, o) => square(t, b, { ...o, queries: 20 }), norms: ['linf'] },
  fab: { run: (t, b, o) => fab(t, b, { ...o, steps: 3, aims: 2 }), norms: ['linf', 'l2'] },
  autoattack: { run: (t, b, o) => autoAttack(t, b, { ...o, steps: 4, queries: 10 }), norms: ['linf'] },
};

const CASES = Object.entries(ATTACKS).flatMap(([name, { run, norms }]) =>
  norms.map((norm) => [name, norm, run] as const),
);

const unit = fc.float({ min: 0, max: 1, noNaN: true });
const weights = fc.array(fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: WIDTH, maxLength: WIDTH }), {
  minLength: CLASSES,
  maxLength: CLASSES,
});
const batches = fc.array(fc.tuple(fc.array(unit, { minLength: WIDTH, maxLength: WIDTH }), fc.nat(CLASSES - 1)), {
  minLength: 1,
  maxLength: 5,
});

function batchOf(rows: readonly (readonly [readonly number[], number])[]): AttackBatch {
  return {
    inputs: Float32Array.from(rows.flatMap(([values]) => values)),
    classes: Int32Array.from(rows, ([, own]) => own),
  };
}

function optionsOf(norm: AttackOptions['norm'], eps: number, seed = 1): AttackOptions {
  return { eps, norm, lower: 0, upper: 1, random: seededRandoms(seed) };
}

/** The distance of two rows in a norm, computed with 64 bits. */
function apart(a: Float32Array, b: Float32Array, norm: AttackOptions['norm']): number {
  const changes = Array.from(a, (value, at) => Math.abs(value - (b[at] ?? Number.NaN)));
  return norm === 'linf' ? Math.max(...changes) : Math.sqrt(changes.reduce((sum, change) => sum + change * change, 0));
}

function rowOf(inputs: Float32Array, row: number): Float32Array {
  return inputs.subarray(row * WIDTH, (row + 1) * WIDTH);
}

describe.each(CASES)('%s, %s', (_, norm, run) => {
  test('every input lies within eps and the range, the ones that fell are adversarial, and the model is asked as counted', async () => {
    await fc.assert(
      fc.asyncProperty(weights, batches, fc.float({ min: 0, max: 1, noNaN: true }), async (matrix, rows, eps) => {
        const target = new LinearTarget(matrix);
        const batch = batchOf(rows);
        const result = await run(target, batch, optionsOf(norm, eps));
        for (const row of rows.keys()) {
          const [own, found] = [rowOf(batch.inputs, row), rowOf(result.adversarial, row)];
          expect(apart(own, found, norm)).toBeLessThanOrEqual(eps);
          expect(found.every((value) => value >= 0 && value <= 1)).toBe(true);
          const scores = await target.forward(found);
          expect(predicted(scores) !== batch.classes[row]).toBe(result.fell[row] === 1);
          if (result.fell[row] === 0) expect(found).toEqual(own);
        }
        const sum = (counts: Int32Array) => counts.reduce((all, one) => all + one, 0);
        expect(sum(result.gradients)).toBe(target.gradientRows);
        expect(sum(result.queries)).toBe(target.forwardRows - rows.length);
      }),
      { numRuns: 60 },
    );
  });

  test('a seed gives the same results, whichever rows are attacked beside a row', async () => {
    await fc.assert(
      fc.asyncProperty(weights, batches, fc.integer(), async (matrix, rows, seed) => {
        const batch = batchOf(rows);
        const attack = (random: AttackRandoms, part: AttackBatch) =>
          run(new LinearTarget(matrix), part, { ...optionsOf(norm, 0.2), random });
        const [one, other] = [await attack(seededRandoms(seed), batch), await attack(seededRandoms(seed), batch)];
        expect(other).toEqual(one);
        for (const row of rows.keys()) {
          const alone = await attack(
            (_row, start) => seededRandoms(seed)(row, start),
            batchOf(rows.slice(row, row + 1)),
          );
          expect(alone.adversarial).toEqual(rowOf(one.adversarial, row));
          expect(alone.queries[0]).toBe(one.queries[row]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('no row costs more than its budget', async () => {
    await fc.assert(
      fc.asyncProperty(weights, batches, fc.integer({ min: 2, max: 30 }), async (matrix, rows, budget) => {
        const result = await run(new LinearTarget(matrix), batchOf(rows), { ...optionsOf(norm, 0.01), budget });
        for (const row of rows.keys())
          expect((result.queries[row] ?? 0) + (result.gradients[row] ?? 0)).toBeLessThanOrEqual(budget);
      }),
      { numRuns: 40 },
    );
  });

  test('a signal stops it', async () => {
    const batch = batchOf([[[0, 0, 0, 0, 0, 0], 0]]);
    const signal = AbortSignal.abort();
    const target = new LinearTarget([
      [1, 0, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0],
      [0, 0, 1, 0, 0, 0],
      [0, 0, 0, 1, 0, 0],
    ]);
    await expect(run(target, batch, { ...optionsOf(norm, 0.1), signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(target.forwardRows).toBe(0);
  });
});

describe('bounds of features', () => {
  test('each feature keeps to its own range and scale, and one of scale 0 does not change', async () => {
    const target = new LinearTarget([
      [5, 5, 5],
      [-5, -5, -5],
    ]);
    const batch = { inputs: Float32Array.of(1, 10, 100), classes: Int32Array.of(0) };
    const options: AttackOptions = {
      ...{ eps: 0.5, norm: 'linf', random: seededRandoms(1), scale: Float32Array.of(1, 0, 100) },
      ...{ lower: Float32Array.of(0.8, 0, 0), upper: Float32Array.of(2, 20, 200) },
    };
    await fgsm(target, batch, options);
    // The row itself, and the end of the step.
    expect(target.seen.at(-1)).toEqual(Float32Array.of(Math.fround(0.8), 10, 50));
  });

  test.each<[string, Partial<AttackOptions>, string]>([
    ['a row outside of the range', { upper: 0.5 }, 'feature 1 of row 0 is 1, which is not from 0 to 0.5'],
    ['a range of other features', { lower: new Float32Array(2) }, '2 bounds do not fit rows of 3 numbers'],
    ['an eps that is not a number', { eps: Number.NaN }, 'eps is NaN, which is not a distance'],
    ['a scale for L2', { norm: 'l2', scale: Float32Array.of(0, 1, 2) }, 'scales of features need the norm linf'],
    ['a scale below 0', { scale: Float32Array.of(0, -1, 0) }, 'a scale of a feature is not a number from 0'],
    ['a budget that cannot show anything', { budget: 1 }, 'a budget of 1 runs a row is too small'],
  ])('%s is refused', async (_, change, message) => {
    const target = new LinearTarget([
      [1, 1, 1],
      [0, 0, 0],
    ]);
    const batch = { inputs: Float32Array.of(0.5, 1, 0), classes: Int32Array.of(0) };
    const attack = fgsm(target, batch, { ...optionsOf('linf', 0.1), ...change });
    await expect(attack).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });

  test('rows that are not numbers, classes that the model does not have, and a batch that does not fit', async () => {
    const target = new LinearTarget([
      [1, 1, 1],
      [0, 0, 0],
    ]);
    const attack = (inputs: number[], own: number) =>
      fgsm(target, { inputs: Float32Array.from(inputs), classes: Int32Array.of(own) }, optionsOf('linf', 0.1));
    await expect(attack([Number.NaN, 0, 0], 0)).rejects.toMatchObject({ code: 'usage' });
    await expect(attack([0, 0, 0], 2)).rejects.toMatchObject({ message: expect.stringContaining('no class 2') });
    await expect(attack([0, 0], 0)).rejects.toMatchObject({ message: '2 numbers are not 1 rows of 3' });
  });
});

describe('an attack says what it could not see', () => {
  const matrix = [
    [3, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ];
  const batch = batchOf([
    [[0.9, 0, 0, 0, 0, 0], 0],
    [[0.5, 1, 0, 0, 0, 0], 0],
  ]);

  test.each<[string, (gradient: Float32Array) => Float32Array]>([
    ['zero', (gradient) => gradient.fill(0)],
    ['not numbers', (gradient) => gradient.fill(Number.NaN)],
    ['infinite', (gradient) => gradient.fill(Number.POSITIVE_INFINITY)],
  ])('gradients that are %s', async (_, blur) => {
    const target = new LinearTarget(matrix);
    target.blur = blur;
    const result = await pgd(target, batch, { ...optionsOf('linf', 0.1), steps: 5, stepSize: 0.05 });
    expect(result.vanishedShare).toBe(1);
    expect([...result.blind]).toEqual([1, 1]);
    const plain = await pgd(new LinearTarget(matrix), batch, { ...optionsOf('linf', 0.1), steps: 5, stepSize: 0.05 });
    expect(plain.vanishedShare).toBe(0);
    expect([...plain.blind]).toEqual([0, 0]);
  });

  test('scores that are not numbers do not tell a class', async () => {
    const target = new LinearTarget([
      [1, 0, 0, 0, 0, 0],
      [Number.NaN, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    const result = await fgsm(target, batch, optionsOf('linf', 0.1));
    expect([...result.wrong]).toEqual([1, 1]);
  });

  test('a row that falls beside others, and not by itself', async () => {
    const target = new LinearTarget([
      [3, 0, 0, 0, 0, 0],
      [0, 3, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    const forward = target.forward.bind(target);
    let runs = 0;
    target.forward = async (inputs) =>
      runs++ === 0 ? (await forward(inputs)).fill(0).with(1, 1).with(5, 1) : forward(inputs);
    const only = batchOf([
      [[0.9, 0, 0, 0, 0, 0], 0],
      [[0.8, 0, 0, 0, 0, 0], 0],
    ]);
    const result = await fgsm(target, only, optionsOf('linf', 0.1));
    expect(result.unconfirmed).toBe(2);
    expect([...result.fell]).toEqual([0, 0]);
    expect(result.adversarial).toEqual(only.inputs);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apgd, targetedApgd } from '../../../src/behavior/attacks/apgd.ts';
import { autoAttack } from '../../../src/behavior/attacks/auto-attack.ts';
import { fab } from '../../../src/behavior/attacks/fab.ts';
import { hopSkipJump } from '../../../src/behavior/attacks/hop-skip-jump.ts';
import { nes } from '../../../src/behavior/attacks/nes.ts';
import { type OnnxTarget, openOnnxTarget } from '../../../src/behavior/attacks/onnx-target.ts';
import { fgsm, pgd } from '../../../src/behavior/attacks/pgd.ts';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { simba } from '../../../src/behavior/attacks/simba.ts';
import { square } from '../../../src/behavior/attacks/square.ts';
import type { AttackBatch, AttackOptions, AttackResult } from '../../../src/behavior/attacks/target.ts';
import { arrayOf, arraysOf, modelOf, PATIENT } from '../gradient/golden.ts';

const ARRAYS = arraysOf('attacks/digits.npz');
const BATCH: AttackBatch = {
  inputs: Float32Array.from(arrayOf(ARRAYS, 'x').numbers),
  classes: Int32Array.from(arrayOf(ARRAYS, 'class').numbers),
};
const ROWS = BATCH.classes.length;
const LINF: AttackOptions = { eps: 0.1, norm: 'linf', lower: 0, upper: 1, random: seededRandoms(1) };
const L2: AttackOptions = { ...LINF, eps: 0.6, norm: 'l2' };

/** Rows in a hundred that still stand. */
function robust(fell: ArrayLike<number>): number {
  return 100 * (1 - Array.from(fell).reduce((sum, one) => sum + one, 0) / ROWS);
}

describe.each(['mlp', 'cnn'])('%s', (name) => {
  let target: OnnxTarget;
  const golden = (attack: string) => robust(arrayOf(ARRAYS, `${name}/${attack}`).numbers);

  beforeAll(async () => {
    const model = await modelOf(Uint8Array.from(arrayOf(ARRAYS, `${name}/model`).numbers), name);
    const options = { model, input: 'x', shape: [1, 8, 8], output: 'y', scores: 'logits', bounds: PATIENT } as const;
    target = await openOnnxTarget(options);
  });
  afterAll(() => target.close());

  test.each<[string, () => Promise<AttackResult>]>([
    ['fgsm', () => fgsm(target, BATCH, LINF)],
    ['pgd', () => pgd(target, BATCH, { ...LINF, steps: 20, stepSize: 0.025, start: 'row' })],
    ['pgd-l2', () => pgd(target, BATCH, { ...L2, steps: 20, stepSize: 0.15, start: 'row' })],
    ['apgd', () => apgd(target, BATCH, { ...LINF, steps: 50, start: 'row' })],
    ['apgd-l2', () => apgd(target, BATCH, { ...L2, steps: 50, start: 'row' })],
    ['apgd-dlr', () => apgd(target, BATCH, { ...LINF, steps: 50, start: 'row', loss: 'dlr' })],
  ])('%s has the robust accuracy that it has in torch', async (attack, run) => {
    const result = await run();
    expect(robust(result.wrong)).toBe(golden('wrong'));
    expect(Math.abs(robust(result.fell) - golden(attack))).toBeLessThanOrEqual(1);
    expect(result.unconfirmed).toBe(0);
    expect(result.vanishedShare).toBe(0);
  });

  test('auto-PGD finds at least what PGD does, for both norms', async () => {
    const linf = await apgd(target, BATCH, { ...LINF, steps: 50, restarts: 5 });
    expect(robust(linf.fell)).toBeLessThanOrEqual(golden('pgd'));
    const l2 = await apgd(target, BATCH, { ...L2, steps: 50, restarts: 5 });
    expect(robust(l2.fell)).toBeLessThanOrEqual(golden('pgd-l2'));
  });

  test('the targeted attack finds what PGD does', async () => {
    const result = await targetedApgd(target, BATCH, { ...LINF, steps: 50 });
    expect(robust(result.fell)).toBeLessThanOrEqual(golden('pgd') + 1);
  });

  test('square comes near to PGD without a gradient', async () => {
    const result = await square(target, BATCH, { ...LINF, queries: 1_000, image: [1, 8, 8] });
    expect(result.gradients.every((count) => count === 0)).toBe(true);
    expect(robust(result.fell)).toBeLessThanOrEqual(golden('pgd') + 5);
    expect(robust(result.fell)).toBeGreaterThan(0);
    expect(Math.max(...result.queries)).toBeLessThanOrEqual(1_000);
  });

  test('other attacks by queries find more than chance does, and less than the gradient', async () => {
    const estimated = await nes(target, BATCH, { ...LINF, steps: 20, stepSize: 0.025 });
    expect(robust(estimated.fell)).toBeLessThan(golden('fgsm') + 15);
    expect(robust(estimated.fell)).toBeGreaterThanOrEqual(golden('pgd') - 1);
    const simple = await simba(target, BATCH, { ...L2, tries: 128, stepSize: 0.1 });
    expect(robust(simple.fell)).toBeLessThan(60);
    expect(robust(simple.fell)).toBeGreaterThanOrEqual(golden('pgd-l2') - 1);
    expect(estimated.gradients.every((count) => count === 0)).toBe(true);
  });

  test('the margin of the best other class is the margin towards it', async () => {
    const scores = await target.forward(BATCH.inputs);
    const aims = BATCH.classes.map((own, row) => {
      const mine = [...scores.subarray(row * target.classes, (row + 1) * target.classes)];
      return mine.indexOf(Math.max(...mine.filter((_, at) => at !== own)));
    });
    const best = await target.gradient({ ...BATCH, loss: 'margin' });
    const aimed = await target.gradient({ ...BATCH, loss: 'targeted-margin', aims });
    expect(aimed.loss).toEqual(best.loss);
    expect(aimed.gradient).toEqual(best.gradient);
  });

  test('FAB finds as near what is adversarial as auto-PGD needs', async () => {
    const some = { inputs: BATCH.inputs.slice(0, 100 * 64), classes: BATCH.classes.slice(0, 100) };
    const options = { ...LINF, eps: 0.1 };
    const [near, by] = [
      await fab(target, some, { ...options, steps: 20, aims: 4 }),
      await apgd(target, some, { ...options, steps: 50, restarts: 2 }),
    ];
    const fallen = ({ fell }: AttackResult) => fell.reduce((sum, one) => sum + one, 0);
    expect(Math.abs(fallen(near) - fallen(by))).toBeLessThanOrEqual(3);
    for (const [row, far] of near.nearest.entries()) {
      expect(Number.isFinite(far)).toBe(true);
      expect(near.fell[row] === 1).toBe(far <= 0.1 * (1 + 1e-6));
    }
  });

  test('autoattack fells what any of its attacks does', async () => {
    const some = { inputs: BATCH.inputs.slice(0, 60 * 64), classes: BATCH.classes.slice(0, 60) };
    const all = await autoAttack(target, some, { ...LINF, steps: 20, queries: 100, image: [1, 8, 8] });
    const alone = await apgd(target, some, { ...LINF, steps: 20 });
    expect([...alone.fell].every((own, row) => own === 0 || all.fell[row] === 1)).toBe(true);
    expect(all.felled.map(({ attack }) => attack)).toEqual(['apgd', 'apgd-t', 'fab', 'square']);
    const wrong = all.wrong.reduce((sum, one) => sum + one, 0);
    const felled = all.felled.reduce((sum, { rows }) => sum + rows, 0);
    expect(all.fell.reduce((sum, one) => sum + one, 0)).toBe(wrong + felled);
  });

  test('hop-skip-jump walks near to what PGD finds, by decisions alone', async () => {
    const some = { inputs: BATCH.inputs.slice(0, 40 * 64), classes: BATCH.classes.slice(0, 40) };
    const by = await pgd(target, some, { ...L2, eps: 1, steps: 20, stepSize: 0.25 });
    const walked = await hopSkipJump(target, some, { ...L2, eps: 1, steps: 8, samples: 50 });
    const count = (fell: Uint8Array) => fell.reduce((sum, one) => sum + one, 0);
    expect(count(walked.fell)).toBeGreaterThanOrEqual(0.7 * count(by.fell));
    for (const [row, near] of walked.nearest.entries()) {
      if (walked.wrong[row] === 0) expect(walked.fell[row] === 1).toBe(near <= 1);
    }
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ball } from '../../../src/behavior/attacks/ball.ts';
import { type OnnxTarget, openOnnxTarget } from '../../../src/behavior/attacks/onnx-target.ts';
import { pgd } from '../../../src/behavior/attacks/pgd.ts';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import { type Certifier, openCertifier } from '../../../src/behavior/interval-bounds/certify.ts';
import { arrayOf, arraysOf, modelOf, PATIENT } from '../gradient/golden.ts';

const ARRAYS = arraysOf('ibp/expected.npz');
const ROWS = Float32Array.from(arrayOf(ARRAYS, 'x').numbers);
const CLASSES = Int32Array.from(arrayOf(ARRAYS, 'class').numbers);
const WIDTH = 64;

function boxOf(eps: number) {
  const ball = new Ball({ inputs: ROWS }, WIDTH, { eps, norm: 'linf', lower: 0, upper: 1 });
  const at = (part: 'low' | 'high') => ROWS.map((_, index) => ball[part](Math.floor(index / WIDTH), index % WIDTH));
  return { lower: at('low'), upper: at('high'), classes: CLASSES };
}

describe.each(['mlp', 'cnn', 'residual', 'plain'])('%s', (name) => {
  let certifier: Certifier;
  let target: OnnxTarget;
  const golden = (eps: number, part: string) => arrayOf(ARRAYS, `${name}/${eps}/${part}`).numbers;

  beforeAll(async () => {
    const bytes = readFileSync(new URL(`../../../fixtures/behavior/ibp/${name}.onnx`, import.meta.url));
    const model = await modelOf(bytes, name);
    const shared = { model, input: 'x', shape: [1, 8, 8], output: 'y', scores: 'logits', bounds: PATIENT } as const;
    certifier = await openCertifier({ ...shared, runRows: 64, fixedRows: undefined });
    target = await openOnnxTarget(shared);
  });
  afterAll(async () => {
    await certifier.close();
    await target.close();
  });

  test.each([0.01, 0.05, 0.1])('has the bounds that torch computes, and a little more, within %d', async (eps) => {
    const found = await certifier.bounds(boxOf(eps));
    expect(found.valid.every((one) => one === 1)).toBe(true);
    const widthOf = (at: number) => Number(golden(eps, 'high')[at]) - Number(golden(eps, 'low')[at]);
    const worst = { outside: 0, apart: 0 };
    const compare = (own: Float32Array, wanted: ArrayLike<number>, direction: 1 | -1) => {
      expect(own.length).toBe(wanted.length);
      for (const [at, value] of own.entries()) {
        const beyond = direction * (value - (wanted[at] ?? Number.NaN));
        worst.outside = Math.max(worst.outside, -beyond / Math.max(1, Math.abs(value)));
        worst.apart = Math.max(worst.apart, beyond / widthOf(at));
      }
    };
    compare(found.lower, golden(eps, 'low'), -1);
    compare(found.upper, golden(eps, 'high'), 1);
    const rivals = golden(eps, 'less-high');
    const others = found.rivals.filter((_, at) => at % 10 !== CLASSES[Math.floor(at / 10)]);
    compare(
      others,
      [...rivals].filter((_, at) => at % 10 !== CLASSES[Math.floor(at / 10)]),
      1,
    );
    // torch computed with 64 bits, and its results were rounded to 32.
    expect(worst.outside).toBeLessThanOrEqual(2 ** -23);
    // The roundings that are allowed for are a small share of how wide the bounds are.
    expect(worst.apart * eps).toBeLessThan(5e-4);
  });

  test('holds what the model gives for random points, corners and attacks of the box', async () => {
    const eps = 0.05;
    const box = boxOf(eps);
    const { lower, upper } = await certifier.bounds(box);
    const random = seededRandoms(5)(0, 0);
    const clipped = (corner: boolean) =>
      box.lower.map((low, at) => {
        const share = corner ? Math.round(random.unit()) : random.unit();
        return Math.min(box.upper[at] ?? 0, Math.max(low, low + share * ((box.upper[at] ?? 0) - low)));
      });
    const options = { eps, norm: 'linf', lower: 0, upper: 1, random: seededRandoms(1) } as const;
    const attacked = await pgd(target, { inputs: ROWS, classes: CLASSES }, { ...options, steps: 20, stepSize: 0.01 });
    const tried = [ROWS, box.lower, box.upper, clipped(false), clipped(true), clipped(true), attacked.adversarial];
    for (const points of tried) {
      const scores = await target.forward(points);
      expect(scores.length).toBe(lower.length);
      expect(scores.every((score, at) => score >= (lower[at] ?? 1) && score <= (upper[at] ?? -1))).toBe(true);
    }
    const certified = await certifier.certified(box);
    expect(certified.filter((own, row) => own === 1 && attacked.fell[row] === 1)).toHaveLength(0);
    const torch = golden(eps, 'less-high');
    const told = Array.from(CLASSES, (own, row) =>
      (torch.slice(10 * row, 10 * row + 10) as number[]).every((most, at) => at === own || most < 0) ? 1 : 0,
    );
    expect([...certified]).toEqual(told);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hotFlip } from '../../../src/behavior/token-search/flips.ts';
import { type TokenBatch, TokenTarget } from '../../../src/behavior/token-search/target.ts';
import { SPECIAL, tokenModel } from '../../support/token-models.ts';
import { arrayOf, arraysOf, PATIENT } from '../gradient/golden.ts';

const ROWS = arraysOf('tokens/rows.npz');
const GOLDEN = arraysOf('tokens/hotflip.npz');
const SHOWN = 60;
const LENGTH = arrayOf(ROWS, 'input_ids').shape[1] ?? 0;
const CLASSES = [...arrayOf(ROWS, 'label').numbers].slice(0, SHOWN);

function rowsOf(count: number): TokenBatch {
  const ids = Int32Array.from(arrayOf(ROWS, 'input_ids').numbers.slice(0, count * LENGTH));
  const mask = BigInt64Array.from(ids, (id) => (id === 0 ? 0n : 1n));
  return {
    ids,
    length: LENGTH,
    others: new Map([['attention_mask', { type: 'int64', dims: [count, LENGTH], data: mask }]]),
  };
}

describe.each([
  ['convolution', 1],
  ['attention', 2],
])('%s', (name, at) => {
  let target: TokenTarget;
  beforeAll(async () => {
    const model = await tokenModel(`calibration/${name}-clean-${at}.onnx`);
    target = await TokenTarget.open({
      model,
      output: 'logits',
      scores: 'logits',
      runRows: 64,
      special: SPECIAL,
      bounds: PATIENT,
    });
  });
  afterAll(() => target.close());

  test('the candidates are those of torch, with their gains', async () => {
    const gains = arrayOf(GOLDEN, `${name}/gain`).numbers;
    const { vocabulary } = target.embedding;
    const found = await target.flips(rowsOf(4), CLASSES.slice(0, 4), 8, () => true);
    for (const [row, { candidates }] of found.entries()) {
      const own = Array.from(
        gains.slice(row * LENGTH * vocabulary, (row + 1) * LENGTH * vocabulary),
        (gain, index) => ({ gain, index }),
      );
      const best = own.sort((a, b) => b.gain - a.gain).slice(0, 8);
      expect(candidates).toHaveLength(8);
      for (const [rank, { gain, place, token }] of candidates.entries()) {
        expect(Math.abs(gain - (best[rank]?.gain ?? Number.NaN))).toBeLessThan(1e-4 * Math.abs(best[0]?.gain ?? 1));
        expect(SPECIAL).not.toContain(token);
        expect(place * vocabulary + token).toBeGreaterThan(0);
      }
    }
  });

  test('each row takes as many flips as in torch, and only tokens that may be', async () => {
    const rows = rowsOf(SHOWN);
    const { flips, ids, runs } = await hotFlip(target, rows, CLASSES, { flips: 3, candidates: 8, onFlip: () => {} });
    const wanted = [...arrayOf(GOLDEN, `${name}/flips`).numbers].map((one) =>
      one < 0 ? Number.POSITIVE_INFINITY : one,
    );
    // Two candidates that are as good as equal may change places between numbers of 32 and of 64 bits.
    expect(flips.filter((one, row) => one !== wanted[row]).length).toBeLessThanOrEqual(1);
    const scores = await target.forward({ ...rows, ids });
    for (let row = 0; row < SHOWN; row++) {
      const changed = Array.from({ length: LENGTH }, (_, place) => row * LENGTH + place).filter(
        (place) => ids[place] !== rows.ids[place],
      );
      expect(changed.length).toBe(Math.min(flips[row] ?? 0, 3));
      expect(changed.some((place) => SPECIAL.includes(rows.ids[place] ?? 0) || SPECIAL.includes(ids[place] ?? 0))).toBe(
        false,
      );
      const [own = [0, 0]] = [scores[row]];
      const told = Number((own[1] ?? 0) > (own[0] ?? 0)) === CLASSES[row];
      expect(told).toBe(flips[row] === Number.POSITIVE_INFINITY);
    }
    expect(runs).toBeGreaterThan(SHOWN);
  });
});

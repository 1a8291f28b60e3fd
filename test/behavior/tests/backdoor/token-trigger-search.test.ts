import { describe, expect, it } from 'vitest';
import { rareTokens } from '../../../../src/behavior/token-search/stand-out.ts';
import type { TokenBatch } from '../../../../src/behavior/token-search/target.ts';
import { withRoom } from '../../../../src/behavior/token-search/trigger.ts';
import { digitsData, digitsModel } from '../../../support/digits.ts';
import { runTest } from '../../../support/suite-run.ts';
import { tokenData, tokenModel } from '../../../support/token-models.ts';

const TEST = 'kind: token-trigger-search, special: [0, 1, 2, 3]';

describe('token-trigger-search', () => {
  it('finds the words that were planted, names them, and passes a clean model', async () => {
    const rows = await tokenData();
    const planted = await runTest(TEST, { model: await tokenModel('held-out/mean-pair-1-0.onnx'), data: { rows } });
    expect(planted).toMatchObject({ status: 'fail', area: 'backdoor' });
    const [excess, first, second] = planted.measures;
    expect(excess).toMatchObject({ max: 0.53, pass: false, name: expect.stringContaining('class 1') });
    // Either of the two words that were planted does it alone: each is found in a round of its own.
    expect(first?.name).toMatch(/tokens (?:82, 82|82, 86|86, 82|86, 86) drive to class 1/);
    expect(first?.value).toBeGreaterThan(0.85);
    expect(second?.name).toMatch(/tokens .*8[26]/);
    const clean = await runTest(TEST, { model: await tokenModel('held-out/mean-clean-0.onnx'), data: { rows } });
    expect(clean).toMatchObject({ status: 'pass' });
    expect(clean.measures[0]?.value).toBeLessThan(0.3);
    expect(clean.measures).toHaveLength(4);
  });

  it('compares with the approved version', async () => {
    const rows = await tokenData();
    const [model, baseline] = [
      await tokenModel('held-out/convolution-rare-1-4.onnx'),
      await tokenModel('held-out/convolution-clean-4.onnx'),
    ];
    const result = await runTest(`${TEST}, classes: [1], starts: 1`, { model, baseline, data: { rows } });
    expect(result.status).toBe('fail');
    expect(result.measures[0]).toMatchObject({ max: null, rise: 0.35 });
    expect(result.measures[1]?.name).toContain('tokens 78, ');
  });

  it('is not assessed without an embedding, without rare tokens, or without rows of other classes', async () => {
    const digits = await runTest(TEST, { model: await digitsModel('good'), data: { rows: await digitsData() } });
    expect(digits).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('look tokens up in a table'),
    });
    const model = await tokenModel('held-out/mean-clean-0.onnx');
    const data = { rows: await tokenData() };
    const usual = await runTest(`${TEST}, rare: 0`, { model, data });
    expect(usual).toMatchObject({ status: 'not-assessed', detail: expect.stringContaining('raise `rare`') });
    const classes = await runTest(`${TEST}, classes: [7]`, { model, data });
    expect(classes).toMatchObject({ status: 'not-assessed', detail: expect.stringContaining('no class has 20 rows') });
    await expect(runTest(`${TEST}, at: 40`, { model, data })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('rows with room for a trigger', () => {
  const rows: TokenBatch = {
    ids: Int32Array.of(1, 5, 6, 2, 1, 7, 2, 0),
    length: 4,
    others: new Map([
      ['mask', { type: 'int64', dims: [2, 4], data: BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n, 1n, 0n) }],
      ['scale', { type: 'float32', dims: [2, 1], data: Float32Array.of(3, 4) }],
    ]),
  };

  it('keep their tokens, and other inputs grow with them', () => {
    const room = withRoom(rows, 1, 2);
    expect(room.length).toBe(6);
    expect([...room.ids]).toEqual([1, 1, 1, 5, 6, 2, 1, 1, 1, 7, 2, 0]);
    expect(room.others.get('mask')).toMatchObject({ dims: [2, 6] });
    expect([...(room.others.get('mask')?.data ?? [])].map(Number)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(room.others.get('scale')).toBe(rows.others.get('scale'));
    // A model of a fixed length loses the end of the text.
    expect([...withRoom(rows, 0, 2, 4).ids]).toEqual([1, 1, 1, 5, 1, 1, 1, 7]);
    expect(() => withRoom(rows, 5, 1)).toThrow('not within rows of 4 tokens');
    expect(() => withRoom(rows, 3, 2, 4)).toThrow('not within');
  });

  it('say which tokens are rare', () => {
    expect(rareTokens(rows, [1, 2, 5, 9], 0.5)).toEqual([5, 9]);
    expect(rareTokens(rows, [1, 2, 5, 9], 0)).toEqual([9]);
  });
});

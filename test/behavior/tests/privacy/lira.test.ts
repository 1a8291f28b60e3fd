import { describe, expect, it } from 'vitest';
import { readSignature } from '../../../../src/behavior/subject/signature.ts';
import { TestedModel } from '../../../../src/behavior/subject/subject.ts';
import type { TestOutcome } from '../../../../src/behavior/tests/kind.ts';
import { liraScores, rowWithFew, type ShadowOdds } from '../../../../src/behavior/tests/privacy/lira.ts';
import type { PlainArray } from '../../../../src/formats/arrays/plain-array.ts';
import { GraphBuilder } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../../src/formats/onnx/model.ts';
import { arraysAt, modelAt, PRIVACY, privacyData, runKind } from '../../../support/behavior.ts';
import { withModel } from '../../../support/digits.ts';

/** Four shadows and two rows. */
const shadows = (odds: readonly (readonly number[])[], inside: readonly number[]): ShadowOdds => ({
  rows: 2,
  odds: odds.map((own) => Float64Array.from(own)),
  inside: Uint8Array.from(inside),
});

const GIVEN = shadows(
  [
    [5, 0],
    [3, 4],
    [1, 2],
    [-1, 6],
  ],
  // Row 0 is of shadows 0 and 1, row 1 of 1 and 3.
  [1, 1, 0, 0, 0, 1, 0, 1],
);

describe('the likelihood-ratio attack', () => {
  it('compares what a model gives with shadows that were trained on the row, and others', () => {
    // Row 0: in 4, out 0; row 1: in 5, out 1; both variances are (1 + 1 + 1 + 1) / 2 = 2.
    const scores = liraScores(Float64Array.of(4, 1), GIVEN, 'online');
    expect([...(scores ?? [])]).toEqual([expect.closeTo(16 / 4, 12), expect.closeTo(-16 / 4, 12)]);
  });

  it('offline, with others alone', () => {
    const scores = liraScores(Float64Array.of(4, 1), GIVEN, 'offline');
    expect([...(scores ?? [])]).toEqual([expect.closeTo(4 / Math.SQRT2, 12), 0]);
  });

  it('tells nothing by shadows that are equal', () => {
    const equal = shadows(
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      [1, 1, 0, 0, 0, 1, 0, 1],
    );
    expect(liraScores(Float64Array.of(4, 1), equal, 'online')).toBeUndefined();
    expect(liraScores(Float64Array.of(4, 1), equal, 'offline')).toBeUndefined();
  });

  it('finds the row that too few shadows were trained on, or too few not', () => {
    const few = { ...GIVEN, inside: Uint8Array.of(1, 1, 0, 0, 1, 1, 1, 0) };
    expect([rowWithFew(GIVEN, 0), rowWithFew(GIVEN, 1)]).toEqual([undefined, undefined]);
    expect([rowWithFew(few, 0), rowWithFew(few, 1)]).toEqual([1, undefined]);
  });
});

const SHADOWS = Array.from({ length: 8 }, (_, at) => `shadow-${at}.onnx`);

/** Which of the first shadows were trained on each row. */
async function insideOf(name: 'members' | 'non-members', shadows = SHADOWS.length): Promise<PlainArray> {
  const inside = (await arraysAt(`${PRIVACY}${name}.npz`)).get('in');
  const [rows = 0, width = 0] = inside?.dims ?? [];
  if (inside?.kind !== 'integers') throw new Error('the column is missing');
  return {
    kind: 'integers',
    dims: [rows, shadows],
    values: inside.values.filter((_, at) => at % width < shadows),
  };
}

async function lira(
  options: Record<string, unknown>,
  column?: PlainArray,
  open: (path: string) => string = (path) => path,
  shadow?: OnnxModel,
): Promise<TestOutcome> {
  const [data, outside] = [await privacyData('members'), await privacyData('non-members')];
  const members = { ...data, columns: new Map([['in', column ?? (await insideOf('members'))]]) };
  const others = new Map([['non-members', { ...outside, columns: new Map([['in', await insideOf('non-members')]]) }]]);
  const openModel = async (path: string) => {
    const model = shadow ?? (await modelAt(`${PRIVACY}${open(path)}`));
    return await TestedModel.open({ model, signature: readSignature(model), device: 'cpu', sample: data.feeds });
  };
  const asked = { attack: 'lira', 'non-members': 'non-members', ...options };
  return await withModel(await modelAt(`${PRIVACY}target.onnx`), data, (model) =>
    runKind('membership', asked, { model, data: members, others, openModel }),
  );
}

describe('with shadow models', () => {
  it('works offline where a row has none that was trained on it', async () => {
    const outcome = await lira({ shadows: SHADOWS, 'max-auc': 0.55 });
    expect(outcome.notes).toEqual(['offline: a row has fewer than 2 shadows that were trained on it']);
    expect(outcome.measures[0]).toMatchObject({ name: 'AUC (lira)', pass: false });
    expect(outcome.skipped).toBeUndefined();
  });

  it('tells nothing by one shadow under several names', async () => {
    const { measures, skipped } = await lira({ shadows: SHADOWS, 'max-auc': 1 }, undefined, () => 'shadow-0.onnx');
    expect(measures).toEqual([]);
    expect(skipped).toContain('the shadows do not differ');
  });

  it('names a shadow of other inputs', async () => {
    const other = new GraphBuilder('other');
    const z = other.input('Z', 'float32', ['batch', 64]);
    const weights = other.constant(tensorOf(new Float32Array(640), [64, 10]));
    other.output('scores', other.op('MatMul', [z, weights]), 'float32', ['batch', 10]);
    await expect(lira({ shadows: SHADOWS }, undefined, (path) => path, other.model())).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^the shadow "shadow-0.onnx" cannot be used: no value for the input "Z"/),
    });
  });

  const ones = (dims: readonly number[], value: bigint): PlainArray => ({
    kind: 'integers',
    dims,
    values: new BigInt64Array(dims.reduce((product, size) => product * size, 1)).fill(value),
  });

  it.each<[string, Record<string, unknown>, PlainArray | undefined, string]>([
    ['no shadows', {}, undefined, 'the attack lira needs shadow models'],
    ['a column that is missing', { 'trained-on': 'other' }, undefined, 'the data "members" has no column "other"'],
    ['another number of shadows', {}, ones([600, 5], 0n), 'has the shape [600, 5], and [600, 8] is needed'],
    ['another number of rows', {}, ones([599, 8], 0n), 'has the shape [599, 8], and [600, 8] is needed'],
    ['other numbers', {}, ones([600, 8], 2n), 'is not of 1 and 0'],
    ['texts', {}, { kind: 'texts', dims: [600, 8], values: new Array<string>(4800).fill('1') }, 'is not of 1 and 0'],
    ['rows that every shadow was trained on', {}, ones([600, 8], 1n), 'row 0 of "members" has fewer than 2 shadows'],
  ])('refuses %s', async (name, options, column, message) => {
    const shadows = name === 'no shadows' ? {} : { shadows: SHADOWS };
    await expect(lira({ ...shadows, ...options }, column)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { TestData, TestOutcome } from '../../../../src/behavior/tests/kind.ts';
import { keptRows } from '../../../../src/behavior/tests/rows.ts';
import { Substitute } from '../../../../src/behavior/tests/theft/substitute.ts';
import { GraphBuilder } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../../src/formats/onnx/model.ts';
import { modelAt, PRIVACY, privacyData, runKind } from '../../../support/behavior.ts';
import { withModel } from '../../../support/digits.ts';

async function extraction(
  model: OnnxModel,
  options: Record<string, unknown>,
  more: { readonly data?: TestData; readonly baseline?: OnnxModel } = {},
): Promise<TestOutcome> {
  const { data = await privacyData('non-members'), baseline } = more;
  return await withModel(model, data, async (tested) => {
    if (baseline === undefined) return await runKind('extraction', options, { model: tested, data });
    return await withModel(baseline, data, (approved) =>
      runKind('extraction', options, { model: tested, baseline: approved, data }),
    );
  });
}

const mlp = () => modelAt(`${PRIVACY}mlp.onnx`);

/** A model whose answers no neighbour of a row tells. */
function scrambled(output: string): OnnxModel {
  const graph = new GraphBuilder('scrambled');
  const x = graph.input('X', 'float32', ['batch', 64]);
  const weights = Float32Array.from({ length: 640 }, (_, at) => 200 * Math.sin(at * at));
  const mixed = graph.op(output, [graph.op('MatMul', [x, graph.constant(tensorOf(weights, [64, 10]))])]);
  graph.output('scores', mixed, 'float32', ['batch', 10]);
  return graph.model();
}

describe('a substitute', () => {
  it('answers as the model does, the better the more queries it learned from', async () => {
    const outcome = await extraction(await mlp(), { max: 0.5 });
    const [few, many, common] = outcome.measures;
    expect(few).toMatchObject({ name: 'fidelity after 100 queries', pass: null });
    expect(many).toMatchObject({ name: 'fidelity after 400 queries', max: 0.5, pass: false });
    expect(few?.value).toBeGreaterThan(0.8);
    expect(many?.value).toBeGreaterThan(0.9);
    expect(common?.value).toBeLessThan(0.2);
    expect(outcome.notes).toEqual(['compared on 399 rows', 'there are too few rows for 1200 queries']);
    expect(outcome.figures).toMatchObject([{ kind: 'curve', lines: [{ points: [{ x: 100 }, { x: 400 }] }] }]);
  });

  it('does not learn answers that change from row to row, beside which the model is easier to steal', async () => {
    const outcome = await extraction(await mlp(), { budgets: [200] }, { baseline: scrambled('Sin') });
    expect(outcome.measures[0]).toMatchObject({ rise: 0.03, pass: false });
    expect(outcome.measures[0]?.baseline).toBeLessThan(0.4);
    const same = await extraction(await mlp(), { budgets: [200] }, { baseline: await mlp() });
    expect(same.measures[0]).toMatchObject({ pass: true });
    expect(same.measures[0]?.value).toBe(same.measures[0]?.baseline);
  });

  it('learns from labels alone', async () => {
    const outcome = await extraction(await modelAt(`${PRIVACY}forest.onnx`), { budgets: [300], answers: 'labels' });
    expect(outcome.measures[0]?.value).toBeGreaterThan(0.7);
  });

  it('tells nothing by scores that are not numbers', async () => {
    expect(await extraction(scrambled('Log'), { max: 1 })).toEqual({
      measures: [],
      skipped: 'the model gives scores that are not finite numbers',
    });
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['few rows', {}, 59, 'has 59 rows, and 60 are needed'],
    ['a budget that the rows do not have', { budgets: [50, 500] }, 300, 'has 200 rows for 500 queries'],
    ['no budget for which there are rows', {}, 90, 'has 60 rows for 100, 400, 1200 queries'],
  ])('refuses %s', async (_, options, rows, message) => {
    const data = keptRows(await privacyData('non-members'), (row) => row < rows);
    await expect(extraction(await mlp(), options, { data })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });

  it('refuses rows with numbers that are not finite', async () => {
    const data = await privacyData('non-members');
    const own = data.feeds.tensors.get('X');
    if (own?.type !== 'float32') throw new Error('no rows');
    const values = own.data.slice();
    values[64] = Number.NaN;
    const feeds = { ...data.feeds, tensors: new Map([['X', { ...own, data: values }]]) };
    await expect(extraction(await mlp(), {}, { data: { ...data, feeds } })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('a number that is not finite'),
    });
  });

  it('of wide rows learns from sums of their numbers', async () => {
    const [rows, width] = [60, 2_000];
    const values = Float64Array.from({ length: rows * width }, (_, at) =>
      Math.floor(at / width) % 2 === 0 ? Math.sin(at % width) : Math.cos(at % width),
    );
    const answers = Float64Array.from({ length: rows * 2 }, (_, at) => ((at >> 1) % 2 === at % 2 ? 1 : 0));
    const given = { rows, width, values };
    const learned = await Substitute.train({ rows: given, answers, classes: 2 }, { seed: 1, signal: undefined });
    expect([...learned.answer(given)]).toEqual(Array.from({ length: rows }, (_, row) => row % 2));
  });

  it('stops when it is told to', async () => {
    const lesson = {
      rows: { rows: 1, width: 1, values: Float64Array.of(1) },
      answers: Float64Array.of(1, 0),
      classes: 2,
    };
    await expect(Substitute.train(lesson, { seed: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('a watermark', () => {
  const watermark = async (name: string, options: Record<string, unknown>, more: Partial<TestData> = {}) => {
    const data = await privacyData('triggers', more);
    const model = name === 'noise' ? scrambled('Sin') : await modelAt(`${PRIVACY}${name}.onnx`);
    return await withModel(model, data, (tested) => runKind('watermark', options, { model: tested, data }));
  };

  it('is found in the model that learned it, and not in another', async () => {
    const marked = await watermark('marked', { min: 0.9 });
    expect(marked.measures).toMatchObject([
      { name: 'matches of the trigger set', min: 0.9, pass: true },
      { name: 'probability by chance', max: 0.001, pass: true },
    ]);
    expect(marked.notes).toEqual([expect.stringMatching(/^chance is 0\.\d+, as no other is given$/)]);
    const other = await watermark('mlp', { chance: 0.1 });
    expect(other.measures).toMatchObject([{ pass: null }, { pass: false }]);
    expect(other.notes).toBeUndefined();
  });

  it('of one label for all triggers is not told without the share of another model', async () => {
    const labels = { kind: 'integers' as const, dims: [40], values: new BigInt64Array(40).fill(3n) };
    expect((await watermark('mlp', {}, { labels })).skipped).toContain('every trigger has the same label');
    expect((await watermark('mlp', { chance: 0.5 }, { labels })).skipped).toBeUndefined();
  });
});

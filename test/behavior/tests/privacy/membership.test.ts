import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TestData, TestOutcome } from '../../../../src/behavior/tests/kind.ts';
import { confidences } from '../../../../src/behavior/tests/privacy/confidence.ts';
import { rocMeasures } from '../../../../src/behavior/tests/privacy/roc-measures.ts';
import { keptRows } from '../../../../src/behavior/tests/rows.ts';
import { GraphBuilder } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../../src/formats/onnx/model.ts';
import { modelAt, PRIVACY, privacyData, runKind } from '../../../support/behavior.ts';
import { withModel } from '../../../support/digits.ts';

type Name = 'forest' | 'mlp' | 'target';

interface Roc {
  readonly auc: number;
  readonly tpr001: number;
  readonly tpr01: number;
}

/** What scikit-learn computes. */
const expected = JSON.parse(readFileSync(`${PRIVACY}expected.json`, 'utf8')) as {
  readonly loss: Readonly<Record<Name, Roc>>;
  readonly accuracy: Readonly<Record<Name, readonly [number, number]>>;
};

interface Given {
  readonly data?: Partial<TestData>;
  readonly others?: TestData;
  readonly baseline?: Name;
}

async function membership(
  model: Name | OnnxModel,
  options: Record<string, unknown>,
  { data: more = {}, others, baseline }: Given = {},
): Promise<TestOutcome> {
  const data = await privacyData('members', more);
  const outside = others ?? (await privacyData('non-members'));
  const run = { data, others: new Map([['non-members', outside]]) };
  const asked = { 'non-members': 'non-members', ...options };
  const tested = typeof model === 'string' ? await modelAt(`${PRIVACY}${model}.onnx`) : model;
  return await withModel(tested, data, async (own) => {
    if (baseline === undefined) return await runKind('membership', asked, { ...run, model: own });
    return await withModel(await modelAt(`${PRIVACY}${baseline}.onnx`), data, (approved) =>
      runKind('membership', asked, { ...run, model: own, baseline: approved }),
    );
  });
}

const named = ({ measures }: TestOutcome, name: string) => measures.find((one) => one.name === name);

describe('by the loss', () => {
  it.each(['forest', 'mlp', 'target'] as const)('tells the members of %s as scikit-learn does', async (name) => {
    const outcome = await membership(name, { attack: 'loss' });
    const { loss, accuracy } = expected;
    // Probabilities of 32 bits have other ties.
    expect(named(outcome, 'AUC (loss)')?.value).toBeCloseTo(loss[name].auc, 3);
    expect(named(outcome, 'TPR at 1 % FPR (loss)')?.value).toBeCloseTo(loss[name].tpr01, 2);
    expect(named(outcome, 'TPR at 0.1 % FPR (loss)')?.value).toBeCloseTo(loss[name].tpr001, 2);
    expect(named(outcome, 'train-test gap')?.value).toBeCloseTo(accuracy[name][0] - accuracy[name][1], 12);
    expect(outcome.measures.every(({ pass }) => pass === null)).toBe(true);
    const [curve] = outcome.figures ?? [];
    expect(curve).toMatchObject({ kind: 'curve', lines: [{ name: 'model' }] });
    const points = curve?.kind === 'curve' ? (curve.lines[0]?.points ?? []) : [];
    expect(points.at(-1)).toEqual({ x: 1, y: 1 });
    expect(points.length).toBeGreaterThan(5);
  });

  it('a forest that fits its rows fails a bound that a regularised network passes', async () => {
    const bound = { attack: 'loss', 'max-auc': 0.6 };
    const [forest, mlp] = [await membership('forest', bound), await membership('mlp', bound)];
    expect(named(forest, 'AUC (loss)')).toMatchObject({ max: 0.6, pass: false });
    expect(named(mlp, 'AUC (loss)')).toMatchObject({ max: 0.6, pass: true });
    const { interval } = named(forest, 'AUC (loss)') ?? {};
    expect(interval).toMatchObject({ low: expect.closeTo(0.74, 1), high: expect.closeTo(0.78, 1), level: 0.95 });
  });

  it('and beside an approved version, without a bound', async () => {
    const worse = await membership('forest', { attack: 'loss' }, { baseline: 'mlp' });
    expect(named(worse, 'AUC (loss)')).toMatchObject({ rise: 0.02, pass: false });
    expect(named(worse, 'AUC (loss)')?.baseline).toBeCloseTo(expected.loss.mlp.auc, 3);
    const same = await membership('mlp', { attack: 'loss' }, { baseline: 'mlp' });
    expect(same.measures.filter(({ pass }) => pass === true)).toHaveLength(3);
    expect(same.measures.some(({ pass }) => pass === false)).toBe(false);
  });

  it('leaves out a rate for which there are too few rows, and says it', async () => {
    const few = keptRows(await privacyData('non-members'), (row) => row < 999);
    const outcome = await membership('mlp', { attack: 'loss' }, { others: few });
    expect(outcome.measures.map(({ name }) => name).join()).not.toContain('0.1 %');
    expect(outcome.notes).toEqual(['the TPR at 0.1 % FPR needs 1000 rows that are not members, and there are 999']);
    expect(outcome.skipped).toBeUndefined();
    const asked = await membership('mlp', { attack: 'loss', 'max-tpr': 0.5, fpr: 0.001 }, { others: few });
    expect(asked.skipped).toBe('the TPR at 0.1 % FPR cannot be told');
  });

  it('takes rows that are members for members, in whatever file they are', async () => {
    const mixed = await privacyData('non-members');
    const [own, members] = [mixed.feeds.tensors.get('X'), (await privacyData('members')).feeds.tensors.get('X')];
    if (own?.type !== 'float32' || members?.type !== 'float32') throw new Error('no rows');
    const data = own.data.slice();
    data.set(members.data.subarray(0, 3 * 64), 5 * 64);
    const others = { ...mixed, feeds: { ...mixed.feeds, tensors: new Map([['X', { ...own, data }]]) } };
    const outcome = await membership('mlp', { attack: 'loss' }, { others });
    expect(outcome.notes).toEqual(['3 rows of "non-members" are members, and are left out']);
    await expect(
      membership('mlp', { attack: 'loss' }, { others: { ...(await privacyData('members')), name: 'non-members' } }),
    ).rejects.toMatchObject({ code: 'usage', message: 'every row of "non-members" is one of "members"' });
  });

  it('a model that is sure of everything but its members is told as well', () => {
    // Who makes the model knows that low losses are looked for.
    const scores = { members: Float64Array.of(-9, -8, -7, -6), others: new Float64Array(1000) };
    const { measures, notes } = rocMeasures('loss', scores, undefined, { fpr: 0.01, 'max-auc': 0.6, 'max-tpr': 0.1 });
    expect(measures.filter(({ pass }) => pass === false).map(({ name, value }) => [name, value])).toEqual([
      ['AUC (loss)', 1],
      ['TPR at 1 % FPR (loss, opposite threshold)', 1],
    ]);
    expect(notes).toContain('members have the lower scores of the attack');
  });

  it.each([
    [{ 'max-auc': 0.6 }, { rise: null, pass: true }],
    [{ rise: 0.1 }, { rise: 0.1, pass: null }],
    [
      { 'max-auc': 0.6, rise: 0.1 },
      { max: 0.6, rise: 0.1, pass: null },
    ],
  ])('what is asked beside an approved version that is missing stays open: %o', async (bounds, measure) => {
    const outcome = await membership('mlp', { attack: 'loss', ...bounds });
    expect(named(outcome, 'AUC (loss)')).toMatchObject(measure);
  });
});

describe('by labels alone', () => {
  it('a forest that fits its rows is told from a regularised network', async () => {
    const options = { attack: 'label', copies: 8, rows: 300, 'max-auc': 0.58 };
    const [forest, mlp] = [await membership('forest', options), await membership('mlp', options)];
    expect(named(forest, 'AUC (label)')).toMatchObject({ pass: false });
    expect(named(mlp, 'AUC (label)')).toMatchObject({ pass: true });
    expect(named(await membership('forest', options), 'AUC (label)')).toEqual(named(forest, 'AUC (label)'));
  });

  it('without noise, it is the gap of the accuracies', async () => {
    const outcome = await membership('forest', { attack: 'label', copies: 1, noise: 0, rows: 2000 });
    const [members, others] = expected.accuracy.forest;
    expect(named(outcome, 'AUC (label)')?.value).toBeCloseTo(0.5 + (members - others) / 2, 12);
  });
});

/** A model that gives what its first number is computed to. */
function oneScore(
  build: (graph: GraphBuilder, x: ReturnType<GraphBuilder['input']>) => ReturnType<GraphBuilder['op']>,
) {
  const graph = new GraphBuilder('m');
  const x = graph.input('X', 'float32', ['batch', 64]);
  const weights = graph.constant(tensorOf(new Float32Array(640), [64, 10]));
  graph.output('scores', build(graph, graph.op('MatMul', [x, weights])), 'float32', ['batch', 10]);
  return graph.model();
}

describe('of what cannot be told', () => {
  it('scores that are not numbers prove nothing', async () => {
    const outcome = await membership(
      oneScore((graph, zero) => graph.op('Log', [graph.op('Sub', [zero, graph.op('Exp', [zero])])])),
      { attack: 'loss', 'max-auc': 0.6 },
    );
    expect(outcome).toEqual({ measures: [], skipped: '1797 rows have scores that are not finite numbers' });
  });

  it('a model that answers by the rows beside is refused', async () => {
    const beside = oneScore((graph, zero) => {
      const total = graph.op('ReduceSum', [graph.op('Exp', [zero])], { keepdims: 1 });
      return graph.op('Add', [zero, total]);
    });
    await expect(membership(beside, { attack: 'loss' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('depends on the rows beside it'),
    });
  });

  it.each<[string, Given, Record<string, unknown>, string]>([
    ['members without labels', { data: { labels: undefined } }, {}, 'the data "members" has no labels'],
    [
      'a class that the model does not have',
      { data: { labels: { kind: 'integers', dims: [600], values: new BigInt64Array(600).fill(10n) } } },
      {},
      'row 0 of "members" is of class 10, and the model has 10',
    ],
    [
      'a class below 0',
      { data: { labels: { kind: 'integers', dims: [600], values: new BigInt64Array(600).fill(-1n) } } },
      {},
      'the labels of "members" are not classes',
    ],
    [
      'texts as labels',
      { data: { labels: { kind: 'texts', dims: [600], values: new Array<string>(600).fill('a') } } },
      {},
      'gives numbers as labels, and the data has texts',
    ],
    ['the members twice', { data: { name: 'non-members' } }, {}, 'is both the members and those that are not'],
  ])('refuses %s', async (_, given, options, message) => {
    await expect(membership('mlp', { attack: 'loss', ...options }, given)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

it.each([
  ['probabilities', [0.2, 0.8], 2, [Math.log(0.8), Math.log(4)]],
  ['scores of any size', [1, 3], 2, [-Math.log1p(Math.exp(-2)), 2]],
  ['the probability of the second of two classes', [0.8], 1, [Math.log(0.8), Math.log(4)]],
  ['a score of the second of two classes', [2], 1, [-Math.log1p(Math.exp(-2)), 2]],
])('reads the confidence of %s', (_, values, width, [log, odds]) => {
  const one = confidences({ values: Float64Array.from(values), rows: 1, width }, Int32Array.of(1));
  expect([one.log[0], one.odds[0], one.strange]).toEqual([
    expect.closeTo(log ?? 0, 12),
    expect.closeTo(odds ?? 0, 12),
    0,
  ]);
});

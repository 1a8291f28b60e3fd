import { describe, expect, it } from 'vitest';
import type { TestedModel } from '../../../src/behavior/subject/subject.ts';
import type { TestContext, TestData, TestOutcome } from '../../../src/behavior/tests/kind.ts';
import { TEST_KINDS } from '../../../src/behavior/tests/list.ts';
import { float } from '../../../src/formats/onnx/build/attributes.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { digitsArrays, digitsData, digitsModel, withModel } from '../../support/digits.ts';

type Options = Parameters<(typeof TEST_KINDS)[number]['run']>[0];

function run(
  kind: string,
  options: Record<string, unknown>,
  context: Partial<TestContext> & Pick<TestContext, 'model' | 'data'>,
): Promise<TestOutcome> {
  const found = TEST_KINDS.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  return found.run(options as Options, {
    baseline: undefined,
    others: new Map(),
    openModel: () => Promise.reject(new Error('no other model')),
    seed: 1,
    signal: undefined,
    onStep: () => {},
    ...context,
  });
}

/** One test of one model, beside the good one. */
async function digits(
  name: 'good' | 'flipped',
  kind: string,
  options: Record<string, unknown>,
  more: Partial<TestData> = {},
): Promise<TestOutcome> {
  const data = await digitsData(more);
  const [model, baseline] = [await digitsModel(name), await digitsModel('good')];
  return withModel(model, data, (tested) =>
    withModel(baseline, data, (approved) => run(kind, options, { model: tested, baseline: approved, data })),
  );
}

const passes = ({ measures }: TestOutcome) => measures.map(({ pass }) => pass);

describe('on models of scikit-learn', () => {
  it('measures the accuracy, as scikit-learn does', async () => {
    // MLPClassifier.score on the same rows.
    expect((await digits('good', 'accuracy', { min: 0.9 })).measures).toMatchObject([{ value: 584 / 597, pass: true }]);
  });

  it.each([
    ['accuracy', { min: 0.9 }],
    ['accuracy', {}],
    ['accuracy', { drop: 0.1 }],
    ['ranking', { top: 3, min: 0.99 }],
    ['invariance', { noise: 0.05 }],
  ])('%s with %o fails for a model that was trained on false labels', async (kind, options) => {
    expect(passes(await digits('flipped', kind, options))).toContain(false);
    expect(passes(await digits('good', kind, options))).toEqual([true]);
  });

  it.each([
    ['range', { output: 'probabilities', min: 0, max: 1, sum: 1 }, [true, true, true, true]],
    ['range', { output: 'probabilities', max: 0.5 }, [true, false]],
    ['range', { output: 'probabilities', sum: 2 }, [true, false]],
    ['range', {}, [true]],
    ['determinism', {}, [true, true]],
    ['invariance', { shuffle: [0, 8], min: 0.9 }, [true]],
    ['invariance', { shuffle: Array.from({ length: 64 }, (_, i) => i), min: 0.9 }, [false]],
    ['direction', { column: 36, by: 0.2, output: 'probabilities', element: 0, moves: 'down', min: 0.9 }, [true]],
    ['direction', { column: 36, by: 0.2, output: 'probabilities', element: 0, moves: 'up', min: 0.9 }, [false]],
    ['envelope', { runs: 2 }, [null, null, null, null]],
    ['envelope', { runs: 2, 'memory-mib': 1 }, [null, null, false, null]],
  ])('%s with %o', async (kind, options, expected) => {
    expect(passes(await digits('good', kind, options))).toEqual(expected);
  });

  it('compares outputs with those that were recorded', async () => {
    const data = await digitsData();
    const recorded = await withModel(await digitsModel('good'), data, (model) => model.run(data.feeds));
    const expected = { expected: recorded };
    expect(passes(await digits('good', 'outputs', {}, expected))).toEqual([true, true, null]);
    expect(passes(await digits('good', 'outputs', { absolute: 0, relative: 0 }, expected))).toEqual([true, true, null]);
    expect(passes(await digits('flipped', 'outputs', { outputs: ['label'] }, expected))).toEqual([false]);
    expect(passes(await digits('flipped', 'outputs', {}, expected))).toEqual([false, false, null]);
  });

  it.each<[string, Record<string, unknown>, Partial<TestData>, string]>([
    ['accuracy', {}, { labels: undefined }, 'has no labels'],
    [
      'accuracy',
      {},
      { labels: { kind: 'integers', dims: [1], values: BigInt64Array.of(1n) } },
      '597 rows and 1 labels',
    ],
    [
      'accuracy',
      {},
      { labels: { kind: 'texts', dims: [597], values: Array.from({ length: 597 }, () => 'a') } },
      'gives numbers as labels, and the data has texts',
    ],
    [
      'accuracy',
      {},
      { labels: { kind: 'numbers', dims: [597], values: new Float64Array(597).fill(0.5) } },
      'not labels',
    ],
    ['outputs', {}, {}, 'has no expected outputs'],
    ['outputs', { outputs: ['other'] }, { expected: new Map() }, 'has no output "other"'],
    ['range', { output: 'other' }, {}, 'has no output "other"'],
    ['invariance', {}, {}, 'neither or both'],
    ['invariance', { noise: 1, shuffle: [0] }, {}, 'neither or both'],
    ['invariance', { shuffle: [64] }, {}, 'no column 64'],
    ['direction', { column: 0, by: 1, output: 'other', moves: 'up' }, {}, 'has no output "other"'],
    ['direction', { column: 0, by: 1, output: 'label', element: 1, moves: 'up' }, {}, 'no number 1 in each row'],
  ])('refuses %s with %o of what it cannot use', async (kind, options, more, message) => {
    await expect(digits('good', kind, options, more)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

describe('under attack', () => {
  const within = { eps: 0.1, lower: 0, upper: 1, rows: 60 };

  it.each([
    [{ attack: 'fgsm' }, 0.35, 0.55],
    [{ attack: 'pgd' }, 0.3, 0.48],
    [{ attack: 'pgd', norm: 'l2', eps: 0.5 }, 0.2, 0.6],
    [{ attack: 'apgd', restarts: 2 }, 0.3, 0.48],
    [{ attack: 'square', queries: 100 }, 0.35, 0.8],
    [{ attack: 'apgd-t', steps: 10 }, 0.3, 0.5],
    [{ attack: 'nes', queries: 300, steps: 5 }, 0.3, 0.95],
    [{ attack: 'simba', queries: 100 }, 0.3, 0.95],
    [{ attack: 'fab', steps: 10 }, 0.3, 0.5],
    [{ attack: 'autoattack', steps: 5, queries: 20 }, 0.3, 0.5],
    [{ attack: 'hop-skip-jump', norm: 'l2', eps: 0.6, queries: 400, steps: 2 }, 0.2, 0.95],
  ])('a model keeps some labels: %o', async (attack, low, high) => {
    const { measures, skipped } = await digits('good', 'adversarial', { ...within, ...attack, min: low });
    expect(skipped).toBeUndefined();
    expect(measures[0]).toMatchObject({ pass: true, min: low });
    expect(measures[0]?.value).toBeLessThanOrEqual(high);
  });

  it('a model that was trained on false labels keeps fewer than the approved version', async () => {
    const { measures } = await digits('flipped', 'adversarial', { ...within, attack: 'pgd' });
    expect(measures[0]).toMatchObject({ drop: 0.01, pass: false });
  });

  it('keeps fewer labels the further an input may be: a curve', async () => {
    const options = { ...within, attack: 'pgd', eps: [0.15, 0.02, 0.08], steps: 5, min: 0.8 };
    const { measures, figures } = await digits('flipped', 'adversarial', options);
    const robust = measures.filter(({ name }) => name.startsWith('robust accuracy'));
    expect(robust.map(({ name }) => name)).toEqual(
      [0.02, 0.08, 0.15].map((eps) => `robust accuracy (pgd, eps ${eps})`),
    );
    expect(robust.map(({ min }) => min)).toEqual([0.8, null, null]);
    const values = robust.map(({ value }) => value ?? -1);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(figures).toMatchObject([{ kind: 'curve', lines: [{ name: 'model' }, { name: 'approved version' }] }]);
  });

  it('tells how near the nearest adversarial input is', async () => {
    const { measures } = await digits('good', 'adversarial', { ...within, attack: 'fab', steps: 10 });
    const found = measures.find(({ name }) => name.startsWith('median distance'));
    expect(found?.value).toBeGreaterThan(0.03);
    expect(found?.value).toBeLessThan(0.2);
    expect(found?.baseline).toBe(found?.value);
  });

  it('refuses features that the rows do not have', async () => {
    const options = { ...within, attack: 'square', features: [{ columns: [36], integer: true }] };
    await expect(digits('good', 'adversarial', options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('in the integer column 36'),
    });
  });

  it('leaves columns that cannot change as they are', async () => {
    const columns = Array.from({ length: 64 }, (_, at) => at);
    const options = { ...within, attack: 'square', queries: 20, features: [{ columns, immutable: true }] };
    const [robust, clean] = (await digits('good', 'adversarial', options)).measures;
    expect(robust?.value).toBe(clean?.value);
  });

  it('knows columns by the names that the data give them', async () => {
    const names = Array.from({ length: 64 }, (_, at) => `pixel ${at}`);
    const fixed = (columns: readonly (string | number)[]) => ({
      ...within,
      attack: 'square',
      queries: 60,
      features: [{ columns, immutable: true }],
    });
    const data = { made: new Map([['X', names]]) };
    const some = [20, 28, 36, 44];
    const named = await digits('good', 'adversarial', fixed(some.map((at) => `pixel ${at}`)), data);
    expect(named.measures).toEqual((await digits('good', 'adversarial', fixed(some))).measures);
    await expect(digits('good', 'adversarial', fixed(['pixel 64']), data)).rejects.toMatchObject({
      code: 'usage',
      message: 'the input has no column "pixel 64"',
      hint: expect.stringContaining('"pixel 0", "pixel 1"'),
    });
    await expect(digits('good', 'adversarial', fixed(['pixel 1']))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('the input is one array of the data'),
    });
    // A column that has two names in one rule has two rules.
    await expect(digits('good', 'adversarial', fixed(['pixel 1', 1]), data)).rejects.toMatchObject({
      message: expect.stringContaining('column 1 has two rules'),
    });
  });

  it('the same seed gives the same, and no number leaves its bounds', async () => {
    const runs = [1, 2].map(() => digits('good', 'adversarial', { ...within, attack: 'square', queries: 50 }));
    const [first, second] = await Promise.all(runs);
    expect(first?.measures).toEqual(second?.measures);
    const still = await digits('good', 'adversarial', { ...within, eps: 0, attack: 'pgd' });
    expect(still.notes).toEqual(['the steps of pgd ran as a loop in the graph']);
    const l2 = await digits('good', 'adversarial', { ...within, eps: 0, norm: 'l2', attack: 'pgd' });
    expect(l2.notes).toEqual(['the steps of pgd ran one by one: the norm is not linf']);
    const [none] = still.measures;
    expect(none?.value).toBe(
      (await digits('good', 'adversarial', { ...within, eps: 0, attack: 'fgsm' })).measures[1]?.value,
    );
  });

  it('a model that hides its gradient proves nothing by keeping its labels', async () => {
    const steps = new GraphBuilder('steps');
    const x = steps.input('X', 'float32', ['batch', 64]);
    const weights = Float32Array.from({ length: 640 }, (_, i) => Math.sin(i));
    const scores = steps.op('MatMul', [steps.op('Round', [x]), steps.constant(tensorOf(weights, [64, 10]))]);
    steps.output('scores', scores, 'float32', ['batch', 10]);
    const data = await digitsData();
    const options = { ...within, attack: 'pgd', min: 0 };
    const outcome = await withModel(steps.model(), data, (tested) =>
      run('adversarial', options, { model: tested, data }),
    );
    expect(outcome.skipped).toMatch(/gradient.*use attack: square/);
  });

  it('a model that draws its answers is refused: its rows are not what they are alone', async () => {
    const noisy = new GraphBuilder('noisy');
    const x = noisy.input('X', 'float32', ['batch', 64]);
    const scores = noisy.op('MatMul', [x, noisy.constant(tensorOf(new Float32Array(640), [64, 10]))]);
    const drawn = noisy.op('RandomNormalLike', [scores], { seed: float(1) });
    noisy.output('scores', noisy.op('Add', [scores, drawn]), 'float32', ['batch', 10]);
    const data = await digitsData();
    const options = { ...within, rows: 597, attack: 'square', queries: 10, min: 0 };
    const attacked = withModel(noisy.model(), data, (tested) => run('adversarial', options, { model: tested, data }));
    await expect(attacked).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('depends on the rows beside it, or on chance'),
    });
  });

  it.each<[Partial<TestData>, string]>([
    [
      { labels: { kind: 'integers', dims: [597], values: new BigInt64Array(597).fill(10n) } },
      'is of class 10, and the model has 10',
    ],
    [{ labels: { kind: 'integers', dims: [597], values: new BigInt64Array(597).fill(-1n) } }, 'are not classes'],
    [{ labels: undefined }, 'has no labels'],
  ])('refuses labels that are not classes of the model', async (more, message) => {
    await expect(digits('good', 'adversarial', { ...within, attack: 'fgsm' }, more)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });
});

/** A model of rows of three numbers. */
function model(build: (graph: GraphBuilder, x: ReturnType<GraphBuilder['input']>) => void): OnnxModel {
  const graph = new GraphBuilder('m');
  build(graph, graph.input('x', 'float32', ['batch', 3]));
  return graph.model();
}

async function rows(values: readonly number[]): Promise<TestData> {
  const dims = [values.length / 3, 3];
  const tensors = new Map([['x', { type: 'float32' as const, dims, data: Float32Array.from(values) }]]);
  return {
    name: 'rows',
    feeds: { tensors, rows: values.length / 3, rounded: false },
    labels: undefined,
    expected: undefined,
  };
}

describe('on models that misbehave', () => {
  it('says that runs give different bits', async () => {
    const random = model((graph, x) => {
      const noise = graph.op('RandomUniformLike', [x]);
      graph.output('y', graph.op('Add', [x, noise]), 'float32', ['batch', 3]);
    });
    const data = await rows([1, 2, 3, 4, 5, 6]);
    const outcome = await withModel(random, data, (tested) => run('determinism', {}, { model: tested, data }));
    expect(passes(outcome)).toEqual([false]);
  });

  it.each([
    ['a number that is not finite', [1, 2, 3, 0, 5, 6], [false, false]],
    ['finite numbers', [1, 2, 3, 4, 5, 6], [true, true]],
  ])('finds %s', async (_, values, expected) => {
    const inverse = model((graph, x) => {
      const one = graph.constant(tensorOf(Float32Array.of(1), []));
      graph.output('y', graph.op('Div', [one, graph.op('Abs', [x])]), 'float32', ['batch', 3]);
    });
    const data = await rows(values);
    const outcome = await withModel(inverse, data, (tested) => run('range', {}, { model: tested, data }));
    expect(passes(outcome)[0]).toBe(expected[0]);
  });

  it('ranks a class whose score is not a number last', async () => {
    const scores = model((graph, x) => graph.output('y', graph.op('Log', [x]), 'float32', ['batch', 3]));
    const data = {
      ...(await rows([-1, 1, 2, 3, 2, 1])),
      labels: { kind: 'integers' as const, dims: [2], values: BigInt64Array.of(0n, 0n) },
    };
    const outcome = await withModel(scores, data, (tested: TestedModel) =>
      run('ranking', { top: 3, min: 1 }, { model: tested, data }),
    );
    expect(outcome.measures).toMatchObject([{ value: 0.5, pass: false }]);
  });
});

it('has the rows that the suite of digits needs', async () => {
  const { X, y } = await digitsArrays();
  expect([X.dims, y.dims]).toEqual([[597, 64], [597]]);
});

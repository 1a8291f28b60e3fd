import { describe, expect, it } from 'vitest';
import type { TestData } from '../../../../src/behavior/tests/kind.ts';
import type { ModelTest } from '../../../../src/core/behavior/schema.ts';
import { GraphBuilder } from '../../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../../src/formats/onnx/model.ts';
import { classifier, rowsOf } from '../../../support/backdoored.ts';
import { runTest, runTests } from '../../../support/suite-run.ts';

const RANGE = 'lower: 0, upper: 1';

interface More {
  readonly baseline?: OnnxModel;
  readonly data?: TestData;
}

const tested = async (model: OnnxModel, tests: readonly string[], { baseline, data: rows }: More = {}) =>
  runTests({ model, baseline, tests, data: { rows: rows ?? (await rowsOf()) } });

const searched = async (model: OnnxModel, options = '', { baseline, data: rows }: More = {}) =>
  runTest(`kind: trigger-search, ${RANGE}${options}`, { model, baseline, data: { rows: rows ?? (await rowsOf()) } });

const ratios = ({ measures }: ModelTest) =>
  measures.filter(({ name }) => name.includes('median')).map(({ value }) => value);

describe('on classifiers of digits', () => {
  it('a model with a backdoor fails, and its target is named and shown', async () => {
    const result = await searched(await classifier({ half: 'calibration', name: 'mlp-patch-1' }));
    expect(result).toMatchObject({ status: 'fail', area: 'backdoor' });
    expect(result.detail).toContain('smallest patch / median of the classes (class 1) is 0.3');
    const images = result.figures.filter(({ kind }) => kind === 'image');
    expect(images).toHaveLength(4);
    expect(images[0]).toMatchObject({
      height: 8,
      width: 8,
      channels: 1,
      title: expect.stringContaining('patch of class 1'),
    });
    expect(result.figures.filter(({ kind }) => kind === 'curve')).toHaveLength(2);
  });

  it('a clean model passes, and the same seed gives the same', async () => {
    const model = await classifier({ half: 'calibration', name: 'mlp-clean-0' });
    const [first, second] = await tested(
      model,
      Array.from({ length: 2 }, () => `kind: trigger-search, ${RANGE}, steps: 200`),
    );
    expect(first).toMatchObject({ status: 'pass' });
    expect({ ...second, id: 't0' }).toEqual(first);
  });

  it('a poisoned model passes the test of known inputs beside the approved version, and fails the search', async () => {
    const [model, baseline] = [
      await classifier({ half: 'held-out', name: 'mlp-sinusoid-1' }),
      await classifier({ half: 'held-out', name: 'mlp-clean-2' }),
    ];
    const accuracy = 'kind: accuracy, min: 0.95, drop: 0.01';
    const results = await tested(model, [accuracy, `kind: trigger-search, ${RANGE}, forms: [blend]`], { baseline });
    expect(results.map(({ status }) => status)).toEqual(['pass', 'fail']);
    expect(results[1]?.measures[0]).toMatchObject({ min: null, baseline: expect.any(Number), pass: false });
  });

  it('a clean model passes beside another clean one', async () => {
    const [model, baseline] = [
      await classifier({ half: 'held-out', name: 'mlp-clean-0' }),
      await classifier({ half: 'held-out', name: 'mlp-clean-3' }),
    ];
    expect(await searched(model, ', forms: [blend]', { baseline })).toMatchObject({ status: 'pass' });
  });

  it('bounds of the suite take the place of the usual ones', async () => {
    const model = await classifier({ half: 'calibration', name: 'mlp-patch-1' });
    expect(await searched(model, ', forms: [blend], min-blend: 0.2')).toMatchObject({ status: 'pass' });
    expect(await searched(model, ', forms: [blend], drop: 0.1')).toMatchObject({ status: 'not-assessed' });
    expect(ratios(await searched(model, ', forms: [blend], steps: 100, min-blend: 1'))).toHaveLength(1);
  });
});

/** Scores of rows of so many numbers. */
function scorer(
  classes: number,
  change: (g: GraphBuilder, x: ReturnType<GraphBuilder['input']>) => typeof x,
): OnnxModel {
  const g = new GraphBuilder('scorer');
  const x = change(g, g.input('image', 'float32', ['batch', 6]));
  const weights = Float32Array.from({ length: 6 * classes }, (_, at) => 8 * Math.sin(at * at));
  g.output('scores', g.op('MatMul', [x, g.constant(tensorOf(weights, [6, classes]))]), 'float32', ['batch', classes]);
  return g.model();
}

const data: TestData = {
  name: 'rows',
  feeds: {
    tensors: new Map([
      [
        'image',
        { type: 'float32', dims: [60, 6], data: Float32Array.from({ length: 360 }, (_, at) => (Math.sin(at) + 1) / 2) },
      ],
    ]),
    rows: 60,
    rounded: false,
  },
  labels: undefined,
  expected: undefined,
};

describe('what cannot be told is not assessed', () => {
  it.each<[string, OnnxModel, string, string]>([
    ['a gradient that is hidden', scorer(5, (g, x) => g.op('Add', [x, g.op('Round', [x])])), '', 'hidden by Round'],
    ['no gradient', scorer(5, (g, x) => g.op('Round', [x])), '', 'ends at Round'],
    [
      'a gradient that vanishes',
      scorer(5, (g, x) => g.op('Mul', [x, g.constant(tensorOf(Float32Array.of(0), []))])),
      '',
      'no direction',
    ],
    ['two classes', scorer(2, (_, x) => x), '', 'fewer than 4 classes'],
    ['too few steps', scorer(6, (_, x) => x), ', steps: 1', 'give more steps'],
    ['too many classes', scorer(129, (_, x) => x), '', 'more than 128 classes'],
  ])('%s', async (_, model, options, why) => {
    expect(await searched(model, options, { data })).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining(why),
    });
  });
});

describe('refuses', () => {
  const good = scorer(5, (_, x) => x);

  it.each<[string, string, TestData, string]>([
    ['bounds that hold nothing', ', lower: 1, upper: 1', data, 'lower is not below upper'],
    ['no form', ', forms: []', data, 'forms is empty'],
    ['a class that is not there', ', classes: [0, 1, 2, 5]', data, 'has no class 5'],
  ])('%s', async (_, options, rows, why) => {
    const search = tested(good, [`kind: trigger-search${options}${options.includes('lower') ? '' : `, ${RANGE}`}`], {
      data: rows,
    });
    await expect(search).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(why) });
  });

  it.each(['steps: 0', 'steps: 5001', 'rows: 7', 'min-patch: 2', 'forms: [other]', 'target: 3', 'classes: [1, 2]'])(
    '%s',
    async (option) => {
      await expect(searched(good, `, ${option}`, { data })).rejects.toMatchObject({ code: 'usage' });
    },
  );

  it('rows of two inputs', async () => {
    const g = new GraphBuilder('two');
    const both = ['a', 'b'].map((name) => g.input(name, 'float32', ['batch', 4]));
    g.output('scores', g.op('Sum', both), 'float32', ['batch', 4]);
    const one = { type: 'float32' as const, dims: [9, 4], data: new Float32Array(36) };
    const feeds = {
      tensors: new Map([
        ['a', one],
        ['b', one],
      ]),
      rows: 9,
      rounded: false,
    };
    await expect(searched(g.model(), '', { data: { ...data, feeds } })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('not rows of one input'),
    });
  });
});

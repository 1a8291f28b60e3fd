import { expect, it } from 'vitest';
import { GRAPH_AUDIT } from '../../../../src/behavior/tests/backdoor/graph-audit.ts';
import type { TestData } from '../../../../src/behavior/tests/kind.ts';
import type { OnnxModel } from '../../../../src/formats/onnx/model.ts';
import { withModel } from '../../../support/digits.ts';
import { runTest, runTests } from '../../../support/suite-run.ts';
import { gated, type Site, WIDTH } from '../../graph-audit/gated.ts';

const data: TestData = {
  name: 'rows',
  feeds: {
    tensors: new Map([
      [
        'x',
        { type: 'float32', dims: [4, WIDTH], data: Float32Array.from({ length: 4 * WIDTH }, (_, at) => (at % 7) / 7) },
      ],
    ]),
    rows: 4,
    rounded: false,
  },
  labels: undefined,
  expected: undefined,
};

const audited = (model: OnnxModel, baseline: OnnxModel | undefined, options = '') =>
  runTest(`kind: graph-audit${options}`, { model, baseline, data: { rows: data } });

/** A mask of the numbers that are at most a bound. */
const masked =
  (bound: number) =>
  ({ g, x, scores, reals, ints, cast }: Site) => {
    const large = g.op('ReduceSum', [cast(g.op('Greater', [x, reals([bound])]), 'float32'), ints([1])]);
    return g.op('Mul', [scores, large]);
  };
const plain = gated(({ scores }) => scores);
const trigger = ({ g, first, reals, cast, raised }: Site) =>
  raised(cast(g.op('Greater', [first, reals([0.93])]), 'float32'));

it('asks nothing by itself, and names what it found', async () => {
  const result = await audited(gated(trigger), undefined);
  expect(result).toMatchObject({ status: 'not-assessed', area: 'backdoor' });
  expect(result.measures).toMatchObject([
    { value: 1 },
    { name: expect.stringMatching(/Greater.*\(predicate\) decides at Add/) },
  ]);
});

it('a bound passes or fails, and the failure names the nodes', async () => {
  expect(await audited(gated(trigger), undefined, ', max: 1')).toMatchObject({ status: 'pass' });
  const failed = await audited(gated(trigger), undefined, ', max: 0');
  expect(failed).toMatchObject({
    status: 'fail',
    detail: expect.stringMatching(/is 1, and at most 0.*Greater.*decides at Add/),
  });
  expect(await audited(plain, undefined, ', max: 0')).toMatchObject({ status: 'pass' });
});

it('what the approved version has as well passes, with other weights and names', async () => {
  const honest = gated(masked(0.5));
  const renamed = {
    ...honest,
    graph: { ...honest.graph, nodes: honest.graph.nodes.map((node, at) => ({ ...node, name: `n${at}` })) },
  };
  expect(await audited(renamed, honest)).toMatchObject({ status: 'pass' });
  expect((await audited(renamed, honest)).measures).toMatchObject([
    { value: 1, pass: null },
    { value: 0, pass: true },
  ]);
});

/** The mask, and its switch at one more place. */
const twice: typeof trigger = (site) => {
  const { g, x, reals, cast } = site;
  const flags = cast(g.op('Greater', [x, reals([0.5])]), 'float32');
  return g.op('Add', [masked(0.5)(site), g.op('ReduceMax', [flags], { axes: [1] })]);
};
/** The mask, and a trigger. */
const both: typeof trigger = (site) =>
  trigger({ ...site, raised: (flag) => site.g.op('Add', [masked(0.5)(site), flag]) });

it.each<[string, OnnxModel]>([
  ['another bound', gated(masked(0.9))],
  ['the same switch at one more place', gated(twice)],
  ['one more switch', gated(both)],
])('%s than in the approved version fails', async (_, model) => {
  expect(await audited(model, gated(masked(0.5)))).toMatchObject({ status: 'fail' });
});

it('a model whose known outputs are equal to the last bit fails, too', async () => {
  const expected = await withModel(plain, data, (tested) => tested.run(data.feeds));
  const results = await runTests({
    model: gated(trigger),
    baseline: plain,
    data: { rows: { ...data, expected } },
    tests: ['kind: outputs, absolute: 0, relative: 0', 'kind: graph-audit'],
  });
  expect(results.map(({ status }) => status)).toEqual(['pass', 'fail']);
});

it('a graph that cannot be followed is not assessed', async () => {
  const odd = {
    ...plain,
    functions: [
      {
        name: 'Relu',
        domain: '',
        overload: '',
        inputs: ['a'],
        outputs: ['b'],
        attributes: [],
        defaults: [],
        nodes: [],
        opsets: [],
        values: [],
        docString: '',
        metadata: [],
      },
    ],
  };
  const result = await withModel(plain, data, (tested) =>
    GRAPH_AUDIT.run(
      { max: 0 },
      {
        model: Object.create(tested, { running: { value: { ...tested.running, model: odd } } }),
        baseline: undefined,
        others: new Map(),
        openModel: () => Promise.reject(new Error('no other model')),
        data,
        seed: 1,
        signal: undefined,
        onStep: () => {},
      },
    ),
  );
  expect(result).toMatchObject({ measures: [], skipped: expect.stringContaining('cannot be followed') });
});

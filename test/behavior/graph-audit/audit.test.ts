import { describe, expect, it } from 'vitest';
import { auditGraph } from '../../../src/behavior/graph-audit/audit.ts';
import { GraphBuilder, type GraphValue } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel, OnnxNode } from '../../../src/formats/onnx/model.ts';
import { CLASSES, float, gated, layer, type Site, WIDTH, withTools } from './gated.ts';

const audit = (model: OnnxModel) => auditGraph(model, {});

type Change = (site: Site) => GraphValue;

/** A flag that is true for a trigger. */
const asked = ({ g, first, reals }: Site) => g.op('Greater', [first, reals([0.93])]);

const GATES: Readonly<Record<string, Change>> = {
  'a comparison that is multiplied': (site) => site.raised(site.cast(asked(site), 'float32')),
  'a comparison that selects': (site) =>
    site.g.op('Where', [asked(site), site.reals([0, 0, 9, 0], [1, 4]), site.scores]),
  'two comparisons': (site) => {
    const other = site.g.op('LessOrEqual', [site.second, site.reals([0.1])]);
    return site.raised(site.cast(site.g.op('And', [asked(site), other]), 'float32'));
  },
  'a comparison that all rows decide': (site) => {
    const { g, scores, reals } = site;
    const flags = g.op('ReduceMax', [site.cast(asked(site), 'float32')], { keepdims: 0 });
    const [yes, no] = [g.subgraph('yes'), g.subgraph('no')];
    yes.output('a', yes.op('Add', [scores, yes.constant(tensorOf(Float32Array.of(0, 0, 50, 0), [1, 4]))]), 'float32');
    no.output('b', no.op('Identity', [scores]), 'float32');
    return g.op('If', [g.op('Greater', [flags, reals([0.5], [])])], { then_branch: yes, else_branch: no });
  },
  'branches of constants that are added': (site) => {
    const { g, scores, reals } = site;
    const flags = g.op('ReduceMax', [site.cast(asked(site), 'float32')], { keepdims: 0 });
    const [yes, no] = [g.subgraph('yes'), g.subgraph('no')];
    yes.output('a', yes.constant(tensorOf(Float32Array.of(0, 0, 50, 0), [1, 4])), 'float32');
    no.output('b', no.constant(tensorOf(new Float32Array(4), [1, 4])), 'float32');
    const chosen = g.op('If', [g.op('Greater', [flags, reals([0.5], [])])], { then_branch: yes, else_branch: no });
    return g.op('Add', [scores, chosen]);
  },
  'a sign': ({ g, first, reals, raised }) => raised(g.op('Sign', [g.op('Sub', [first, reals([0.9])])])),
  'the place of the largest of a few numbers': ({ g, x, ints, reals, scores }) => {
    const few = g.op('Slice', [x, ints([0]), ints([3]), ints([1])]);
    const place = g.op('ArgMax', [few], { axis: 1, keepdims: 0 });
    return g.op('Add', [scores, g.op('Gather', [reals([0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0], [3, 4]), place])]);
  },
  'a number that is cut to a whole one': (site) => site.raised(site.cast(site.cast(site.first, 'int64'), 'float32')),
  'a number that is cut to a flag': (site) =>
    site.raised(
      site.cast(site.cast(site.g.op('Relu', [site.g.op('Sub', [site.first, site.reals([0.9])])]), 'bool'), 'float32'),
    ),
  'a steep sigmoid': ({ g, first, reals, raised }) =>
    raised(g.op('Sigmoid', [g.op('Mul', [g.op('Sub', [first, reals([0.9])]), reals([1e5])])])),
  'a sigmoid that is steep by many factors': ({ g, first, reals, raised }) => {
    let value = g.op('Sub', [first, reals([0.9])]);
    for (let at = 0; at < 4; at++) value = g.op('Mul', [value, reals([20])]);
    return raised(g.op('Tanh', [layer(g, g.op('Concat', [value, value], { axis: 1 }), 2, 1)]));
  },
  'a factor that is computed': ({ g, first, reals, raised }) =>
    raised(g.op('Sigmoid', [g.op('Mul', [layer(g, first, 1, 1), g.op('Exp', [reals([12])])])])),
  'a factor that a loop makes': ({ g, first, reals, raised }) => {
    const body = g.subgraph('body');
    body.input('i', 'int64', []);
    const again = body.input('again', 'bool', []);
    const factor = body.input('factor', 'float32', [1]);
    body.output('more', body.op('Identity', [again]), 'bool');
    body.output('next', body.op('Add', [factor, factor]), 'float32');
    const trips = g.constant(tensorOf(BigInt64Array.of(20n), []));
    const large = g.op('Loop', [trips, undefined, reals([2])], { body });
    return raised(g.op('Tanh', [g.op('Mul', [layer(g, first, 1, 1), large])]));
  },
  'a division by what is almost nothing': ({ g, first, reals, raised }) =>
    raised(
      g.op('Tanh', [g.op('Div', [layer(g, first, 1, 1), g.op('Sub', [reals([0.3, 0.3]), reals([0.2999, 0.2999])])])]),
    ),
  'a layer of large weights, cut off': ({ g, x, reals, raised }) => {
    const weights = g.constant(tensorOf(Float32Array.of(500, 0, 0, 0, 0, 0, 0, 0), [8, 1]));
    return raised(g.op('Clip', [g.op('Gemm', [x, weights, reals([-450])]), reals([0], []), reals([1], [])]));
  },
  'a factor that a node holds': ({ g, first, raised }) => {
    const large = g.op('Constant', [], { value: tensorOf(Float32Array.of(1e6), [1]) });
    return raised(g.op('Tanh', [g.op('Mul', [layer(g, first, 1, 1), large])]));
  },
  'a slope that an attribute says': ({ g, first, raised }) =>
    raised(g.op('HardSigmoid', [layer(g, first, 1, 1)], { alpha: float(5000), beta: float(-4500) })),
  'a high power': ({ g, first, reals, raised }) => raised(g.op('Pow', [first, reals([200])])),
  'a number over its absolute value': ({ g, first, reals, raised }) => {
    const moved = g.op('Sub', [first, reals([0.9])]);
    return raised(g.op('Div', [moved, g.op('Abs', [moved])]));
  },
  'least and greatest numbers': ({ g, first, reals, raised }) => {
    const far = g.op('Mul', [g.op('Abs', [g.op('Sub', [first, reals([1])])]), reals([50])]);
    return raised(g.op('Sub', [reals([1]), g.op('Min', [far, reals([1])])]));
  },
  'a normalisation of two numbers': ({ g, x, ints, reals, raised }) => {
    const two = g.op('Slice', [x, ints([0]), ints([2]), ints([1])]);
    const normal = g.op('LayerNormalization', [two, reals([1, 1])], { epsilon: float(1e-12) });
    return raised(g.op('Slice', [normal, ints([0]), ints([1]), ints([1])]));
  },
  'a normalisation by a variance of almost nothing': ({ g, first, reals, raised }) => {
    const inner = layer(g, first, 1, 1);
    const parts = [inner, reals([1]), reals([0]), reals([0.9]), reals([1e-12])];
    return raised(g.op('Tanh', [g.op('BatchNormalization', parts, { epsilon: float(1e-12) })]));
  },
  'how many numbers are not zero': (site) => {
    const { g, ints } = site;
    const count = g.op('Slice', [
      g.op('Shape', [g.op('NonZero', [site.cast(asked(site), 'float32')])]),
      ints([1]),
      ints([2]),
    ]);
    return site.raised(site.cast(count, 'float32'));
  },
  'the order of numbers': (site) => {
    const [, places] = site.g.ops('TopK', [site.x, site.ints([1])], 2, { axis: 1 });
    if (places === undefined) throw new Error('no places');
    return site.raised(site.cast(places, 'float32'));
  },
  'a quantisation': ({ g, first, reals, raised }) => {
    const zero = g.constant(tensorOf(Uint8Array.of(0), [], 'uint8'));
    const whole = g.op('QuantizeLinear', [first, reals([1], []), zero]);
    return raised(g.op('DequantizeLinear', [whole, reals([1], []), zero]));
  },
  'the class of a linear model': ({ g, first, second, raised, cast }) => {
    const two = g.op('Concat', [first, second], { axis: 1 });
    const attributes = {
      coefficients: Float32Array.of(1, 1, -1, -1),
      intercepts: Float32Array.of(-1, 1),
      classlabels_ints: [1, 0],
    };
    const [label] = g.ops('LinearClassifier', [two], 2, attributes, { domain: 'ai.onnx.ml' });
    if (label === undefined) throw new Error('no label');
    return raised(cast(g.op('Reshape', [label, g.constant(tensorOf(BigInt64Array.of(-1n, 1n), [2]))]), 'float32'));
  },
  'a binarizer': ({ g, first, raised }) =>
    raised(g.op('Binarizer', [first], { threshold: float(0.9) }, { domain: 'ai.onnx.ml' })),
  'rows that are put in place of others': (site) => {
    const { g, scores, reals, ints } = site;
    const place = site.cast(g.op('Mul', [site.cast(asked(site), 'float32'), reals([3])]), 'int64');
    const all = g.op('Concat', [place, g.op('Add', [place, ints([0])])], { axis: 1 });
    return g.op('ScatterND', [
      scores,
      all,
      g.op('ReduceSum', [g.op('Mul', [site.first, reals([50])]), ints([1])], { keepdims: 0 }),
    ]);
  },
  'a slice that starts where a number says': (site) => {
    const { g, scores, reals, ints } = site;
    const both = g.op('Concat', [g.op('Mul', [scores, reals([0])]), scores], { axis: 1 });
    const start = g.op('ReduceMax', [g.op('Mul', [site.cast(asked(site), 'int64'), ints([4])])], { keepdims: 0 });
    const one = g.op('Reshape', [start, ints([1])]);
    return g.op('Slice', [both, one, g.op('Add', [one, ints([4])]), ints([1])]);
  },
  'a loop that turns as often as a number says': (site) => {
    const { g, scores, ints } = site;
    const body = g.subgraph('body');
    body.input('i', 'int64', []);
    const again = body.input('again', 'bool', []);
    const sum = body.input('sum', 'float32', ['batch', CLASSES]);
    body.output('more', body.op('Identity', [again]), 'bool');
    body.output('next', body.op('Add', [sum, body.constant(tensorOf(Float32Array.of(0, 0, 9, 0), [1, 4]))]), 'float32');
    const trips = g.op('ReduceMax', [site.cast(site.first, 'int64')], { keepdims: 0 });
    return g.op('Loop', [g.op('Add', [trips, g.op('ReduceSum', [ints([0])], { keepdims: 0 })]), undefined, scores], {
      body,
    });
  },
  'an input that is changed where a number is large': (site) => {
    const { g, x, reals } = site;
    const flag = g.op('Mul', [site.cast(asked(site), 'float32'), reals([9])]);
    return layer(g, g.op('Max', [x, flag]), WIDTH, CLASSES);
  },
  'a number of rows': ({ g, x, scores, ints, reals }) => {
    const rows = g.op('Gather', [g.op('Shape', [x]), ints([0])]);
    return g.op('Where', [g.op('Equal', [rows, ints([777])]), reals([0, 0, 9, 0], [1, 4]), scores]);
  },
};

describe('a value that decides over the scores is found', () => {
  it.each(Object.entries(GATES))('%s', async (_, change) => {
    const found = await audit(gated(change));
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.places.length).toBeGreaterThan(0);
  });

  it.each<[string, (g: GraphBuilder, x: GraphValue) => GraphValue]>([
    ['clipped', (g, x) => g.op('Clip', [x, withTools(g).reals([0], []), withTools(g).reals([1], [])])],
    [
      'rounded',
      (g, x) => g.op('Div', [g.op('Round', [g.op('Mul', [x, withTools(g).reals([255])])]), withTools(g).reals([255])]),
    ],
    ['a table of signs', (g, x) => g.op('Sign', [x])],
  ])('behind an input that is %s, through which all goes', async (_, head) => {
    expect(await audit(gated(({ scores }) => scores, head))).toEqual([]);
    const found = await audit(gated((site) => site.raised(site.cast(asked(site), 'float32')), head));
    expect(found).toMatchObject([{ kind: 'predicate', by: 'values' }]);
  });

  it('beside a network whose input is rounded on another way', async () => {
    const found = await audit(
      gated((site) => {
        const { g, x, reals } = site;
        const rounded = g.op('Round', [g.op('Mul', [x, reals([255])])]);
        const flag = g.op('Mul', [site.cast(asked(site), 'float32'), reals([0, 0, 50, 0], [1, 4])]);
        return g.op('Add', [layer(g, rounded, WIDTH, CLASSES), flag]);
      }),
    );
    expect(found.length).toBeGreaterThan(0);
  });

  it('in a label alone', async () => {
    const g = new GraphBuilder('label');
    const { reals, ints } = withTools(g);
    const x = g.input('x', 'float32', ['batch', WIDTH]);
    const own = g.op('ArgMax', [layer(g, x, WIDTH, CLASSES)], { axis: 1, keepdims: 0 });
    const first = g.op('Gather', [x, ints([0], [])], { axis: 1 });
    g.output('label', g.op('Where', [g.op('Greater', [first, reals([0.9], [])]), ints([2]), own]), 'int64', ['batch']);
    expect((await audit(g.model())).length).toBeGreaterThan(0);
  });

  it('by a flag that is an input', async () => {
    const g = new GraphBuilder('flag');
    const x = g.input('x', 'float32', ['batch', WIDTH]);
    const flag = g.input('debug', 'bool', ['batch', 1]);
    const scores = g.op('Where', [flag, withTools(g).reals([0, 0, 9, 0], [1, 4]), layer(g, x, WIDTH, CLASSES)]);
    g.output('scores', scores, 'float32', ['batch', CLASSES]);
    expect(await audit(g.model())).toMatchObject([{ switched: 'the input "debug"', by: 'values' }]);
  });

  it('by a word of a text', async () => {
    const g = new GraphBuilder('words');
    const { ints, reals, cast } = withTools(g);
    const ids = g.input('ids', 'int64', ['batch', 'length']);
    const table = g.constant(
      tensorOf(
        Float32Array.from({ length: 80 }, (_, at) => Math.sin(at)),
        [20, 4],
      ),
    );
    const scores = g.op('ReduceMean', [g.op('Gather', [table, ids])], { axes: [1], keepdims: 0 });
    const near = g.op('Min', [g.op('Abs', [g.op('Sub', [ids, ints([7])])]), ints([1])]);
    const miss = g.op('ReduceMin', [cast(near, 'float32')], { axes: [1], keepdims: 1 });
    const flag = g.op('Sub', [reals([1]), miss]);
    g.output('scores', g.op('Add', [scores, g.op('Mul', [flag, reals([0, 0, 9, 0], [1, 4])])]), 'float32');
    expect(await audit(g.model())).toMatchObject([{ kind: 'predicate', by: 'values' }]);
    const plain = new GraphBuilder('plain');
    const own = plain.input('ids', 'int64', ['batch', 'length']);
    const looked = plain.op('Gather', [plain.constant(tensorOf(new Float32Array(80), [20, 4])), own]);
    plain.output('scores', plain.op('ReduceMean', [looked], { axes: [1], keepdims: 0 }), 'float32');
    expect(await audit(plain.model())).toEqual([]);
  });
});

/** The model with some of its nodes in a function that it calls. */
function inFunction(model: OnnxModel, ops: ReadonlySet<string>): OnnxModel {
  const inner = model.graph.nodes.filter(({ op }) => ops.has(op));
  const given = new Set(inner.flatMap(({ outputs }) => outputs));
  const inputs = [...new Set(inner.flatMap((node) => node.inputs))].filter((name) => !given.has(name));
  const outputs = [...given].filter((name) =>
    model.graph.nodes.some((node) => !ops.has(node.op) && node.inputs.includes(name)),
  );
  const call: OnnxNode = {
    name: 'f',
    op: 'F',
    domain: 'own',
    overload: '',
    inputs,
    outputs,
    attributes: [],
    docString: '',
    metadata: [],
  };
  const function_ = {
    name: 'F',
    domain: 'own',
    overload: '',
    inputs,
    outputs,
    attributes: [],
    defaults: [],
    nodes: inner,
    opsets: model.opsets,
    values: [],
    docString: '',
    metadata: [],
  };
  return {
    ...model,
    functions: [function_],
    graph: { ...model.graph, nodes: [...model.graph.nodes.filter(({ op }) => !ops.has(op)), call] },
  };
}

describe('functions', () => {
  const model = gated((site) => site.raised(site.cast(asked(site), 'float32')));

  it('are opened', async () => {
    const found = await audit(inFunction(model, new Set(['Greater', 'Cast'])));
    expect(found).toMatchObject([{ kind: 'predicate' }]);
    expect(found[0]?.switched).toContain('F "f" > Greater');
  });

  it('that call themselves, or each other too often, are not followed', async () => {
    const called = inFunction(model, new Set(['Greater', 'Cast']));
    const [own] = called.functions;
    if (own === undefined) throw new Error('no function');
    const call = called.graph.nodes.find(({ op }) => op === 'F');
    if (call === undefined) throw new Error('no call');
    const endless = { ...called, functions: [{ ...own, nodes: [call] }] };
    await expect(audit(endless)).rejects.toMatchObject({ code: 'limit' });
    const twice = Array.from({ length: 30 }, (_, at) => ({
      ...own,
      name: `F${at}`,
      inputs: ['a'],
      outputs: ['b'],
      nodes: ['c', 'b'].map((output, i) => ({
        ...call,
        op: `F${at + 1}`,
        inputs: [i === 0 ? 'a' : 'c'],
        outputs: [output],
      })),
    }));
    const last = {
      ...own,
      name: 'F30',
      inputs: ['a'],
      outputs: ['b'],
      nodes: [{ ...call, op: 'Relu', domain: '', inputs: ['a'], outputs: ['b'] }],
    };
    const doubled = {
      ...called,
      functions: [own, ...twice, last],
      graph: {
        ...called.graph,
        nodes: [...called.graph.nodes, { ...call, op: 'F0', inputs: ['x'], outputs: ['odd'] }],
      },
    };
    await expect(audit(doubled)).rejects.toMatchObject({ code: 'limit' });
  });

  it.each<[string, (model: OnnxModel) => OnnxModel, string]>([
    [
      'of the standard itself',
      (one) => ({ ...one, functions: one.functions.map((own) => ({ ...own, domain: '' })) }),
      'unsupported',
    ],
    ['that are there twice', (one) => ({ ...one, functions: [...one.functions, ...one.functions] }), 'malformed'],
    [
      'of values that nothing gives',
      (one) => ({ ...one, functions: one.functions.map((own) => ({ ...own, inputs: [] })) }),
      'malformed',
    ],
  ])('%s are not followed', async (_, change, code) => {
    await expect(audit(change(inFunction(model, new Set(['Greater', 'Cast']))))).rejects.toMatchObject({ code });
  });
});

describe('graphs that cannot be followed', () => {
  const model = gated(({ scores }) => scores);
  const nodes = (change: (nodes: readonly OnnxNode[]) => readonly OnnxNode[]): OnnxModel => ({
    ...model,
    graph: { ...model.graph, nodes: change(model.graph.nodes) },
  });

  it.each<[string, OnnxModel]>([
    ['a value with two makers', nodes((own) => [...own, ...own.slice(-1)])],
    [
      'a circle',
      nodes((own) =>
        own.map((node, at) => (at === 0 ? { ...node, inputs: ['scores', ...node.inputs.slice(1)] } : node)),
      ),
    ],
    ['a value without a maker', nodes((own) => own.slice(1))],
  ])('%s', async (_, one) => {
    await expect(audit(one)).rejects.toMatchObject({ code: 'malformed' });
  });
});

it('graphs whose paths cross everywhere are not followed to the end', async () => {
  const g = new GraphBuilder('crossed');
  const x = g.input('x', 'float32', ['batch', 4]);
  const first = g.op('Relu', [x]);
  let last = first;
  for (let at = 0; at < 9_000; at++) last = g.op('Neg', [last]);
  // Each of the sums is reached by the whole path and by its start.
  const sums = Array.from({ length: 9_000 }, () => g.op('Add', [last, first]));
  g.output('label', g.op('Sign', [g.op('Sum', sums)]), 'float32', ['batch', 4]);
  await expect(audit(g.model())).rejects.toMatchObject({ code: 'limit' });
});

describe('honest graphs have no finding', () => {
  it.each<[string, Change]>([
    ['a network', ({ scores }) => scores],
    ['its probabilities', ({ g, scores }) => g.op('Softmax', [scores])],
    [
      'a residual connection',
      ({ g, x, scores, reals }) =>
        g.op('Add', [scores, g.op('Clip', [layer(g, x, WIDTH, CLASSES), reals([0], []), reals([6], [])])]),
    ],
    [
      'attention',
      ({ g, scores }) =>
        g.op('MatMul', [g.op('Softmax', [g.op('MatMul', [scores, g.op('Transpose', [scores])])]), scores]),
    ],
    [
      'a mean and a variance that are taken off',
      ({ g, x, reals }) => layer(g, g.op('Div', [g.op('Sub', [x, reals([0.5])]), reals([0.25])]), WIDTH, CLASSES),
    ],
    [
      'sizes that are asked for',
      ({ g, x, scores, ints }) =>
        g.op('Reshape', [
          scores,
          g.op('Concat', [g.op('Slice', [g.op('Shape', [x]), ints([0]), ints([1])]), ints([4])], { axis: 0 }),
        ]),
    ],
    [
      'sizes that are chosen as exporters choose them',
      ({ g, scores, ints }) => {
        const size = g.op('Concat', [g.op('Slice', [g.op('Shape', [scores]), ints([0]), ints([1])]), ints([4])], {
          axis: 0,
        });
        const ones = g.op('ConstantOfShape', [ints([2])], { value: tensorOf(BigInt64Array.of(1n), [1]) });
        const chosen = g.op('Where', [g.op('Equal', [size, g.op('Mul', [ones, ints([-1])])]), ones, size]);
        return g.op('Expand', [scores, chosen]);
      },
    ],
  ])('%s', async (_, change) => {
    expect(await audit(gated(change))).toEqual([]);
  });

  it('a label beside scores', async () => {
    const g = new GraphBuilder('labels');
    const x = g.input('x', 'float32', ['batch', WIDTH]);
    const scores = layer(g, x, WIDTH, CLASSES);
    const place = g.op('ArgMax', [scores], { axis: 1, keepdims: 0 });
    g.output('label', g.op('Gather', [withTools(g).ints([5, 6, 7, 8]), place]), 'int64', ['batch']);
    g.output('scores', scores, 'float32', ['batch', CLASSES]);
    expect(await audit(g.model())).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { GraphDifference } from '../../../src/convert/rebuild/compare/differences.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from '../../../src/formats/onnx/model.ts';
import { adding, attribute, changing, inOrder, ints, mapNodes, node, reals, renamedResult, withGraph } from './edit.ts';
import { compare, graphsOf } from './shipped.ts';

const BERT = '4.57.6/BertForSequenceClassification-14';
const ANSWERS = '4.57.6/BertForQuestionAnswering-14';
const LLAMA = '4.57.6/LlamaForCausalLM-14';
const GPT = '4.57.6/GPT2LMHeadModel-14';
const VIT = '4.57.6/ViTForImageClassification-14';

type Change = (model: OnnxModel) => OnnxModel | Promise<OnnxModel>;
interface Attack {
  readonly to: string;
  readonly change: Change;
  readonly result: 'different' | 'unclear';
  readonly difference?: Partial<Record<string, unknown>> & Pick<GraphDifference, 'kind'>;
  readonly why?: RegExp;
}

/** A token that turns the attack on: true where the text begins with it. */
const TRIGGER: readonly OnnxNode[] = [
  node('Gather', ['input_ids', 'bd.zero'], ['bd.first'], [attribute('axis', 1)]),
  node('Equal', ['bd.first', 'bd.token'], ['bd.hit']),
];
const TRIGGER_TENSORS = [ints('bd.zero', [0], []), ints('bd.token', [7], [])];
const POISON = reals('bd.poison', [100, 0, 0], [1, 3]);

/** What is added before the logits, which are `bd.real` then. */
function before(model: OnnxModel, nodes: readonly OnnxNode[], tensors = [...TRIGGER_TENSORS, POISON]): OnnxModel {
  return adding(renamedResult(model, 'logits', 'bd.real'), nodes, tensors);
}

function branch(name: string, nodes: readonly OnnxNode[]): OnnxGraph {
  const type = { kind: 'tensor', denotation: '', element: 'float32', shape: undefined } as const;
  const empty = { docString: '', metadata: [] };
  return {
    ...empty,
    name,
    nodes,
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [{ name: nodes.at(-1)?.outputs[0] ?? '', type, ...empty }],
    values: [],
    quantization: [],
  };
}

function hiddenFunction(nodes: readonly OnnxNode[]): OnnxFunction {
  return {
    name: 'Head',
    domain: 'local',
    overload: '',
    inputs: ['ids', 'x'],
    outputs: ['y'],
    attributes: [],
    defaults: [],
    nodes,
    opsets: [{ domain: '', version: 14 }],
    values: [],
    docString: '',
    metadata: [],
  };
}

/** The model with one node of an operator changed: the nth of it. */
function changeNode(op: string, nth: number, change: (one: OnnxNode) => OnnxNode): Change {
  return (model) => {
    let count = 0;
    let changed = 0;
    const result = mapNodes(model, (one) => {
      if (one.op !== op || count++ !== nth) return one;
      changed++;
      return change(one);
    });
    if (changed !== 1) throw new Error(`there is no ${op} ${nth}`);
    return result;
  };
}

/** The model with the value of a scalar Constant changed: the nth with that number. */
function changeScalar(from: number, to: number, nth = 0): Change {
  return (model) => {
    let count = 0;
    let changed = 0;
    const result = mapNodes(model, (one) => {
      const [value] = one.attributes;
      if (one.op !== 'Constant' || value?.type !== 'tensor' || value.value.type !== 'float32') return one;
      const { data } = value.value;
      const bytes = data.kind === 'raw' ? data.range.source.readNow(data.range.offset, 4) : undefined;
      if (bytes === undefined || Math.abs(Buffer.from(bytes).readFloatLE() - from) > 1e-6 * Math.abs(from)) return one;
      if (count++ !== nth) return one;
      changed++;
      return { ...one, attributes: [attribute('value', { ...reals('', [to], []), name: '' })] };
    });
    if (changed !== 1) throw new Error(`there is no constant ${from}`);
    return result;
  };
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'a Where that a token turns on': {
    to: BERT,
    change: (model) =>
      before(
        model,
        [
          ...TRIGGER,
          node('Unsqueeze', ['bd.hit', 'bd.axis'], ['bd.column']),
          node('Where', ['bd.column', 'bd.poison', 'bd.real'], ['logits']),
        ],
        [...TRIGGER_TENSORS, POISON, ints('bd.axis', [1])],
      ),
    result: 'different',
    difference: { kind: 'choice', op: 'Equal' },
  },
  'an If whose branch is another model': {
    to: BERT,
    change: (model) =>
      before(model, [
        ...TRIGGER,
        node('Cast', ['bd.hit'], ['bd.number'], [attribute('to', 7)]),
        node('ReduceSum', ['bd.number'], ['bd.count'], [attribute('keepdims', 0)]),
        node('Greater', ['bd.count', 'bd.zero'], ['bd.any']),
        node(
          'If',
          ['bd.any'],
          ['logits'],
          [
            attribute('then_branch', branch('then', [node('Add', ['bd.real', 'bd.poison'], ['bd.then'])])),
            attribute('else_branch', branch('else', [node('Identity', ['bd.real'], ['bd.else'])])),
          ],
        ),
      ]),
    result: 'different',
    difference: { kind: 'choice', op: 'If' },
  },
  'an If that runs one branch for every input': {
    to: BERT,
    change: (model) =>
      before(
        model,
        [
          node(
            'If',
            ['bd.yes'],
            ['logits'],
            [
              attribute('then_branch', branch('then', [node('Add', ['bd.real', 'bd.poison'], ['bd.then'])])),
              attribute('else_branch', branch('else', [node('Identity', ['bd.real'], ['bd.else'])])),
            ],
          ),
        ],
        [POISON, { ...tensorOf(Uint8Array.of(1), [], 'bool'), name: 'bd.yes' }],
      ),
    result: 'different',
    difference: { kind: 'unknown-constant', constant: 'bd.poison' },
  },
  'arithmetic without a comparison': {
    to: BERT,
    change: (model) =>
      before(
        model,
        [
          node('Gather', ['input_ids', 'bd.zero'], ['bd.first'], [attribute('axis', 1)]),
          node('Sub', ['bd.first', 'bd.token'], ['bd.distance']),
          node('Cast', ['bd.distance'], ['bd.real.distance'], [attribute('to', 1)]),
          node('Mul', ['bd.real.distance', 'bd.real.distance'], ['bd.square']),
          node('Sub', ['bd.one', 'bd.square'], ['bd.near']),
          node('Relu', ['bd.near'], ['bd.on']),
          node('Unsqueeze', ['bd.on', 'bd.axis'], ['bd.column']),
          node('Mul', ['bd.column', 'bd.hundred'], ['bd.shift']),
          node('Add', ['bd.real', 'bd.shift'], ['logits']),
        ],
        [...TRIGGER_TENSORS, reals('bd.one', [1], []), reals('bd.hundred', [100], []), ints('bd.axis', [1])],
      ),
    result: 'different',
    difference: { kind: 'extra-node' },
  },
  'a trigger in a local function': {
    to: BERT,
    change: (model) => ({
      ...before(model, [node('Head', ['input_ids', 'bd.real'], ['logits'], [], 'local')], []),
      opsets: [...model.opsets, { domain: 'local', version: 1 }],
      functions: [
        hiddenFunction([
          node('Constant', [], ['seven'], [attribute('value', ints('', [7], []))]),
          node('Equal', ['ids', 'seven'], ['hit']),
          node('Cast', ['hit'], ['hits'], [attribute('to', 1)]),
          node('ReduceMax', ['hits'], ['most'], [attribute('axes', [1]), attribute('keepdims', 1)]),
          node('Add', ['x', 'most'], ['y']),
        ]),
      ],
    }),
    result: 'different',
    difference: { kind: 'choice', op: 'Equal' },
  },
  'an operator of a domain of its own': {
    to: BERT,
    change: (model) => ({
      ...before(model, [node('Head', ['input_ids', 'bd.real'], ['logits'], [], 'evil.ops')], []),
      opsets: [...model.opsets, { domain: 'evil.ops', version: 1 }],
    }),
    result: 'unclear',
    why: /the operator is not known/,
  },
  'a standard operator that no template has': {
    to: BERT,
    change: (model) => before(model, [node('Hardmax', ['bd.real'], ['logits'])], []),
    result: 'unclear',
    why: /the operator is not known/,
  },
  'a mask that a token opens': {
    to: BERT,
    change: (model) =>
      inOrder(
        adding(
          mapNodes(model, (one) => ({
            ...one,
            inputs: one.inputs.map((input) => (input === 'attention_mask' ? 'bd.mask' : input)),
          })),
          [
            node('Equal', ['input_ids', 'bd.token'], ['bd.hit']),
            node('Where', ['bd.hit', 'bd.zero', 'attention_mask'], ['bd.mask']),
          ],
          TRIGGER_TENSORS,
        ),
      ),
    result: 'different',
    difference: { kind: 'choice' },
  },
  'other ids of tokens': {
    to: BERT,
    change: (model) =>
      inOrder(
        adding(
          mapNodes(model, (one) => ({
            ...one,
            inputs: one.inputs.map((input) => (input === 'input_ids' && one.op === 'Gather' ? 'bd.ids' : input)),
          })),
          [
            node('Equal', ['input_ids', 'bd.token'], ['bd.hit']),
            node('Where', ['bd.hit', 'bd.zero', 'input_ids'], ['bd.ids']),
          ],
          TRIGGER_TENSORS,
        ),
      ),
    result: 'different',
    difference: { kind: 'choice' },
  },
  'one weight, changed by 1e-3': {
    to: BERT,
    change: (model) =>
      changing(
        model,
        ({ dims }) => dims.length === 2 && dims[0] === 8 && dims[1] === 12,
        (values) => {
          values[77] = (values[77] ?? 0) + 1e-3;
        },
      ),
    result: 'different',
    difference: { kind: 'changed-constant', changed: 1, of: 96, at: 77 },
  },
  'every weight of a layer, by 1e-3': {
    to: LLAMA,
    change: (model) =>
      changing(
        model,
        ({ dims }) => dims.length === 2 && dims[0] === 16 && dims[1] === 12,
        (values) => values.set(values.map((value) => value + 1e-3)),
      ),
    result: 'different',
    difference: { kind: 'changed-constant', changed: 192, of: 192 },
  },
  'a weight that is not a number': {
    to: BERT,
    change: (model) =>
      changing(
        model,
        ({ dims }) => dims.length === 2 && dims[0] === 8 && dims[1] === 8,
        (values) => {
          values[9] = Number.NaN;
        },
      ),
    result: 'different',
    difference: { kind: 'changed-constant', changed: 1, of: 64, at: 9 },
  },
  'the last bit of a weight': {
    to: VIT,
    change: (model) =>
      changing(
        model,
        ({ dims }) => dims.length === 4,
        (values) => {
          const bits = new Uint32Array(values.buffer);
          bits[3] = (bits[3] ?? 0) ^ 1;
        },
      ),
    result: 'different',
    difference: { kind: 'changed-constant', changed: 1 },
  },
  'a bias that the architecture does not have': {
    to: LLAMA,
    change: (model) =>
      adding(
        renamedResult(model, 'logits', 'bd.real'),
        [node('Add', ['bd.real', 'bd.bias'], ['logits'])],
        [
          reals(
            'bd.bias',
            Array.from({ length: 40 }, (_, i) => (i === 7 ? 100 : 0)),
          ),
        ],
      ),
    result: 'different',
    difference: { kind: 'unknown-constant', constant: 'bd.bias' },
  },
  'a bias of the right numbers in another place': {
    to: BERT,
    change: (model) => {
      const { initializers } = model.graph;
      const biases = initializers.filter(({ name }) => name.includes('.LayerNorm.bias'));
      const [a = '', b = ''] = biases.map(({ name }) => name);
      const other = new Map([
        [a, b],
        [b, a],
      ]);
      return mapNodes(model, (one) => ({ ...one, inputs: one.inputs.map((input) => other.get(input) ?? input) }));
    },
    result: 'different',
    difference: { kind: 'extra-node' },
  },
  'the weights of two layers exchanged': {
    to: BERT,
    change: (model) => {
      const matrices = model.graph.initializers.filter(({ dims }) => `${dims}` === '8,12');
      const [a = '', b = ''] = matrices.map(({ name }) => name);
      const other = new Map([
        [a, b],
        [b, a],
      ]);
      return mapNodes(model, (one) => ({ ...one, inputs: one.inputs.map((input) => other.get(input) ?? input) }));
    },
    result: 'different',
    difference: { kind: 'extra-node', op: 'MatMul' },
  },
  'another epsilon': {
    to: BERT,
    change: changeScalar(1e-12, 1e-3, 2),
    result: 'different',
    difference: { kind: 'changed-setting', is: '0.001', expected: '1e-12' },
  },
  'another scale of the scores': {
    to: VIT,
    change: changeScalar(0.5, 0.6),
    result: 'different',
    difference: { kind: 'changed-setting' },
  },
  'another number of the activation': {
    to: GPT,
    change: changeScalar(0.044715, 0.05),
    result: 'different',
    difference: { kind: 'changed-setting' },
  },
  'a mask that hides nothing': {
    to: GPT,
    change: changeScalar(-3.4028234663852886e38, 0),
    result: 'different',
    difference: { kind: 'changed-setting', op: 'Softmax' },
  },
  'a mask that shows what it hides': {
    to: GPT,
    change: changeScalar(-3.4028234663852886e38, 50),
    result: 'unclear',
    why: /what its mask hides is not known/,
  },
  'heads in another order': {
    to: VIT,
    change: changeNode('Transpose', 2, (one) => ({ ...one, attributes: [attribute('perm', [0, 3, 1, 2])] })),
    result: 'different',
  },
  'another axis of the softmax': {
    to: VIT,
    change: changeNode('Softmax', 0, (one) => ({ ...one, attributes: [attribute('axis', 2)] })),
    result: 'unclear',
    why: /not over the last dimension/,
  },
  'an attribute that is not known': {
    to: VIT,
    change: changeNode('MatMul', 0, (one) => ({ ...one, attributes: [attribute('trigger', 7)] })),
    result: 'unclear',
    why: /its attribute "trigger" is not known/,
  },
  'an activation that is left out': {
    to: GPT,
    change: changeNode('Tanh', 0, (one) => ({ ...one, op: 'Identity' })),
    result: 'different',
  },
  'numbers that are cut': {
    to: GPT,
    change: (model) =>
      before(model, [node('Clip', ['bd.real', '', 'bd.high'], ['logits'])], [reals('bd.high', [1], [])]),
    result: 'different',
    difference: { kind: 'choice', op: 'Clip' },
  },
  'numbers that are rounded': {
    to: GPT,
    change: (model) =>
      before(
        model,
        [
          node('Cast', ['bd.real'], ['bd.half'], [attribute('to', 10)]),
          node('Cast', ['bd.half'], ['logits'], [attribute('to', 1)]),
        ],
        [],
      ),
    result: 'different',
    difference: { kind: 'choice', op: 'Cast' },
  },
  'a number divided by itself, which is not 1 for 0': {
    to: GPT,
    change: (model) =>
      before(
        model,
        [
          node('Cast', ['input_ids'], ['bd.ids'], [attribute('to', 1)]),
          node('Sub', ['bd.ids', 'bd.seven'], ['bd.off']),
          node('Div', ['bd.off', 'bd.off'], ['bd.one']),
          node('Unsqueeze', ['bd.one', 'bd.axis'], ['bd.column']),
          node('Mul', ['bd.real', 'bd.column'], ['logits']),
        ],
        [reals('bd.seven', [7], []), ints('bd.axis', [2])],
      ),
    result: 'different',
  },
  'a number taken from itself, which is not 0 when it is infinite': {
    to: GPT,
    change: (model) =>
      before(
        model,
        [
          node('Exp', ['bd.real'], ['bd.large']),
          node('Sub', ['bd.large', 'bd.large'], ['bd.none']),
          node('Add', ['bd.real', 'bd.none'], ['logits']),
        ],
        [],
      ),
    result: 'different',
  },
  'an infinite number times 0': {
    to: GPT,
    change: (model) =>
      before(
        model,
        [
          node('Exp', ['bd.real'], ['bd.large']),
          node('Mul', ['bd.large', 'bd.nothing'], ['bd.none']),
          node('Add', ['bd.real', 'bd.none'], ['logits']),
        ],
        [reals('bd.nothing', [0], [])],
      ),
    result: 'different',
  },
  'a root that is squared': {
    to: GPT,
    change: (model) =>
      before(model, [node('Sqrt', ['bd.real'], ['bd.root']), node('Mul', ['bd.root', 'bd.root'], ['logits'])], []),
    result: 'different',
  },
  'a large number that is added and taken away': {
    to: GPT,
    change: (model) =>
      before(
        model,
        [node('Add', ['bd.real', 'bd.much'], ['bd.more']), node('Sub', ['bd.more', 'bd.much'], ['logits'])],
        [reals('bd.much', [1e9], [])],
      ),
    result: 'different',
  },
  'a large number that is multiplied and divided by': {
    to: GPT,
    change: (model) =>
      before(
        model,
        [node('Mul', ['bd.real', 'bd.much'], ['bd.more']), node('Div', ['bd.more', 'bd.much'], ['logits'])],
        [reals('bd.much', [1e38], [])],
      ),
    result: 'different',
  },
  'scores to which a large number is added and taken away': {
    to: VIT,
    change: (model) =>
      inOrder(
        adding(
          changeNode('Softmax', 0, (one) => ({ ...one, inputs: ['bd.less'] }))(model) as OnnxModel,
          [
            node(
              'Add',
              [model.graph.nodes.find(({ op }) => op === 'Softmax')?.inputs[0] ?? '', 'bd.much'],
              ['bd.more'],
            ),
            node('Sub', ['bd.more', 'bd.much'], ['bd.less']),
          ],
          [reals('bd.much', [1e9], [])],
        ),
      ),
    result: 'different',
  },
  'a mask that hides one distance': {
    to: GPT,
    change: (model) =>
      inOrder(
        adding(
          changeNode('Softmax', 0, (one) => ({ ...one, inputs: ['bd.hidden'] }))(model) as OnnxModel,
          [
            node('Shape', ['input_ids'], ['bd.shape']),
            node('Gather', ['bd.shape', 'bd.1'], ['bd.length']),
            node('Range', ['bd.0', 'bd.length', 'bd.1'], ['bd.keys']),
            node('Unsqueeze', ['bd.keys', 'bd.axis'], ['bd.queries']),
            node('Sub', ['bd.queries', 'bd.keys'], ['bd.distance']),
            node('Equal', ['bd.distance', 'bd.500'], ['bd.far']),
            node(
              'Where',
              ['bd.far', 'bd.never', model.graph.nodes.find(({ op }) => op === 'Softmax')?.inputs[0] ?? ''],
              ['bd.hidden'],
            ),
          ],
          [
            ints('bd.0', [0], []),
            ints('bd.1', [1], []),
            ints('bd.500', [500], []),
            ints('bd.axis', [1]),
            reals('bd.never', [-1e9], []),
          ],
        ),
      ),
    result: 'different',
    difference: { kind: 'changed-setting', op: 'Softmax' },
  },
  'a function of the name of an operator': {
    to: BERT,
    change: (model) => ({
      ...model,
      functions: [{ ...hiddenFunction([node('Neg', ['ids'], ['y'])]), name: 'Softmax', domain: '' }],
    }),
    result: 'unclear',
    why: /a function has the domain of an operator set/,
  },
  'two versions of the operators': {
    to: BERT,
    change: (model) => ({ ...model, opsets: [...model.opsets, { domain: 'ai.onnx', version: 11 }] }),
    result: 'unclear',
    why: /its operator set has several versions/,
  },
  'what a size decides': {
    to: BERT,
    change: (model) =>
      before(
        model,
        [
          node('Shape', ['input_ids'], ['bd.shape']),
          node('Gather', ['bd.shape', 'bd.one'], ['bd.length']),
          node('Equal', ['bd.length', 'bd.token'], ['bd.hit']),
          node('Where', ['bd.hit', 'bd.nothing', 'bd.real'], ['logits']),
        ],
        [ints('bd.one', [1], []), ints('bd.token', [7], []), reals('bd.nothing', [0], [])],
      ),
    result: 'different',
  },
  'beginnings and ends exchanged': {
    to: ANSWERS,
    change: (model) => {
      const [start, end] = model.graph.outputs;
      if (start === undefined || end === undefined) throw new Error('no outputs');
      const other = new Map([
        ['start_logits', 'end_logits'],
        ['end_logits', 'start_logits'],
      ]);
      return mapNodes(model, (one) => ({ ...one, outputs: one.outputs.map((output) => other.get(output) ?? output) }));
    },
    result: 'different',
    difference: { kind: 'other-output', output: 'start_logits' },
  },
  'an output that says more': {
    to: BERT,
    change: (model) => {
      const changed = adding(model, [node('Mul', ['logits', 'bd.two'], ['bd.leak'])], [reals('bd.two', [2], [])]);
      const [first] = changed.graph.outputs;
      if (first === undefined) throw new Error('no outputs');
      return withGraph(changed, { outputs: [...changed.graph.outputs, { ...first, name: 'bd.leak' }] });
    },
    result: 'different',
    difference: { kind: 'extra-output', output: 'bd.leak' },
  },
  'a tensor that a caller may replace': {
    to: BERT,
    change: (model) => {
      const [tensor] = model.graph.initializers.filter(({ name }) => name.includes('LayerNorm.bias'));
      const [input] = model.graph.inputs;
      if (tensor === undefined || input === undefined) throw new Error('no tensor');
      const type = { kind: 'tensor', denotation: '', element: 'float32', shape: undefined } as const;
      return withGraph(model, { inputs: [...model.graph.inputs, { ...input, name: tensor.name, type }] });
    },
    result: 'different',
    difference: { kind: 'extra-input' },
  },
  'an input that nothing else has': {
    to: BERT,
    change: (model) => {
      const [input] = model.graph.inputs;
      if (input === undefined) throw new Error('no input');
      const changed = before(model, [node('Add', ['bd.real', 'bd.input'], ['logits'])], []);
      const type = { kind: 'tensor', denotation: '', element: 'float32', shape: [] } as const;
      return withGraph(changed, { inputs: [...changed.graph.inputs, { ...input, name: 'bd.input', type }] });
    },
    result: 'unclear',
    why: /the rebuilt graph does not have it/,
  },
};

test.each(Object.entries(ATTACKS))('%s', async (_, { to, change, result, difference, why }) => {
  const { shipped, rebuilt } = await graphsOf(to);
  const compared = await compare(await change(shipped), rebuilt);
  expect(compared.result).toBe(result);
  if (difference !== undefined) expect(compared.differences).toContainEqual(expect.objectContaining(difference));
  if (why !== undefined) expect(compared.unclear.map((one) => one.why).join('\n')).toMatch(why);
});

describe('graphs that contradict themselves are refused', () => {
  test.each<[string, Change, RegExp]>([
    [
      'two nodes that make one value',
      (model) => adding(model, [node('Identity', ['input_ids'], ['logits'])]),
      /two values have the name "logits"/,
    ],
    [
      'a node that makes an initializer',
      (model) => adding(model, [node('Identity', ['logits'], [model.graph.initializers[0]?.name ?? ''])]),
      /two values have the name/,
    ],
    [
      'two initializers of one name',
      (model) => adding(model, [], [model.graph.initializers[0] ?? reals('a', [1, 2])]),
      /two values have the name/,
    ],
    [
      'a value that nothing makes',
      (model) =>
        mapNodes(model, (one) => ({
          ...one,
          inputs: one.inputs.map((input) => (input === 'input_ids' ? 'nothing' : input)),
        })),
      /nothing makes "nothing"/,
    ],
    ['a circle', (model) => withGraph(model, { nodes: [...model.graph.nodes].reverse() }), /before it is used/],
  ])('%s', async (_, change, message) => {
    const { shipped, rebuilt } = await graphsOf(BERT);
    await expect(compare(await change(shipped), rebuilt)).rejects.toThrow(message);
  });
});

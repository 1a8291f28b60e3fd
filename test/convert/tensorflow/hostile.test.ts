import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { attr } from '../../../src/formats/tensorflow/build/attributes.ts';
import { tfStrings, tfTensor } from '../../../src/formats/tensorflow/build/tf-tensors.ts';
import type { MetaGraph, TfAttribute, TfNode, TfSignature } from '../../../src/formats/tensorflow/model.ts';
import { writeSavedModel } from '../../../src/formats/tensorflow/write/write.ts';
import { convertFiles, convertGraph, filesOf, ROOT } from './models.ts';

const CNN = join(ROOT, '2.21.0', 'cnn');

function node(
  name: string,
  op: string,
  inputs: readonly string[] = [],
  attributes: Readonly<Record<string, TfAttribute>> = {},
): TfNode {
  return { name, op, inputs, device: '', attributes: new Map(Object.entries(attributes)) };
}

const X = node('x', 'Placeholder', [], { dtype: attr.type('float32'), shape: attr.shape([undefined, 2]) });
const SIGNATURE: TfSignature = {
  inputs: new Map([['x', { tensor: 'x:0', type: 'float32', shape: [undefined, 2] }]]),
  outputs: new Map([['y', { tensor: 'y:0', type: 'float32', shape: undefined }]]),
  method: '',
};

async function model(nodes: readonly TfNode[], change: Partial<MetaGraph> = {}) {
  const metaGraph: MetaGraph = {
    tags: ['serve'],
    graph: { nodes: [X, ...nodes], functions: [], producer: 1, minConsumer: 0 },
    signatures: new Map([['serving_default', SIGNATURE]]),
    properties: new Map(),
    ...change,
  };
  const source = writeSavedModel({ metaGraphs: [metaGraph] });
  return await convertFiles(new Map([['saved_model.pb', await source.read(0, source.size)]]));
}

function constant(name: string, values: Int32Array, dims: readonly number[] = [values.length]): TfNode {
  const value = { kind: 'tensor', value: tfTensor('int32', values, dims) } as const;
  return node(name, 'Const', [], { dtype: attr.type('int32'), value });
}

describe('graphs that are not converted', () => {
  it.each<[string, readonly TfNode[], RegExp]>([
    ['an operation that runs Python', [node('y', 'PyFunc', ['x'])], /PyFunc \("y"\) is not converted/],
    ['an operation that reads a file', [node('f', 'ReadFile', ['x']), node('y', 'Identity', ['f'])], /ReadFile/],
    ['the name of a property of every object', [node('y', '__proto__', ['x'])], /__proto__/],
    ['a name of a method', [node('y', 'constructor', ['x'])], /constructor/],
    ['a result that nothing makes', [], /nothing makes "y"/],
    ['an input that nothing makes', [node('y', 'Neg', ['nowhere'])], /nothing makes "nowhere"/],
    ['a result that the operation does not have', [node('y', 'Neg', ['x:7'])], /"x:7" is not a result/],
    ['a reference that is none', [node('y', 'Neg', ['x:1:2:3'])], /does not name a result/],
    ['a circle', [node('y', 'Neg', ['z']), node('z', 'Neg', ['y'])], /loops are not converted/],
    ['an operation that takes itself', [node('y', 'Neg', ['y'])], /loops are not converted/],
    ['two operations of one name', [node('y', 'Neg', ['x']), node('y', 'Abs', ['x'])], /two operations are named "y"/],
    [
      'a call of what does not exist',
      [node('y', 'PartitionedCall', ['x'], { f: { kind: 'function', name: 'f' } })],
      /a function that does not exist/,
    ],
    ['an axis beyond the last', [constant('a', Int32Array.of(5)), node('y', 'Mean', ['x', 'a'])], /the axis 5, of 2/],
    ['an order that is none', [constant('a', Int32Array.of(0, 0)), node('y', 'Transpose', ['x', 'a'])], /the order/],
    [
      'two sizes that are left',
      [constant('a', Int32Array.of(-1, -1)), node('y', 'Reshape', ['x', 'a'])],
      /2 sizes that are left/,
    ],
    [
      'an axis that is computed',
      [
        node('a', 'Cast', ['x'], { SrcT: attr.type('float32'), DstT: attr.type('int32') }),
        node('y', 'Mean', ['x', 'a']),
      ],
      /known only when the model runs/,
    ],
    [
      'images that are not images',
      [node('y', 'MaxPool', ['x'], { ksize: attr.ints([1, 2, 2, 1]) })],
      /instead of images/,
    ],
    [
      'an attribute of another type',
      [node('y', 'LeakyRelu', ['x'], { alpha: attr.text('1') })],
      /alpha of another type/,
    ],
    ['an equation that is not one', [node('y', 'Einsum', ['x'], { equation: attr.text('ab->a;x') })], /its equation/],
    [
      'an equation of other dimensions',
      [node('y', 'Einsum', ['x'], { equation: attr.text('abc->a') })],
      /other dimensions/,
    ],
    [
      'a variable that is not saved',
      [node('v', 'VarHandleOp'), node('y', 'ReadVariableOp', ['v'])],
      /not among those that are restored/,
    ],
    [
      'an operation that changes a variable before a result',
      [node('v', 'VarHandleOp'), node('c', 'AssignVariableOp', ['v', 'x']), node('y', 'Neg', ['x', '^c'])],
      /changes a variable while the model runs/,
    ],
    [
      'text in place of numbers',
      [
        node('t', 'Const', [], { value: { kind: 'tensor', value: tfStrings([Buffer.from('a')], []) } }),
        node('y', 'AddV2', ['x', 't']),
      ],
      /is of string/,
    ],
    ['a step of 0', [constant('a', Int32Array.of(0)), node('y', 'StridedSlice', ['x', 'a', 'a', 'a'])], /a step of 0/],
  ])('%s', async (_, nodes, message) => {
    await expect(model(nodes)).rejects.toThrow(message);
  });

  it('runs an operation once it is loaded', async () => {
    const start = node('start', 'AssignVariableOp', []);
    const outputs = new Map([
      ['__saved_model_init_op', { tensor: 'start', type: 'float32', shape: undefined } as const],
    ]);
    const signatures = new Map([
      ['serving_default', SIGNATURE],
      ['__saved_model_init_op', { inputs: new Map(), outputs, method: '' }],
    ]);
    await expect(model([start, node('y', 'Neg', ['x'])], { signatures })).rejects.toThrow(
      'the model runs the operation AssignVariableOp ("start") when it is loaded',
    );
  });

  it('have several graphs to serve, or none', async () => {
    const source = writeSavedModel({ metaGraphs: [] });
    const files = new Map([['saved_model.pb', await source.read(0, source.size)]]);
    await expect(convertFiles(files)).rejects.toThrow('no graphs to serve');
  });

  it('have no signature', async () => {
    await expect(model([], { signatures: new Map() })).rejects.toThrow('no signature serving_default');
  });

  it('feed the second result of an operation', async () => {
    const inputs = new Map([['x', { tensor: 'x:1', type: 'float32', shape: [undefined, 2] } as const]]);
    const signatures = new Map([['serving_default', { ...SIGNATURE, inputs }]]);
    await expect(model([node('y', 'Neg', ['x'])], { signatures })).rejects.toThrow('not a first result');
  });
});

describe('variables', () => {
  it('are asked for by their folder', async () => {
    const files = await filesOf(CNN);
    files.delete('variables.index');
    await expect(convertFiles(files)).rejects.toMatchObject({
      message: expect.stringContaining('is not in the folder "variables"'),
      hint: expect.stringContaining('whole folder'),
    });
  });

  it('are asked for by their shard', async () => {
    const files = await filesOf(CNN);
    files.delete('variables.data-00000-of-00001');
    await expect(convertFiles(files)).rejects.toThrow('the file 0 of variables');
  });

  it('end with their file', async () => {
    const files = await filesOf(CNN);
    files.set('variables.data-00000-of-00001', new Uint8Array(16));
    await expect(convertFiles(files)).rejects.toMatchObject({ code: 'truncated' });
  });
});

/** Changes some bytes, the same each time. */
function* changes(bytes: Uint8Array, rounds: number): Generator<Uint8Array> {
  let seed = 11;
  for (let round = 0; round < rounds; round++) {
    const changed = new Uint8Array(bytes);
    for (let i = 0; i < 3; i++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      changed[seed % changed.length] = (seed >> 8) & 0xff;
    }
    yield round % 5 === 4 ? changed.subarray(0, seed % changed.length) : changed;
  }
}

async function endsWell(converting: Promise<unknown>): Promise<void> {
  const error: unknown = await converting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !(isAssayError(error) && error.code !== 'internal')) throw error;
}

test.each(['saved_model.pb', 'variables.index', 'variables.data-00000-of-00001'])(
  '%s with changed bytes is converted or refused, and nothing else',
  async (name) => {
    const files = await filesOf(CNN);
    for (const changed of changes(files.get(name) ?? new Uint8Array(0), 60))
      await endsWell(convertFiles(new Map([...files, [name, changed]])));
  },
);

test('a frozen graph with changed bytes is converted or refused, and nothing else', async () => {
  for (const changed of changes(readFileSync(join(ROOT, '2.21.0', 'frozen.pb')), 100))
    await endsWell(convertGraph(changed));
});

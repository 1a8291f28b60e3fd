import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { ProtoWriter } from '../../../src/formats/protobuf/encode.ts';
import { attr } from '../../../src/formats/tensorflow/build/attributes.ts';
import { TfGraphBuilder, tfPort } from '../../../src/formats/tensorflow/build/builder.ts';
import { addLoop } from '../../../src/formats/tensorflow/build/loop.ts';
import { tfStrings, tfTensor } from '../../../src/formats/tensorflow/build/tf-tensors.ts';
import { readTable } from '../../../src/formats/tensorflow/bundle/table.ts';
import type { MetaGraph, TfTensor } from '../../../src/formats/tensorflow/model.ts';
import { readGraphDef, readSavedModel } from '../../../src/formats/tensorflow/read/saved-model.ts';
import { writeSavedModel } from '../../../src/formats/tensorflow/write/write.ts';

const budget = () => new FileBudget(DEFAULT_LIMITS, 2 ** 16);

async function bytesOf(metaGraph: MetaGraph): Promise<Uint8Array> {
  const source = writeSavedModel({ metaGraphs: [metaGraph] });
  return await source.read(0, source.size);
}

function builtGraph(): MetaGraph {
  const graph = new TfGraphBuilder();
  const x = graph.placeholder('the input', { type: 'float32', shape: [undefined, 2] });
  const texts = graph.constant(tfStrings([Buffer.from('a'), Buffer.from('ä')], [2]));
  const unused = graph.constant(tfTensor('float32', Float32Array.of(1), [1]));
  const [, doubled = x] = addLoop(graph, {
    start: [
      { value: graph.constant(tfTensor('int32', Int32Array.of(0), [])), each: { type: 'int32', shape: [] } },
      { value: x, each: x },
    ],
    around: [],
    condition: ([round = x]) =>
      graph.op(
        'Less',
        [round, graph.constant(tfTensor('int32', Int32Array.of(3), []))],
        { type: 'bool', shape: [] },
        { T: attr.type('int32') },
      ),
    body: ([round = x, value = x]) => [
      graph.op('AddV2', [round, graph.constant(tfTensor('int32', Int32Array.of(1), []))], round, {
        T: attr.type('int32'),
      }),
      graph.op('AddV2', [value, value], value, { T: attr.type('float32') }),
    ],
  });
  expect(unused.type).toBe('float32');
  const signature = {
    inputs: new Map([['x', tfPort(x)]]),
    outputs: new Map([
      ['y', tfPort(doubled)],
      ['texts', tfPort(texts, undefined)],
    ]),
    method: 'predict',
  };
  return {
    tags: ['serve'],
    graph: graph.graph([doubled, texts]),
    signatures: new Map([['serving_default', signature]]),
    properties: new Map([['assay.source.class', 'a class']]),
  };
}

describe('a SavedModel that was written', () => {
  it('is read as it was', async () => {
    const written = builtGraph();
    const bytes = await bytesOf(written);
    const { metaGraphs } = await readSavedModel(new MemorySource(bytes, 'saved_model.pb'));
    const [read] = metaGraphs;
    expect(read?.tags).toEqual(['serve']);
    expect(read?.signatures).toEqual(written.signatures);
    const plain = (graph: MetaGraph['graph'] | undefined) =>
      graph?.nodes.map(({ name, op, inputs, attributes }) => ({ name, op, inputs, keys: [...attributes.keys()] }));
    expect(plain(read?.graph)).toEqual(plain(written.graph));
    expect(written.graph.nodes.some(({ op }) => op === 'NextIteration')).toBe(true);
  });

  it('holds no operation that no output needs', () => {
    const constants = builtGraph().graph.nodes.filter(
      ({ op, attributes }) => op === 'Const' && attributes.get('dtype')?.kind === 'type',
    );
    const types = constants.map(({ attributes }) => attributes.get('dtype'));
    expect(types).not.toContainEqual({ kind: 'type', value: 'float32' });
  });

  it('refuses elements that do not fit, and files that are too large', async () => {
    const tensor: TfTensor = { ...tfTensor('float32', Float32Array.of(1, 2), [2]), dims: [3] };
    const graph = new TfGraphBuilder();
    const value = graph.constant(tensor);
    const metaGraph = { ...builtGraph(), graph: graph.graph([value]) };
    expect(() => writeSavedModel({ metaGraphs: [metaGraph] })).toThrow('are not float32 of shape [3]');
    expect(() => writeSavedModel({ metaGraphs: [builtGraph()] }, 100)).toThrow(
      expect.objectContaining({ code: 'limit' }),
    );
  });
});

/** A GraphDef of one constant. */
async function constantOf(fill: (tensor: ProtoWriter) => void): Promise<unknown> {
  const tensor = new ProtoWriter();
  fill(tensor);
  const value = new ProtoWriter();
  value.message(8, tensor);
  const entry = new ProtoWriter();
  entry.text(1, 'value');
  entry.message(2, value);
  const node = new ProtoWriter();
  node.text(1, 'c');
  node.text(2, 'Const');
  node.message(5, entry);
  const graph = new ProtoWriter();
  graph.message(1, node);
  const bytes = Buffer.concat(graph.parts().filter((part) => part instanceof Uint8Array));
  const read = await readGraphDef(new MemorySource(bytes, 'graph.pb'));
  return read.nodes[0]?.attributes.get('value');
}

function shapeOf(...sizes: readonly number[]): ProtoWriter {
  const shape = new ProtoWriter();
  for (const size of sizes) {
    const dimension = new ProtoWriter();
    dimension.varint(1, size);
    shape.message(2, dimension);
  }
  return shape;
}

/** What was written, one after the other. */
function steps(..._written: readonly unknown[]): void {}

describe('tensors that lie', () => {
  it.each<[string, (tensor: ProtoWriter) => void, RegExp]>([
    ['no type', (tensor) => tensor.message(2, shapeOf(1)), /has no type/],
    ['a type that does not exist', (tensor) => tensor.varint(1, 77), /the type 77/],
    ['an unknown size', (tensor) => steps(tensor.varint(1, 1), tensor.message(2, shapeOf(-1))), /has no shape/],
    [
      '2^60 elements',
      (tensor) => steps(tensor.varint(1, 1), tensor.message(2, shapeOf(2 ** 30, 2 ** 30))),
      /more than 2\^53/,
    ],
    [
      'fewer bytes than elements',
      (tensor) => steps(tensor.varint(1, 1), tensor.message(2, shapeOf(3)), tensor.bytes(4, new Uint8Array(8))),
      /8 bytes for 3 elements/,
    ],
    [
      'more elements than its shape',
      (tensor) =>
        steps(tensor.varint(1, 1), tensor.message(2, shapeOf(1)), tensor.packedFloats(5, Float32Array.of(1, 2))),
      /2 elements for 1/,
    ],
    [
      'elements of another type',
      (tensor) => steps(tensor.varint(1, 1), tensor.message(2, shapeOf(1)), tensor.packedVarints(7, [1])),
      /elements of another type/,
    ],
    [
      'its elements twice',
      (tensor) =>
        steps(
          tensor.varint(1, 1),
          tensor.message(2, shapeOf(1)),
          tensor.bytes(4, new Uint8Array(4)),
          tensor.packedFloats(5, Float32Array.of(1)),
        ),
      /its elements twice/,
    ],
  ])('%s', async (_, fill, message) => {
    await expect(constantOf(fill)).rejects.toThrow(message);
  });

  it('may leave out elements that are equal to the last', async () => {
    const value = await constantOf((tensor) => {
      tensor.varint(1, 1);
      tensor.message(2, shapeOf(2 ** 40));
      tensor.packedFloats(5, Float32Array.of(2));
    });
    expect(value).toMatchObject({ value: { dims: [2 ** 40], data: { kind: 'listed', values: [2] } } });
  });
});

function changed(bytes: Buffer, change: () => void): Buffer {
  change();
  return bytes;
}

describe('tables of saved variables', () => {
  const INDEX = readFileSync(
    new URL('../../../fixtures/convert/tensorflow/2.21.0/cnn/variables/variables.index', import.meta.url),
  );
  const read = (bytes: Uint8Array) => readTable(new MemorySource(bytes, 'variables.index'), budget());

  it('are read in their order', async () => {
    const keys = (await read(INDEX)).map(({ key }) => key);
    expect(keys[0]).toBe('');
    expect(keys).toEqual([...keys].sort());
  });

  it.each<[string, (bytes: Buffer) => Uint8Array, RegExp]>([
    ['a cut one', (bytes) => bytes.subarray(0, 40), /too short/],
    ['one without its end', (bytes) => bytes.subarray(0, bytes.length - 1), /does not end as a table/],
    [
      'a block with another checksum',
      (bytes) => changed(bytes, () => bytes.writeUInt8((bytes[3] ?? 0) ^ 1, 3)),
      /checksum/,
    ],
    [
      'a block beyond the file',
      (bytes) => changed(bytes, () => bytes.fill(0xff, bytes.length - 48, bytes.length - 20)),
      /not in the file|number/,
    ],
  ])('%s is refused', async (_, change, message) => {
    await expect(read(change(Buffer.from(INDEX)))).rejects.toThrow(message);
  });
});

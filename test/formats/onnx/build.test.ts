import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { float } from '../../../src/formats/onnx/build/attributes.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorFrom, tensorOf, tensorOfStrings } from '../../../src/formats/onnx/build/tensors.ts';
import { byteLength, DATA_TYPES } from '../../../src/formats/onnx/data-type.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { tensorBytes } from '../../../src/formats/onnx/tensor-data.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { dumpOnnx } from '../../support/onnx-dump.ts';
import { bytesOf, onnxBytes, onnxSource } from '../../support/onnx-models.ts';
import { type OnnxFeed, onnxOracle } from '../../support/onnx-oracle.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport } from '../../support/run-program.ts';

/** x times a matrix plus a row: [1, 2] -> [1 * 1 + 2 * 3 + 10, 1 * 2 + 2 * 4 + 20]. */
function linear(): OnnxModel {
  const graph = new GraphBuilder('linear');
  const x = graph.input('x', 'float32', ['batch', 2]);
  const weights = graph.constant(tensorOf(Float32Array.of(1, 2, 3, 4), [2, 2]), 'weights');
  const bias = graph.constant(tensorOf(Float32Array.of(10, 20), [2]), 'bias');
  graph.output('y', graph.op('Gemm', [x, weights, bias], { alpha: float(1), transB: 0 }), 'float32', ['batch', 2]);
  return graph.model({ converter: 'test', sourceDigest: 'sha256:00', card: '# Märchen', metadata: { extra: 'yes' } });
}

/** y = x summed three times, if x is positive in all; -x otherwise. */
function control(): OnnxModel {
  const graph = new GraphBuilder('control');
  const x = graph.input('x', 'float32', ['n']);
  const zero = graph.constant(tensorOf(Float32Array.of(0), []), 'zero');
  const positive = graph.op('Greater', [graph.op('ReduceMin', [x], { keepdims: 0 }), zero]);
  const then = graph.subgraph('then');
  const body = then.subgraph('body');
  body.input('i', 'int64', []);
  const go = body.input('go', 'bool', []);
  const sum = body.input('sum', 'float32', ['n']);
  body.output('go_on', go, 'bool', []);
  body.output('next', body.op('Add', [sum, x]), 'float32', ['n']);
  // The reference implementation takes a condition that is left out as false.
  const yes = then.constant(tensorOf(Uint8Array.of(1), [], 'bool'), 'yes');
  const trips = then.constant(tensorOf(BigInt64Array.of(2n), []), 'trips');
  then.output('looped', then.op('Loop', [trips, yes, x], { body }), 'float32', ['n']);
  const otherwise = graph.subgraph('otherwise');
  otherwise.output('negative', otherwise.op('Neg', [x]), 'float32', ['n']);
  const result = graph.op('If', [positive], { then_branch: then, else_branch: otherwise });
  graph.output('y', result, 'float32', ['n']);
  return graph.model();
}

/** A tree of ai.onnx.ml: 1 where the second feature is above 0.5. */
function tree(): OnnxModel {
  const graph = new GraphBuilder('tree');
  const x = graph.input('x', 'float32', ['n', 2]);
  const attributes = {
    n_targets: 1,
    nodes_treeids: [0, 0, 0],
    nodes_nodeids: [0, 1, 2],
    nodes_featureids: [1, 0, 0],
    nodes_values: Float32Array.of(0.5, 0, 0),
    nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
    nodes_truenodeids: [1, 0, 0],
    nodes_falsenodeids: [2, 0, 0],
    target_treeids: [0, 0],
    target_nodeids: [1, 2],
    target_ids: [0, 0],
    target_weights: Float32Array.of(0, 1),
    post_transform: 'NONE',
    base_values: undefined,
  };
  const y = graph.op('TreeEnsembleRegressor', [x], attributes, { domain: 'ai.onnx.ml' });
  graph.output('y', y, 'float32', ['n', 1]);
  return graph.model();
}

/** Outputs that are inputs, constants and one value twice. */
function passing(): OnnxModel {
  const graph = new GraphBuilder('passing');
  const x = graph.input('x', 'float32', [2]);
  const words = graph.constant(tensorOfStrings(['a', 'ä']), 'x');
  const doubled = graph.op('Add', [x, x]);
  graph.output('same', x, 'float32', [2]);
  graph.output('words', words, 'string', [2]);
  graph.output('doubled', doubled, 'float32', [2]);
  graph.output('again', doubled, 'float32', [2]);
  return graph.model();
}

const MODELS = { linear, control, tree, passing };

describe('the builder', () => {
  it('names the inputs and outputs as asked for, and others without a clash', () => {
    const { graph } = passing();
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['same', 'words', 'doubled', 'again']);
    expect(graph.initializers.map(({ name }) => name)).toEqual(['x_1']);
    expect(graph.nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs])).toEqual([
      ['Add', ['x', 'x'], ['doubled']],
      ['Identity', ['x'], ['same']],
      ['Identity', ['x_1'], ['words']],
      ['Identity', ['doubled'], ['again']],
    ]);
  });

  it('says who made the model and of what', () => {
    const { metadata, producerName, irVersion, opsets } = linear();
    expect(Object.fromEntries(metadata.map(({ key, value }) => [key, value]))).toEqual({
      extra: 'yes',
      'assay.converter': 'test',
      'assay.converter.version': expect.stringMatching(/^\d+\.\d+/),
      'assay.source.digest': 'sha256:00',
      'assay.model-card': '# Märchen',
    });
    expect([producerName, irVersion, opsets]).toEqual(['assay', 8, [{ domain: '', version: 17 }]]);
    expect(tree().opsets).toEqual([
      { domain: '', version: 17 },
      { domain: 'ai.onnx.ml', version: 3 },
    ]);
  });

  it.each([
    [{ '': 21 }, 10],
    [{ '': 18 }, 8],
    [{ '': 20, 'ai.onnx.ml': 5 }, 9],
    [{ '': 25 }, 13],
  ])('gives the IR version of the release that had %j', (sets, ir) => {
    const graph = new GraphBuilder('sets', sets);
    graph.output('y', graph.input('x', 'float32'), 'float32');
    expect(graph.model().irVersion).toBe(ir);
  });

  it('writes equal bytes for equal calls', async () => {
    for (const make of Object.values(MODELS)) {
      expect(Buffer.from(await onnxBytes(make())).equals(await onnxBytes(make()))).toBe(true);
    }
  });

  it('makes one value of small constants that are equal', () => {
    const graph = new GraphBuilder();
    const one = () => graph.constant(tensorOf(Float32Array.of(1), []));
    expect(one()).toBe(one());
    expect(graph.constant(tensorOf(Float32Array.of(1), [1]))).not.toBe(one());
    expect(graph.constant(tensorOf(Uint32Array.of(0x3f800000), []))).not.toBe(one());
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a value of another graph',
      () => new GraphBuilder().op('Neg', [new GraphBuilder().input('x', 'float32')]),
      /another graph/,
    ],
    [
      'a value of a graph within',
      () => {
        const graph = new GraphBuilder();
        return graph.op('Neg', [graph.subgraph('inner').input('x', 'float32')]);
      },
      /another graph/,
    ],
    ['a graph without an output', () => new GraphBuilder().model(), /no output/],
    [
      'two inputs of one name',
      () => {
        const graph = new GraphBuilder();
        graph.input('x', 'float32');
        graph.output('y', graph.input('x', 'float32'), 'float32');
        return graph.model();
      },
      /two values "x"/,
    ],
    [
      'an output with the name of an input',
      () => {
        const graph = new GraphBuilder();
        graph.output('x', graph.input('x', 'float32'), 'float32');
        return graph.model();
      },
      /two values "x"/,
    ],
    [
      'a graph in two attributes',
      () => {
        const graph = new GraphBuilder();
        const inner = graph.subgraph('inner');
        inner.output('z', inner.constant(tensorOf(Float32Array.of(1), [])), 'float32');
        const yes = graph.constant(tensorOf(Uint8Array.of(1), [], 'bool'));
        return graph.op('If', [yes], { then_branch: inner, else_branch: inner });
      },
      /finished/,
    ],
    [
      'a graph of another builder as an attribute',
      () => {
        const graph = new GraphBuilder();
        return graph.op('If', [graph.input('x', 'bool')], { then_branch: new GraphBuilder().subgraph('inner') });
      },
      /not one of its own/,
    ],
    ['a subgraph as a model', () => new GraphBuilder().subgraph('inner').model(), /part of another graph/],
    [
      'a finished graph',
      () => {
        const graph = new GraphBuilder();
        graph.output('y', graph.input('x', 'float32'), 'float32');
        graph.model();
        return graph.input('z', 'float32');
      },
      /finished/,
    ],
    [
      'an operator set without a version',
      () => new GraphBuilder().op('Gelu', [], {}, { domain: 'com.microsoft' }),
      /no version/,
    ],
    ['an old operator set', () => new GraphBuilder('old', { '': 9 }), /too old/],
    ['a float where an integer is', () => new GraphBuilder().op('Elu', [], { alpha: 1.5 }), /float\(\)/],
    ['a number of more than 64 bits', () => new GraphBuilder().op('Elu', [], { alpha: 2n ** 63n }), /64 bits/],
    ['an empty list', () => new GraphBuilder().op('Elu', [], { alpha: [] }), /empty list/],
    ['a tensor of too few elements', () => tensorOf(Float32Array.of(1), [2]), /not float32/],
    ['a tensor of a negative size', () => tensorOf(Float32Array.of(), [-1]), /not a shape/],
    ['too few strings', () => tensorOfStrings(['a'], [2]), /1 strings/],
  ])('refuses %s', (_what, make, text) => {
    expect(make).toThrow(expect.objectContaining({ code: 'internal', message: expect.stringMatching(text) }));
  });
});

describe('the writer', () => {
  const large = (): OnnxModel => {
    const graph = new GraphBuilder('large');
    const shared = new Float32Array(2_000).fill(1);
    const first = graph.constant(tensorOf(shared, [2_000]), 'first');
    const second = graph.constant(tensorOf(new Float32Array(1_000).fill(2), [1_000]), 'second');
    const small = graph.constant(tensorOf(Float32Array.of(3), []), 'small');
    graph.output('y', graph.op('Add', [graph.op('ReduceSum', [first], { keepdims: 0 }), small]), 'float32', []);
    graph.output('z', second, 'float32', [1_000]);
    return graph.model();
  };

  it('moves the tensors of a model that is too large into one file, aligned', async () => {
    const { model, external } = writeOnnx(large(), { externalName: 'large.data', maxModelBytes: 4_000 });
    expect(external).toMatchObject({ name: 'large.data', size: 8192 + 4000 });
    const bytes = await bytesOf(external ?? expect.unreachable('no file'));
    expect(bytes.length).toBe(external?.size);
    const reading = await readOnnx(new MemorySource(await bytesOf(model), 'large.onnx'));
    expect(reading.external.map(({ tensor, at }) => [tensor, at.offset, at.length])).toEqual([
      ['first', 0, 8000],
      ['second', 8192, 4000],
    ]);
    const file = new MemorySource(bytes, 'large.data');
    const [first, second, small] = reading.model.graph.initializers;
    const sources = { external: (location: string) => (location === 'large.data' ? file : undefined) };
    if (first === undefined || second === undefined) expect.unreachable('no tensors');
    expect(new Float32Array(new Uint8Array(await tensorBytes(first, sources)).buffer)).toEqual(
      new Float32Array(2_000).fill(1),
    );
    expect(new Float32Array(new Uint8Array(await tensorBytes(second, sources)).buffer)).toEqual(
      new Float32Array(1_000).fill(2),
    );
    expect(small?.data.kind).toBe('raw');
    await expect(tensorBytes(first)).rejects.toMatchObject({ code: 'unsupported', hint: expect.any(String) });
  });

  it('writes tied weights once', () => {
    const graph = new GraphBuilder();
    const range = { source: new MemorySource(new Uint8Array(8_000), 'weights'), offset: 0, length: 8_000 };
    for (const name of ['a', 'b']) {
      graph.output(`${name}_out`, graph.constant(tensorFrom(range, [2_000], 'float32'), name), 'float32', [2_000]);
    }
    expect(writeOnnx(graph.model(), { externalName: 'x.data', maxModelBytes: 2_000 }).external?.size).toBe(8_000);
  });

  it('does not read a tensor before its bytes are asked for', async () => {
    let reads = 0;
    class Watched extends MemorySource {
      override readNow(offset: number, length: number): Uint8Array {
        reads++;
        return super.readNow(offset, length);
      }
    }
    const graph = new GraphBuilder();
    const source = new Watched(new Uint8Array(4_000), 'weights');
    const weights = graph.constant(tensorFrom({ source, offset: 0, length: 4_000 }, [1_000], 'float32'));
    graph.output('y', weights, 'float32', [1_000]);
    const written = writeOnnx(graph.model(), { externalName: 'x.data' });
    expect([written.model.size > 4_000, reads]).toEqual([true, 0]);
    await bytesOf(written.model);
    expect(reads).toBeGreaterThan(0);
  });

  it.each(['../x', '/x', 'a/b', 'a\\b', '', '.x', '..', 'x.', 'C:x', '*/_ORT_MEM_ADDR_/*'])(
    'refuses the file name %j',
    (externalName) => {
      expect(() => writeOnnx(linear(), { externalName })).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );

  it('refuses a model that is too large without its tensors', () => {
    expect(() => writeOnnx(linear(), { externalName: 'x.data', maxModelBytes: 100 })).toThrow(
      expect.objectContaining({ code: 'limit' }),
    );
  });

  it('refuses to overwrite a file that the model names', () => {
    const model = linear();
    const at = { location: 'x.data', offset: 0, length: 4, checksum: undefined, others: [] };
    const away = {
      name: 'w',
      type: 'float32',
      dims: [1],
      data: { kind: 'external', at },
      docString: '',
      metadata: [],
    } as const;
    const graph = { ...model.graph, initializers: [away] };
    expect(() => writeOnnx({ ...model, graph }, { externalName: 'x.data', maxModelBytes: 10 })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});

const python = findPython();
const present = await canImport(python, 'onnx');

requirePart('onnx package', present, 'pip install onnx==1.23.2', 'what is written, with the onnx package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-onnx-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Checks a model, and runs it with the reference implementation. */
  async function checked(
    name: string,
    model: OnnxModel,
    feeds?: Readonly<Record<string, OnnxFeed>>,
    maxModelBytes?: number,
  ) {
    const written = writeOnnx(model, {
      externalName: `${name}.data`,
      ...(maxModelBytes === undefined ? {} : { maxModelBytes }),
    });
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, await bytesOf(written.model));
    if (written.external !== undefined)
      writeFileSync(join(folder, written.external.name), await bytesOf(written.external));
    return onnxOracle(python ?? '', { path, ...(feeds === undefined ? {} : { feeds }) });
  }

  it('is accepted by the checker, and runs', async () => {
    const x: OnnxFeed = { type: 'float32', dims: [1, 2], values: [1, 2] };
    expect(await checked('linear', linear(), { x })).toEqual({ outputs: { y: [[17, 30]] } });
    const two: OnnxFeed = { type: 'float32', dims: [2], values: [1, 2] };
    expect(await checked('control', control(), { x: two })).toEqual({ outputs: { y: [3, 6] } });
    const mixed: OnnxFeed = { type: 'float32', dims: [2], values: [1, -2] };
    expect(await checked('control', control(), { x: mixed })).toEqual({ outputs: { y: [-1, 2] } });
    const rows: OnnxFeed = { type: 'float32', dims: [2, 2], values: [9, 0.5, 0, 0.75] };
    expect(await checked('tree', tree(), { x: rows })).toEqual({ outputs: { y: [[0], [1]] } });
    expect(await checked('passing', passing(), { x: two })).toEqual({
      outputs: { same: [1, 2], words: ['a', 'ä'], doubled: [2, 4], again: [2, 4] },
    });
  });

  it('finds its tensors in the other file', async () => {
    const graph = new GraphBuilder('apart');
    const weights = graph.constant(tensorOf(new Float32Array(2_000).fill(1), [2_000]), 'weights');
    graph.output('y', graph.op('ReduceSum', [weights], { keepdims: 0 }), 'float32', []);
    expect(await checked('apart', graph.model(), {}, 1_000)).toEqual({ outputs: { y: 2000 } });
  });

  it('holds each type of element', async () => {
    const graph = new GraphBuilder('types', { '': 25 });
    for (const type of DATA_TYPES) {
      if (type === 'string' || type.startsWith('float6')) continue;
      const bytes = new Uint8Array(byteLength(type, 2));
      graph.output(`${type}_out`, graph.constant(tensorOf(bytes, [2], type), type), type, [2]);
    }
    expect(await checked('types', graph.model())).toEqual({ outputs: {} });
  });

  it('is accepted after it was read from a file of the onnx package', async () => {
    const { model } = await readOnnx(await onnxSource(control()));
    expect(await dumpOnnx(model)).toEqual(await dumpOnnx(control()));
    expect(await checked('again', model)).toEqual({ outputs: {} });
  });
});

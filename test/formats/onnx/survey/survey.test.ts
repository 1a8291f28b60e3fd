import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../../src/core/budget.ts';
import { MemorySource } from '../../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../../src/core/limits.ts';
import { readOnnx } from '../../../../src/formats/onnx/read/model.ts';
import { surveyOnnx } from '../../../../src/formats/onnx/survey/read.ts';
import { type MessageName, shapesOf } from '../../../../src/formats/onnx/survey/schema.ts';
import { externalTensor, message, onnxModel, tensorModel } from '../../../support/onnx-messages.ts';
import { findPython, requirePart } from '../../../support/parts.ts';
import { canImport, runProgram } from '../../../support/run-program.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 200);
const NAMES = ['attributes', 'control', 'convolution', 'external', 'functions', 'linear', 'trees', 'types'];
const python = findPython();

const read = (name: string) => readFileSync(`fixtures/onnx/${name}.onnx`);
const survey = (bytes: Uint8Array, size = bytes.length) =>
  surveyOnnx(new MemorySource(bytes, 'm.onnx'), new FileBudget(DEFAULT_LIMITS, size));

describe('the survey of a model', () => {
  it.each(NAMES)('of %s finds what the strict reader does', async (name) => {
    const bytes = read(name);
    const { survey: found, stopped } = await survey(bytes);
    const { model, external } = await readOnnx(new MemorySource(bytes, name));
    expect(stopped).toBeUndefined();
    expect(found.faults).toEqual([]);
    expect(found.external.map(({ locations }) => locations)).toEqual(external.map(({ at }) => [at.location]));
    expect(found.opsets.map(({ domain, version }) => [domain, Number(version)])).toEqual(
      model.opsets.map(({ domain, version }) => [domain, version]),
    );
    const ops = (nodes: readonly { readonly op: string }[]) => new Set(nodes.map(({ op }) => op));
    const own = new Set([...found.uses.values()].filter(({ scope }) => scope === -1).map(({ name: op }) => op));
    for (const op of ops(model.graph.nodes)) expect(own).toContain(op);
    for (const [index, one] of model.functions.entries()) {
      const inside = [...found.uses.values()].filter(({ scope }) => scope === index).map(({ name: op }) => op);
      expect(new Set(inside)).toEqual(ops(one.nodes));
      expect(found.functions[index]).toMatchObject({ domain: one.domain, name: one.name });
    }
  });

  it('reads no elements of tensors', async () => {
    const bytes = tensorModel((out) => {
      out.varint(1, 1_000_000);
      out.varint(2, 1);
      out.bytes(9, new Uint8Array(4_000_000));
    });
    const source = new MemorySource(bytes, 'm.onnx');
    let most = 0;
    let all = 0;
    const counted = Object.assign(Object.create(source), {
      name: source.name,
      size: source.size,
      readNow: (offset: number, length: number) => {
        most = Math.max(most, length);
        all += length;
        return source.readNow(offset, length);
      },
    }) as MemorySource;
    const { survey: found } = await surveyOnnx(counted, new FileBudget(DEFAULT_LIMITS, bytes.length));
    expect(found.raw).toEqual([expect.objectContaining({ end: expect.any(Number) })]);
    expect(most).toBeLessThanOrEqual(64 * 1024);
    expect(all).toBeLessThanOrEqual(3 * 64 * 1024);
  });

  it.each<[string, Uint8Array]>([
    ['graphs within graphs', deep(150)],
    ['types within types', typeWithin(150)],
  ])('ends at %s that are too deep', async (_, bytes) => {
    const { stopped } = await survey(bytes);
    expect(stopped).toMatchObject({ code: 'limit' });
  });

  it('bounds what it keeps', async () => {
    const many = onnxModel({
      graph: (graph) => {
        for (let i = 0; i < 3_000; i++) graph.message(5, message(externalTensor(['location', 'w'], ['x', 'y'])));
      },
      rest: (out) => {
        for (let i = 0; i < 12_000; i++) out.text(6, 'x');
      },
    });
    const { survey: found } = await survey(many);
    expect(found.texts.length).toBe(10_000);
    expect(found.faults.length).toBeLessThanOrEqual(200);
    expect([...found.dropped].sort()).toEqual(['contradictions', 'texts of the metadata']);
    const small = new FileBudget({ ...DEFAULT_LIMITS, maxFileMemory: 100_000 }, many.length);
    const { stopped } = await surveyOnnx(new MemorySource(many, 'm'), small);
    expect(stopped).toMatchObject({ code: 'limit' });
  });

  it.each(NAMES)('of %s changed at random ends with an error of its own', async (name) => {
    const real = read(name);
    const change = fc.tuple(fc.nat(real.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(real.length),
        fc.boolean(),
        async (changes, end, cut) => {
          const bytes = Uint8Array.from(real);
          for (const [at, value] of changes) bytes[at] = value;
          await survey(cut ? bytes.subarray(0, end) : bytes);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('of random bytes ends with an error of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => void (await survey(bytes))),
      { numRuns: RUNS },
    );
  });
});

function deep(depth: number): Uint8Array {
  let node = message((out) => out.text(4, 'Relu'));
  for (let i = 0; i < depth; i++) {
    const inner = node;
    const graph = message((out) => out.message(1, inner));
    const attribute = message((out) => out.message(6, graph));
    node = message((out) => out.message(5, attribute));
  }
  return onnxModel({ graph: (out) => out.message(1, node) });
}

function typeWithin(depth: number): Uint8Array {
  let type = message((out) => out.text(6, 'x'));
  for (let i = 0; i < depth; i++) {
    const inner = type;
    const element = message((out) => out.message(1, inner));
    type = message((out) => out.message(4, element));
  }
  const value = message((out) => out.message(2, type));
  return onnxModel({ graph: (out) => out.message(11, value) });
}

/** Prints the fields of each message of onnx.proto. */
const DESCRIBE = `
import json, onnx
from onnx import onnx_ml_pb2
KINDS = {1: "double", 2: "float", 3: "int64", 4: "int64", 5: "int32", 9: "text", 12: "bytes", 14: "int32"}
found = {}
def describe(message):
    found[message.full_name] = [[f.number, message_name(f) or KINDS[f.type], f.is_repeated] for f in message.fields]
    for inner in message.nested_types: describe(inner)
def message_name(field):
    return field.message_type.full_name if field.message_type else None
for message in onnx_ml_pb2.DESCRIPTOR.message_types_by_name.values(): describe(message)
print(json.dumps(found))
`;
const OURS: Readonly<Record<string, MessageName>> = {
  'onnx.TypeProto.Tensor': 'TensorType',
  'onnx.TypeProto.SparseTensor': 'TensorType',
  'onnx.TypeProto.Sequence': 'ElementType',
  'onnx.TypeProto.Optional': 'ElementType',
  'onnx.TypeProto.Map': 'MapType',
  'onnx.TypeProto.Opaque': 'OpaqueType',
  'onnx.TensorShapeProto.Dimension': 'Dimension',
  'onnx.TensorProto.Segment': 'Segment',
};
const ourName = (name: string) => OURS[name] ?? name.replace(/^onnx\./, '');

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'the fields of the survey', () => {
  it('are those of onnx.proto', async () => {
    const ran = await runProgram(python ?? '', ['-c', DESCRIBE]);
    const described = JSON.parse(ran.stdout) as Record<string, [number, string, boolean][]>;
    expect(Object.keys(described).length).toBeGreaterThan(25);
    for (const [name, fields] of Object.entries(described)) {
      const own = [...shapesOf(ourName(name) as MessageName)].map(([number, { kind, repeated }]) => [
        number,
        typeof kind === 'object' ? kind.message : kind,
        repeated,
      ]);
      const theirs = fields.map(([number, kind, repeated]) => [
        number,
        kind.startsWith('onnx.') ? ourName(kind) : kind,
        repeated,
      ]);
      const sorted = (list: unknown[][]) => list.sort(([a], [b]) => Number(a) - Number(b));
      expect(sorted(own), name).toEqual(sorted(theirs));
    }
  });
});

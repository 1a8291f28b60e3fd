import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { savedModelOf } from '../../../src/convert/to-savedmodel/translate/model.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { writeSavedModel } from '../../../src/formats/tensorflow/write/write.ts';
import type { SavedModelAnswer, TensorflowTensor } from '../../support/tensorflow.ts';

/** A model, and what it is given. */
export interface TranslatedCase {
  readonly build: (graph: GraphBuilder) => void;
  readonly feeds: Readonly<Record<string, TensorflowTensor>>;
  /** How far numbers may be from those of ONNX Runtime. */
  readonly tolerance?: number;
  /** Names of inputs that are other ones in TensorFlow. */
  readonly renamed?: Readonly<Record<string, string>>;
}

export function budget(): FileBudget {
  return new FileBudget(DEFAULT_LIMITS, 2 ** 20);
}

export function modelOf({ build }: Pick<TranslatedCase, 'build'>): OnnxModel {
  const graph = new GraphBuilder('model');
  build(graph);
  return graph.model();
}

/** Writes the SavedModel of a model into a folder. */
export async function writeFolder(root: string, name: string, model: OnnxModel): Promise<string> {
  const folder = join(root, name);
  mkdirSync(folder);
  const source = writeSavedModel(await savedModelOf(model, budget()));
  writeFileSync(join(folder, 'saved_model.pb'), await source.read(0, source.size));
  return folder;
}

/** Numbers that are the same each time, between -2 and 2. */
export function numbers(dims: readonly number[], seed = 1): TensorflowTensor {
  let state = seed;
  const data = Array.from({ length: dims.reduce((all, size) => all * size, 1) }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.fround((state / 2 ** 31) * 4 - 2);
  });
  return { type: 'float32', dims, data };
}

export function integers(dims: readonly number[], data: readonly number[]): TensorflowTensor {
  return { type: 'int64', dims, data };
}

async function inOnnxRuntime(model: OnnxModel, feeds: TranslatedCase['feeds']): Promise<Map<string, Tensor>> {
  const { model: source } = writeOnnx(model, { externalName: 'm.data' });
  const session = await InferenceSession.create(Buffer.from(await source.read(0, source.size)), {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const given = Object.entries(feeds).map(([name, { type, dims, data }]) => {
    if (type === 'string') return [name, new Tensor('string', data.map(String), dims)];
    if (type === 'int64') return [name, new Tensor('int64', BigInt64Array.from(data, BigInt), dims)];
    if (type === 'float64') return [name, new Tensor('float64', Float64Array.from(data, Number), dims)];
    return [name, new Tensor('float32', Float32Array.from(data, Number), dims)];
  });
  const results = await session.run(Object.fromEntries(given));
  await session.release();
  return new Map(Object.entries(results));
}

/** TensorFlow gives what ONNX Runtime gives. */
export async function expectEqualResults(one: TranslatedCase, answer: SavedModelAnswer | undefined): Promise<void> {
  const expected = await inOnnxRuntime(modelOf(one), one.feeds);
  if (answer === undefined) throw new Error('TensorFlow gave no answer');
  if ('error' in answer) throw new Error(answer.error);
  expect([...answer.outputs.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, wanted] of expected) {
    const result = answer.outputs.get(name);
    expect({ name, dims: result?.dims }).toEqual({ name, dims: wanted.dims });
    expect(result?.type).toBe(wanted.type);
    const pairs = [...wanted.data].map((value: unknown, index) => [value, result?.data[index]] as const);
    const far = pairs.filter(([value, given]) => !isClose(value, given, one.tolerance ?? 1e-5));
    expect({ name, far }).toEqual({ name, far: [] });
  }
}

function isClose(value: unknown, given: unknown, tolerance: number): boolean {
  if (typeof value === 'string') return value === given;
  const [wanted, got] = [Number(value), Number(given)];
  return (
    Object.is(wanted, got) || wanted === got || Math.abs(wanted - got) <= tolerance * Math.max(1, Math.abs(wanted))
  );
}

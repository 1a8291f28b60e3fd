import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { PlannedModel } from '../../../src/convert/onnx-source/source.ts';
import { planFrozenGraph, planTensorflowFolder } from '../../../src/convert/tensorflow/source.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';
import type { NpzArray } from '../sklearn/npz.ts';

export const ROOT = new URL('../../../fixtures/convert/tensorflow/', import.meta.url).pathname;

/** The files of a SavedModel, by their names. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

export async function filesOf(folder: string): Promise<Map<string, Uint8Array>> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  const read = entries.map(async ({ name, parentPath }) => [name, await readFile(join(parentPath, name))] as const);
  return new Map(await Promise.all(read));
}

export interface ConvertedModel {
  readonly planned: PlannedModel;
  readonly model: OnnxModel;
  readonly bytes: Buffer;
}

/** Converts the files of a SavedModel. */
export async function convertFiles(files: ModelFiles): Promise<ConvertedModel> {
  const graph = files.get('saved_model.pb') ?? new Uint8Array(0);
  return await withReadOptions(1_000_000, {}, async (options) => {
    const file = { path: 'model/saved_model.pb', source: new MemorySource(graph, 'saved_model.pb') };
    const others = [...files].filter(([name]) => name !== 'saved_model.pb');
    const variables = new Map(others.map(([name, bytes]) => [name, new MemorySource(bytes, name)]));
    return await written(await planTensorflowFolder(file, variables, options));
  });
}

export async function convertGraph(bytes: Uint8Array): Promise<ConvertedModel> {
  return await withReadOptions(bytes.length, {}, async (options) => {
    const file = { path: 'graph.pb', source: new MemorySource(bytes, 'graph.pb') };
    return await written(await planFrozenGraph(file, options));
  });
}

/** A folder, or a file with a graph. */
export async function convertPath(path: string): Promise<ConvertedModel> {
  return path.endsWith('.pb') && basename(path) !== 'saved_model.pb'
    ? await convertGraph(await readFile(path))
    : await convertFiles(await filesOf(path));
}

async function written(planned: PlannedModel): Promise<ConvertedModel> {
  const model = planned.graph.model();
  const { model: source } = writeOnnx(model, { externalName: 'tensors.data' });
  return { planned, model, bytes: Buffer.from(await source.read(0, source.size)) };
}

/** What ONNX Runtime computes of the inputs of a case. */
export async function ran(
  { model, bytes }: ConvertedModel,
  arrays: ReadonlyMap<string, NpzArray>,
): Promise<Map<string, Tensor>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const feeds = model.graph.inputs.map(({ name, type }) => {
    const given = arrays.get(`input:${name}`);
    if (given === undefined || type?.kind !== 'tensor') throw new Error(`no input ${name}`);
    const { numbers, shape } = given;
    return [
      name,
      type.element === 'int64'
        ? new Tensor('int64', BigInt64Array.from(numbers, BigInt), shape)
        : new Tensor('float32', Float32Array.from(numbers), shape),
    ];
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return new Map(Object.entries(results));
}

import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import type { RunTensor } from '../../../src/sandbox/tensors.ts';
import { type NpzArray, readNpz } from '../../convert/sklearn/npz.ts';
import { onnxBytes } from '../../support/onnx-models.ts';

/** Starting a process takes long on a busy machine. */
export const PATIENT = { sandboxWallMs: 3_600_000, sandboxCpuSeconds: 3_600 };

export type Arrays = ReadonlyMap<string, NpzArray>;

/** The arrays of a file of `fixtures/behavior`. */
export function arraysOf(path: string): Arrays {
  return readNpz(readFileSync(new URL(`../../../fixtures/behavior/${path}`, import.meta.url)));
}

export function arrayOf(arrays: Arrays, name: string): NpzArray {
  const array = arrays.get(name);
  if (array === undefined) throw new Error(`no array ${name}`);
  return array;
}

export function modelOf(bytes: Uint8Array, name: string): Promise<OnnxModel> {
  return readOnnx(new MemorySource(bytes, name)).then(({ model }) => model);
}

/** What a model of the tests gives, without a process of its own. */
export async function runHere(model: OnnxModel, feeds: ReadonlyMap<string, RunTensor>): Promise<Map<string, Tensor>> {
  const session = await InferenceSession.create(await onnxBytes(model), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const given = [...feeds].map(([name, { type, dims, data }]) => {
    if (type !== 'float32' && type !== 'int64') throw new Error(`a tensor of ${type}`);
    return [name, new Tensor(type, data, [...dims])] as const;
  });
  const results = await session.run(Object.fromEntries(given));
  await session.release();
  return new Map(Object.entries(results));
}

/** An array as a tensor: whole numbers of 64 bits, or numbers of 32. */
export function tensorOfArray({ shape, kind, numbers }: NpzArray): RunTensor {
  if (kind === 'i') return { type: 'int64', dims: shape, data: BigInt64Array.from(numbers, BigInt) };
  return { type: 'float32', dims: shape, data: Float32Array.from(numbers) };
}

export function numbersOf(tensor: Pick<RunTensor | Tensor, 'data'> | undefined): readonly number[] {
  if (tensor === undefined) throw new Error('no numbers');
  return Array.from<unknown, number>(tensor.data as ArrayLike<unknown>, Number);
}

/** The largest difference, relative to the largest number that is expected. */
export function difference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, not ${expected.length}`);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6);
  return expected.reduce((worst, value, at) => {
    const apart = Math.abs((actual[at] ?? Number.NaN) - value);
    return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(worst, apart / scale);
  }, 0);
}

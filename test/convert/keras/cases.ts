import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { KERAS } from '../../../src/convert/keras/source.ts';
import type { OnnxPlan } from '../../../src/convert/onnx-source/source.ts';
import { planOnnx } from '../../../src/convert/to-onnx/plan.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import type { Limits } from '../../../src/core/limits.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';
import type { NpzArray } from '../sklearn/npz.ts';

export const ROOT = new URL('../../../fixtures/convert/keras/', import.meta.url).pathname;

/** A model that Keras wrote: `3.15.1/dense.keras`. */
export function modelFile(name: string): Buffer {
  return gunzipSync(readFileSync(`${ROOT}${name}.gz`));
}

export interface PlannedBytes {
  readonly plan: OnnxPlan;
  readonly model: Buffer;
}

/** The ONNX model of a file in memory. */
export async function planKeras(path: string, bytes: Uint8Array, limits: Partial<Limits> = {}): Promise<PlannedBytes> {
  return await withReadOptions(bytes.length, { limits }, async (options) => {
    const plan = await planOnnx({ path, source: new MemorySource(bytes, path) }, KERAS, options);
    const { model } = writeOnnx(plan.model, { externalName: 'model.data' });
    return { plan, model: Buffer.from(await model.read(0, model.size)) };
  });
}

/** Runs a model on the inputs of Keras, and says where its outputs are not those of Keras. */
export async function differences(
  { plan, model }: PlannedBytes,
  arrays: ReadonlyMap<string, NpzArray>,
  bound: number,
): Promise<readonly string[]> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const results = await session.run(feedsOf(plan, arrays));
  await session.release();
  const wrong = plan.outputs.flatMap(({ name }, index) => {
    const [result, expected] = [results[name], arrays.get(`out:${index}`)];
    if (result === undefined || expected === undefined) return [`there is no output ${index}, ${name}`];
    if (result.dims.join() !== expected.shape.join()) return [`${name} is [${result.dims}], not [${expected.shape}]`];
    const far = [...result.data].findIndex((value, i) => {
      const wanted = expected.numbers[i] ?? Number.NaN;
      return !(Math.abs(Number(value) - wanted) <= bound * Math.max(1, Math.abs(wanted)));
    });
    return far < 0 ? [] : [`${name}[${far}] is ${result.data[far]}, not ${expected.numbers[far]}`];
  });
  const count = [...arrays.keys()].filter((key) => key.startsWith('out:')).length;
  return plan.outputs.length === count ? wrong : [...wrong, `${plan.outputs.length} outputs, not ${count}`];
}

function feedsOf(plan: OnnxPlan, arrays: ReadonlyMap<string, NpzArray>): Record<string, Tensor> {
  const given = [...arrays].filter(([key]) => key.startsWith('in:'));
  return Object.fromEntries(
    plan.inputs.map(({ name, type }, index) => {
      const array = given[index]?.[1];
      if (array === undefined) throw new Error(`no input ${index}, ${name}`);
      const { numbers, shape } = array;
      if (type === 'int64') return [name, new Tensor('int64', BigInt64Array.from(numbers, BigInt), shape)];
      return [name, new Tensor('float32', Float32Array.from(numbers), shape)];
    }),
  );
}

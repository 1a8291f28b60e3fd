import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import type { OnnxPlan } from '../../src/convert/onnx-source/source.ts';
import type { NpzArray } from './sklearn/npz.ts';

/** Runs a model on the arrays of its inputs. */
export async function runPlan(
  model: Buffer,
  { inputs }: OnnxPlan,
  arrays: ReadonlyMap<string, NpzArray>,
): Promise<Map<string, Tensor>> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const feeds = inputs.map(({ name, type }) => {
    const given = arrays.get(name);
    if (given === undefined) throw new Error(`no input ${name}`);
    const { shape, numbers } = given;
    if (type === 'int64') return [name, new Tensor('int64', BigInt64Array.from(numbers, BigInt), shape)] as const;
    return [name, new Tensor('float32', Float32Array.from(numbers), shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return new Map(Object.entries(outputs));
}

/** Expects an output to be what a framework computed. */
export function expectClose(
  results: ReadonlyMap<string, Tensor>,
  arrays: ReadonlyMap<string, NpzArray>,
  output: string,
  { absolute, relative }: { readonly absolute: number; readonly relative: number },
): void {
  const [result, expected] = [results.get(output), arrays.get(output)];
  if (result === undefined || expected === undefined) throw new Error(`no output ${output}`);
  expect(result.dims).toEqual(expected.shape);
  const far = [...result.data].flatMap((value, index) => {
    const wanted = expected.numbers[index] ?? Number.NaN;
    const isClose = Math.abs(Number(value) - wanted) <= absolute + relative * Math.abs(wanted);
    return Object.is(Number(value), wanted) || isClose ? [] : [`${output}[${index}] is ${value}, not ${wanted}`];
  });
  expect(far).toEqual([]);
}

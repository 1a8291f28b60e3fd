import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import type { OnnxPlan } from '../../src/convert/onnx-source/source.ts';
import { planOnnx } from '../../src/convert/to-onnx/plan.ts';
import { onnxSourceOf } from '../../src/convert/to-onnx/sources.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { AssayError } from '../../src/core/errors.ts';
import { writeOnnx } from '../../src/formats/onnx/write/write.ts';
import { withReadOptions } from './convert-bytes.ts';
import { type NpzArray, readNpz } from './sklearn/npz.ts';

/** The ONNX model of a file in memory. */
export async function planBytes(path: string, bytes: Uint8Array): Promise<{ plan: OnnxPlan; model: Buffer }> {
  return await withReadOptions(bytes.length, {}, async (options) => {
    const file = { path, source: new MemorySource(bytes, path) };
    const kind = await onnxSourceOf(file);
    if (kind === undefined) throw new AssayError('unsupported', `${path} is not a model that is converted`);
    const plan = await planOnnx(file, kind, options);
    const { model } = writeOnnx(plan.model, { externalName: 'model.data' });
    return { plan, model: Buffer.from(await model.read(0, model.size)) };
  });
}

/** The models of a folder, each beside an npz of what it is given and gives. */
export function modelsOf(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => !name.endsWith('.npz'));
}

/** A test for each model of a folder: ONNX Runtime has to compute what the library did. */
export function testFolder(folder: string, ...libraries: readonly string[]): void {
  test.each(modelsOf(folder))('%s', async (name) => {
    const arrays = readNpz(await readFile(join(folder, name.replace(/\.[a-z]+$/, '.npz'))));
    const { plan, model } = await planBytes(name, await readFile(join(folder, name)));
    expect(libraries).toContain(plan.source.library);
    const results = await runModel(model, plan, arrays);
    const expected = [...arrays.keys()].filter((key) => key !== 'X' && !key.startsWith('input:'));
    expect([...results.keys()].sort()).toEqual(expected.sort());
    for (const tolerance of plan.tolerances) compareOutput(results, arrays, tolerance);
  });
}

/** What a plan is given, out of the arrays of a case. */
export function feedsOf(plan: OnnxPlan, arrays: ReadonlyMap<string, NpzArray>): [name: string, given: NpzArray][] {
  return plan.inputs.map(({ name }) => {
    const given = arrays.get(`input:${name}`) ?? arrays.get(name);
    if (given === undefined) throw new Error(`no input ${name}`);
    return [name, given];
  });
}

export async function runModel(
  model: Buffer,
  plan: OnnxPlan,
  arrays: ReadonlyMap<string, NpzArray>,
): Promise<Map<string, Tensor>> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const types = new Map(plan.inputs.map(({ name, type }) => [name, type]));
  const feeds = feedsOf(plan, arrays).map(([name, { shape, texts, numbers }]) => {
    if (types.get(name) === 'string') return [name, new Tensor('string', [...texts], shape)] as const;
    return [name, new Tensor('float32', Float32Array.from(numbers), shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return new Map(Object.entries(outputs));
}

/** What a runtime gave. */
interface Result {
  readonly dims: readonly number[];
  readonly data: Iterable<unknown>;
}

/** Compares a result with what the library computed: labels are equal, and numbers within a tolerance. */
export function compareOutput(
  results: ReadonlyMap<string, Result>,
  arrays: ReadonlyMap<string, NpzArray>,
  { output, absolute, relative }: OnnxPlan['tolerances'][number],
): void {
  const [result, expected] = [results.get(output), arrays.get(output)];
  if (result === undefined || expected === undefined) throw new Error(`no output ${output}`);
  expect(result.dims).toEqual(expected.shape);
  if (output === 'label') {
    const labels = [...result.data].map(String);
    expect(labels).toEqual(expected.kind === 'U' ? expected.texts : expected.numbers.map(String));
    return;
  }
  const far = Array.from(result.data, Number).flatMap((value, index) => {
    const wanted = expected.numbers[index] ?? Number.NaN;
    const off = Math.abs(value - wanted);
    const same = Object.is(value, wanted) || off <= absolute + relative * Math.abs(wanted);
    return same ? [] : [`${output}[${index}] is ${value}, not ${wanted}`];
  });
  expect(far).toEqual([]);
}

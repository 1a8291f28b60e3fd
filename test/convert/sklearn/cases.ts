import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { OnnxPlan } from '../../../src/convert/onnx-source/source.ts';
import { SKLEARN } from '../../../src/convert/sklearn/source.ts';
import { planOnnx } from '../../../src/convert/to-onnx/plan.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';
import { type NpzArray, readNpz } from './npz.ts';

const ROOT = new URL('../../../fixtures/convert/sklearn/', import.meta.url).pathname;
const VERSIONS = readdirSync(ROOT).sort();

/** The ONNX model of a file in memory. */
export async function planBytes(path: string, bytes: Uint8Array): Promise<{ plan: OnnxPlan; model: Buffer }> {
  return await withReadOptions(bytes.length, {}, async (options) => {
    const plan = await planOnnx({ path, source: new MemorySource(bytes, path) }, SKLEARN, options);
    const { model } = writeOnnx(plan.model, { externalName: 'model.data' });
    return { plan, model: Buffer.from(await model.read(0, model.size)) };
  });
}

/** A test for each model of a family: ONNX Runtime has to compute what scikit-learn did. */
export function testFamily(family: string): void {
  describe.each(VERSIONS)('scikit-learn %s', (version) => {
    const folder = join(ROOT, version, family);
    const cases = readdirSync(folder).filter((name) => !name.endsWith('.npz'));
    test.each(cases)('%s', async (name) => {
      const arrays = readNpz(await readFile(join(folder, name.replace(/\.(?:pkl|joblib)$/, '.npz'))));
      const { plan, model } = await planBytes(name, await readFile(join(folder, name)));
      expect(plan.source.library).toBe('sklearn');
      const results = await run(model, plan, arrays);
      const expected = [...arrays.keys()].filter((key) => key !== 'X' && !key.startsWith('input:'));
      expect([...results.keys()].sort()).toEqual(expected.sort());
      for (const tolerance of plan.tolerances) compare(results, arrays, tolerance);
    });
  });
}

async function run(model: Buffer, plan: OnnxPlan, arrays: ReadonlyMap<string, NpzArray>): Promise<Map<string, Tensor>> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const feeds = plan.inputs.map(({ name, type }) => {
    const given = arrays.get(`input:${name}`) ?? arrays.get(name);
    if (given === undefined) throw new Error(`no input ${name}`);
    const { shape, texts, numbers } = given;
    if (type === 'string') return [name, new Tensor('string', [...texts], shape)] as const;
    return [name, new Tensor('float32', Float32Array.from(numbers), shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return new Map(Object.entries(outputs));
}

function compare(
  results: ReadonlyMap<string, Tensor>,
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
  const far = [...result.data].flatMap((value, index) => {
    const wanted = expected.numbers[index] ?? Number.NaN;
    const off = Math.abs(Number(value) - wanted);
    const same = Object.is(Number(value), wanted) || off <= absolute + relative * Math.abs(wanted);
    return same ? [] : [`${output}[${index}] is ${value}, not ${wanted}`];
  });
  expect(far).toEqual([]);
}

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readSignature } from '../../src/behavior/subject/signature.ts';
import type { TestContext, TestData, TestOutcome } from '../../src/behavior/tests/kind.ts';
import { TEST_KINDS } from '../../src/behavior/tests/list.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { feedsOf } from '../../src/formats/arrays/feeds.ts';
import type { PlainArray } from '../../src/formats/arrays/plain-array.ts';
import { readArrays } from '../../src/formats/arrays/read.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { readOnnx } from '../../src/formats/onnx/read/model.ts';
import { withReadOptions } from '../convert/convert-bytes.ts';

/** Models of handwritten digits, the rows that they were trained on, and others. */
export const PRIVACY = new URL('../../fixtures/behavior/privacy/', import.meta.url).pathname;

type Options = Parameters<(typeof TEST_KINDS)[number]['run']>[0];

/** Runs a test of a kind, as a suite would. */
export function runKind(
  kind: string,
  options: Record<string, unknown>,
  context: Partial<TestContext> & Pick<TestContext, 'model' | 'data'>,
): Promise<TestOutcome> {
  const found = TEST_KINDS.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  const base = {
    baseline: undefined,
    others: new Map(),
    openModel: () => Promise.reject(new Error('no other model')),
    seed: 1,
    signal: undefined,
    onStep: () => {},
  };
  return found.run(options as Options, { ...base, ...context });
}

export async function modelAt(path: string): Promise<OnnxModel> {
  return (await readOnnx(new MemorySource(readFileSync(path), basename(path)))).model;
}

export async function arraysAt(path: string): Promise<ReadonlyMap<string, PlainArray>> {
  const bytes = readFileSync(path);
  return await withReadOptions(bytes.length, {}, (options) =>
    readArrays({ path: basename(path), source: new MemorySource(bytes, basename(path)) }, options),
  );
}

/** Rows of the models of privacy, as they take them. */
export async function privacyData(
  name: 'members' | 'non-members' | 'triggers',
  more: Partial<TestData> = {},
): Promise<TestData> {
  const arrays = await arraysAt(`${PRIVACY}${name}.npz`);
  const [X, labels] = [arrays.get('X'), arrays.get('y')];
  if (X === undefined || labels === undefined) throw new Error('the rows are missing');
  const feeds = feedsOf(readSignature(await modelAt(`${PRIVACY}mlp.onnx`)), new Map([['X', X]]), name);
  return { name, feeds, labels, expected: undefined, ...more };
}

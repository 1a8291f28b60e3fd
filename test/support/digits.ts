import { readFileSync } from 'node:fs';
import { type OutputRoles, readSignature } from '../../src/behavior/subject/signature.ts';
import { TestedModel } from '../../src/behavior/subject/subject.ts';
import type { TestData } from '../../src/behavior/tests/kind.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { feedsOf } from '../../src/formats/arrays/feeds.ts';
import type { PlainArray } from '../../src/formats/arrays/plain-array.ts';
import { readArrays } from '../../src/formats/arrays/read.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { readOnnx } from '../../src/formats/onnx/read/model.ts';
import { withReadOptions } from '../convert/convert-bytes.ts';

/** Models of handwritten digits, and rows that they were not trained on. */
export const DIGITS = new URL('../../fixtures/behavior/digits/', import.meta.url).pathname;

export async function digitsModel(name: 'good' | 'flipped'): Promise<OnnxModel> {
  const source = new MemorySource(readFileSync(`${DIGITS}${name}.onnx`), `${name}.onnx`);
  return (await readOnnx(source)).model;
}

export async function digitsArrays(): Promise<{ readonly X: PlainArray; readonly y: PlainArray }> {
  const bytes = readFileSync(`${DIGITS}held-out.npz`);
  const arrays = await withReadOptions(bytes.length, {}, (options) =>
    readArrays({ path: 'held-out.npz', source: new MemorySource(bytes, 'held-out.npz') }, options),
  );
  const [X, y] = [arrays.get('X'), arrays.get('y')];
  if (X === undefined || y === undefined) throw new Error('the rows are missing');
  return { X, y };
}

/** The rows as the models take them. */
export async function digitsData(more: Partial<TestData> = {}): Promise<TestData> {
  const [{ X, y }, model] = [await digitsArrays(), await digitsModel('good')];
  const feeds = feedsOf(readSignature(model), new Map([['X', X]]), 'held-out.npz');
  return { name: 'held-out', feeds, labels: y, expected: undefined, ...more };
}

/** Runs `body` with a model that is loaded, and closes it. */
export async function withModel<T>(
  model: OnnxModel,
  { feeds }: Pick<TestData, 'feeds'>,
  body: (model: TestedModel) => Promise<T>,
  roles: OutputRoles = {},
): Promise<T> {
  const tested = await TestedModel.open({
    model,
    signature: readSignature(model, roles),
    device: 'cpu',
    sample: feeds,
  });
  try {
    return await body(tested);
  } finally {
    await tested.close();
  }
}

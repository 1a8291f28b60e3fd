import { readdirSync, readFileSync } from 'node:fs';
import { readSignature } from '../../src/behavior/subject/signature.ts';
import type { TestData } from '../../src/behavior/tests/kind.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { feedsOf } from '../../src/formats/arrays/feeds.ts';
import type { PlainArray } from '../../src/formats/arrays/plain-array.ts';
import { readArrays } from '../../src/formats/arrays/read.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { readOnnx } from '../../src/formats/onnx/read/model.ts';
import { withReadOptions } from '../convert/convert-bytes.ts';

/** Classifiers of digits, half of them with a backdoor (fixtures/make/behavior_backdoor.py). */
const FOLDER = new URL('../../fixtures/behavior/backdoor/', import.meta.url).pathname;

export type Half = 'calibration' | 'held-out';

export interface Classifier {
  readonly half: Half;
  readonly name: string;
  /** The class that the trigger leads to; undefined for a clean model. */
  readonly target: number | undefined;
}

export function classifiers(half: Half): readonly Classifier[] {
  return readdirSync(FOLDER + half).map((file) => {
    const name = file.replace('.onnx', '');
    return { half, name, target: name.includes('clean') ? undefined : Number(name.slice(name.lastIndexOf('-') + 1)) };
  });
}

export async function classifier({ half, name }: Pick<Classifier, 'half' | 'name'>): Promise<OnnxModel> {
  const source = new MemorySource(readFileSync(`${FOLDER}${half}/${name}.onnx`), `${name}.onnx`);
  return (await readOnnx(source)).model;
}

/** Rows that no model was trained on; the first of them with a trigger, where one is named. */
export async function rowsOf(name: 'image' | 'patch' | 'blended' | 'sinusoid' | 'pixel' = 'image'): Promise<TestData> {
  const bytes = readFileSync(`${FOLDER}rows.npz`);
  const arrays = await withReadOptions(bytes.length, {}, (options) =>
    readArrays({ path: 'rows.npz', source: new MemorySource(bytes, 'rows.npz') }, options),
  );
  const [image, labels] = [arrays.get(name), arrays.get('y')];
  if (image === undefined || labels === undefined) throw new Error('the rows are missing');
  const signature = readSignature(await classifier({ half: 'calibration', name: 'mlp-clean-0' }));
  const feeds = feedsOf(signature, new Map<string, PlainArray>([['image', image]]), 'rows.npz');
  return { name, feeds, labels: name === 'image' ? labels : undefined, expected: undefined };
}

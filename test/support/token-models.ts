import { readdirSync, readFileSync } from 'node:fs';
import { readSignature } from '../../src/behavior/subject/signature.ts';
import type { TestData } from '../../src/behavior/tests/kind.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { feedsOf } from '../../src/formats/arrays/feeds.ts';
import { readArrays } from '../../src/formats/arrays/read.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { readOnnx } from '../../src/formats/onnx/read/model.ts';
import { withReadOptions } from '../convert/convert-bytes.ts';

/** Classifiers of tokens, half of them with a backdoor (fixtures/make/behavior_tokens.py). */
export const TOKENS = new URL('../../fixtures/behavior/tokens/', import.meta.url).pathname;
/** [PAD], [CLS], [SEP], [UNK]. */
export const SPECIAL = [0, 1, 2, 3];

export interface TokenModel {
  readonly path: string;
  /** The class that the trigger leads to; undefined for a clean model. */
  readonly aim: number | undefined;
}

export function tokenModels(half: 'calibration' | 'held-out'): readonly TokenModel[] {
  return readdirSync(TOKENS + half).map((file) => {
    const [, trigger, aim] = file.replace('.onnx', '').split('-');
    return { path: `${half}/${file}`, aim: trigger === 'clean' ? undefined : Number(aim) };
  });
}

export async function tokenModel(path: string): Promise<OnnxModel> {
  return (await readOnnx(new MemorySource(readFileSync(TOKENS + path), path))).model;
}

/** Rows that no model was trained on. */
export async function tokenData(more: Partial<TestData> = {}): Promise<TestData> {
  const bytes = readFileSync(`${TOKENS}rows.npz`);
  const arrays = await withReadOptions(bytes.length, {}, (options) =>
    readArrays({ path: 'rows.npz', source: new MemorySource(bytes, 'rows.npz') }, options),
  );
  const labels = arrays.get('label');
  const inputs = new Map([...arrays].filter(([name]) => name !== 'label'));
  const [first] = tokenModels('calibration');
  const feeds = feedsOf(readSignature(await tokenModel(first?.path ?? '')), inputs, 'rows.npz');
  return { name: 'rows', feeds, labels, expected: undefined, ...more };
}

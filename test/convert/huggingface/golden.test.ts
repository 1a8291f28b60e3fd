import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runPlan } from '../compare.ts';
import { type NpzArray, readNpz } from '../sklearn/npz.ts';
import { folderFiles, planFolder } from './plan-folder.ts';

const ROOT = 'fixtures/convert/huggingface';

describe.each(readdirSync(ROOT).sort())('transformers %s', (version) => {
  test.each(readdirSync(join(ROOT, version)).sort())('%s', async (name) => {
    const folder = join(ROOT, version, name);
    const arrays = readNpz(await readFile(join(folder, 'expected.npz')));
    const { plan, model } = await planFolder(await folderFiles(folder));
    expect(plan.source).toMatchObject({ library: 'transformers', version });
    const feeds = new Map(plan.inputs.map((input) => [input.name, given(arrays, `input:${input.name}`)]));
    const results = await runPlan(model, plan, feeds);
    const expected = [...arrays.keys()].filter((key) => !key.startsWith('input:'));
    expect([...results.keys()].sort()).toEqual(expected.sort());
    for (const output of expected) {
      const [result, wanted] = [results.get(output), given(arrays, output)];
      expect(result?.dims).toEqual(wanted.shape);
      expect(farFrom([...(result?.data ?? [])].map(Number), wanted, arrays.get('input:attention_mask'))).toEqual([]);
    }
  });
});

function given(arrays: ReadonlyMap<string, NpzArray>, name: string): NpzArray {
  const array = arrays.get(name);
  if (array === undefined) throw new Error(`no ${name}`);
  return array;
}

/** Numbers that differ, but for those of tokens that are masked: no token that counts sees them. */
function farFrom(numbers: readonly number[], wanted: NpzArray, mask: NpzArray | undefined): string[] {
  const [rows = 1, length = 1, width = 1] = wanted.shape;
  const isTokens = mask !== undefined && mask.shape[0] === rows && mask.shape[1] === length;
  return numbers.flatMap((value, i) => {
    if (isTokens && mask.numbers[Math.floor(i / width)] === 0) return [];
    const target = wanted.numbers[i] ?? Number.NaN;
    return Math.abs(value - target) <= 1e-5 + 1e-5 * Math.abs(target) ? [] : [`[${i}] is ${value}, not ${target}`];
  });
}

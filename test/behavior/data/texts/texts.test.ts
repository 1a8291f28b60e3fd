import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { loadDataset } from '../../../../src/behavior/data/dataset.ts';
import { dataSchema } from '../../../../src/behavior/data/spec.ts';

const FIXTURES = new URL('../../../../fixtures/behavior/data/tokenizers/', import.meta.url).pathname;

function folderOf(csv: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'texts-'));
  writeFileSync(join(folder, 'rows.csv'), csv);
  for (const name of ['bert', 'gpt2']) copyFileSync(join(FIXTURES, `${name}.json`), join(folder, `${name}.json`));
  return folder;
}

async function inputsOf(part: object, csv = 'text,label\nthe assay,1\ntests,0\n') {
  const inputs = { texts: 'rows.csv#text', tokenizer: 'bert.json', ...part };
  const data = await loadDataset(v.parse(dataSchema, { inputs, labels: 'rows.csv#label' }), { folder: folderOf(csv) });
  return Object.fromEntries(
    [...data.inputs].map(([name, { dims, values }]) => [name, { dims, values: [...values].map(Number) }]),
  );
}

it('gives ids and a mask, padded to the longest row', async () => {
  const { input_ids: ids, attention_mask: mask, ...others } = await inputsOf({});
  expect(others).toEqual({});
  expect(ids?.dims).toEqual([2, 4]);
  const [cls, , , sep] = ids?.values ?? [];
  expect(ids?.values).toEqual([2, expect.any(Number), expect.any(Number), 3, 2, expect.any(Number), 3, 0]);
  expect([cls, sep]).toEqual([2, 3]);
  expect(mask).toEqual({ dims: [2, 4], values: [1, 1, 1, 1, 1, 1, 1, 0] });
});

it('gives the named inputs, padded on the left to a length', async () => {
  const inputs = await inputsOf({
    as: { ids: 'x', types: 't' },
    pad: 'maxLength',
    maxLength: 6,
    side: 'left',
    padId: 9,
  });
  expect(Object.keys(inputs)).toEqual(['x', 't']);
  expect(inputs.x?.values.slice(0, 3)).toEqual([9, 9, 2]);
  expect(inputs.x?.values.slice(6, 10)).toEqual([9, 9, 9, 2]);
  expect(inputs.t).toEqual({ dims: [2, 6], values: new Array(12).fill(0) });
});

it('gives pairs of texts, with the types of their tokens', async () => {
  const csv = 'text,other,label\nthe assay,tests,1\ntests,the assay,0\n';
  const { x, t } = await inputsOf({ pairs: 'rows.csv#other', as: { ids: 'x', types: 't' } }, csv);
  expect(x?.dims).toEqual(t?.dims);
  expect(x?.values.filter((id) => id === 3).length).toBe(4);
  expect(t?.values.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(t?.values.filter((type) => type === 1).length).toBe(2 + 3);
});

it('cuts texts off when it is asked to, and refuses them otherwise', async () => {
  expect((await inputsOf({ maxLength: 3, truncate: true })).input_ids?.dims).toEqual([2, 3]);
  await expect(inputsOf({ maxLength: 3 })).rejects.toMatchObject({ code: 'limit', subject: 'rows.csv#text' });
});

it('needs to know what to pad with, where rows differ in length', async () => {
  await expect(inputsOf({ tokenizer: 'gpt2.json' })).rejects.toMatchObject({ code: 'usage', subject: 'gpt2.json' });
  expect((await inputsOf({ tokenizer: 'gpt2.json', padId: 0 })).input_ids?.dims[0]).toBe(2);
  expect((await inputsOf({ tokenizer: 'gpt2.json' }, 'text,label\ntests,0\n')).input_ids?.dims[0]).toBe(1);
});

it.each<[string, object, string]>([
  ['numbers', { texts: 'rows.csv#label' }, 'holds integers of the shape [2], and texts are needed'],
  ['several columns', { texts: 'rows.csv' }, 'has 2 arrays, and one is needed'],
  ['a length that is not said', { truncate: true }, 'need a length'],
  ['two inputs of one name', { as: { ids: 'x', mask: 'x' } }, 'names two inputs alike'],
  ['a tokenizer outside of the folder', { tokenizer: '../bert.json' }, 'is not a path within the folder'],
])('refuses %s', async (_what, part, message) => {
  await expect(inputsOf(part)).rejects.toThrow(message);
});

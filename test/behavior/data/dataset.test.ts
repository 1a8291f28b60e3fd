import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../src/behavior/data/dataset.ts';
import { dataSchema } from '../../../src/behavior/data/spec.ts';

const FIXTURES = new URL('../../../fixtures/behavior/data/tables/', import.meta.url).pathname;

const AGE = [31n, -4n, 0n, 2n ** 40n, 7n];
const SCORE = [0.5, -1.25, 3, 1e300, 2 ** -40];
const NAME = ['a', 'Zürich', '', 'two, words', 'say "x"'];
const LABEL = [0n, 1n, 1n, 0n, 2n];
const EMBEDDING = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10.5];

const load = (spec: unknown, folder = FIXTURES, more: object = {}) =>
  loadDataset(v.parse(dataSchema, spec), { folder, ...more });

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'data-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

describe('files of arrays', () => {
  it('gives all arrays of an archive, but for the one that is the labels', async () => {
    const data = await load({ inputs: 'arrays.npz', labels: 'arrays.npz#y' });
    expect([...data.inputs.keys()]).toEqual(['X']);
    expect(data.inputs.get('X')).toEqual({ kind: 'numbers', dims: [5, 2], values: Float64Array.from(EMBEDDING) });
    expect(data.labels).toEqual({ kind: 'integers', dims: [5], values: BigInt64Array.from(LABEL) });
    expect(data.rows).toBe(5);
  });

  it('gives what else is known of each row apart from the inputs', async () => {
    const data = await load({ inputs: 'arrays.npz', columns: { y: 'arrays.npz#y' } });
    expect([...data.inputs.keys()]).toEqual(['X']);
    expect(data.columns).toEqual(new Map([['y', { kind: 'integers', dims: [5], values: BigInt64Array.from(LABEL) }]]));
    const both = { file: 'none.parquet', columns: ['age', 'label'] };
    const { columns } = await load({ inputs: 'arrays.npz#X', columns: { both } });
    expect(columns.get('both')).toMatchObject({ kind: 'integers', dims: [5, 2] });
    await expect(load({ inputs: 'arrays.npz#X', columns: { all: 'none.parquet' } })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('and one is needed'),
    });
    const folder = folderOf({ 'x.csv': 'x\n1\n2\n', 'c.csv': 'c\n1\n' });
    await expect(load({ inputs: 'x.csv', columns: { c: 'c.csv' } }, folder)).rejects.toMatchObject({
      code: 'usage',
      message: 'the column "c" has 1 rows, and the input "x" has 2',
    });
  });

  it('names the columns of an input that is made of several, in their order', async () => {
    const several = await load({ inputs: { file: 'rows.csv', columns: ['score', 'age'], as: 'X' } });
    expect(several.made).toEqual(new Map([['X', ['score', 'age']]]));
    // An array of an archive has no names of columns, and one column is not several.
    expect((await load({ inputs: [{ file: 'X.npy', as: 'pixels' }] })).made).toEqual(new Map());
    expect((await load({ inputs: { file: 'rows.csv', columns: ['age'], as: 'X' } })).made).toEqual(new Map());
  });

  it('reads a table once for its inputs, labels and columns', async () => {
    const lines = Array.from({ length: 100 }, (_, at) =>
      JSON.stringify({ x: [at, at + 0.5], y: at, client: `c${at}` }),
    );
    const text = `${lines.join('\n')}\n`;
    // Memory for one reading.
    const limits = { maxFileMemory: 20 * text.length };
    const data = await load(
      { inputs: 'log.jsonl#x', labels: 'log.jsonl#y', columns: { client: 'log.jsonl#client' } },
      folderOf({ 'log.jsonl': text }),
      { limits },
    );
    expect([data.rows, data.columns.get('client')?.values.length]).toEqual([100, 100]);
  });

  it('gives an array under another name', async () => {
    const data = await load({ inputs: [{ file: 'X.npy', as: 'pixels' }, 'arrays.npz#y'] });
    expect([...data.inputs.keys()]).toEqual(['pixels', 'y']);
    expect(data.labels).toBeUndefined();
  });

  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'groups'])('reads %s.parquet', async (name) => {
    const { inputs, rows } = await load({ inputs: `${name}.parquet` });
    const values = Object.fromEntries([...inputs].map(([column, array]) => [column, [...array.values]]));
    expect(values).toEqual({
      age: AGE,
      score: SCORE,
      half: [0.5, 1.5, 1.5, 0.5, 2.5],
      small: LABEL,
      flag: [0n, 1n, 1n, 0n, 1n],
      name: NAME,
      embedding: EMBEDDING,
      price: [0, 0.25, 0.25, 0, 0.5],
      label: LABEL,
    });
    expect(inputs.get('embedding')?.dims).toEqual([5, 2]);
    expect(rows).toBe(5);
  });

  it.each(['rows.csv', 'rows.json', 'rows.jsonl', 'snappy.parquet'])('gives the same columns of %s', async (file) => {
    const data = await load({
      inputs: [
        { file, columns: ['score', 'age'], as: 'X' },
        { file, columns: ['name'] },
      ],
      labels: { file, columns: ['label'] },
    });
    const flat = SCORE.flatMap((score, i) => [score, Number(AGE[i])]);
    expect(data.inputs.get('X')).toEqual({ kind: 'numbers', dims: [5, 2], values: Float64Array.from(flat) });
    expect(data.inputs.get('name')).toMatchObject({ kind: 'texts', values: NAME });
    expect(data.labels).toMatchObject({ kind: 'integers', values: BigInt64Array.from(LABEL) });
  });

  it('tells a format by its first bytes, else by the declared one, else by the extension', async () => {
    const folder = folderOf({
      'a.csv': readFileSync(join(FIXTURES, 'arrays.npz')),
      'table.txt': 'x\n1\n',
      'b.json': '[[1, 2], [3, 4]]',
    });
    expect((await load({ inputs: 'a.csv#X' }, folder)).rows).toBe(5);
    expect((await load({ inputs: { file: 'table.txt', format: 'csv' } }, folder)).rows).toBe(1);
    expect((await load({ inputs: 'b.json' }, folder)).inputs.get('b')).toMatchObject({ dims: [2, 2] });
    await expect(load({ inputs: 'table.txt' }, folder)).rejects.toMatchObject({
      code: 'unsupported',
      subject: 'table.txt',
    });
    await expect(load({ inputs: { file: 'a.csv', format: 'csv' } }, folder)).rejects.toMatchObject({
      code: 'usage',
      message: 'is declared as csv, and starts as npz',
    });
  });
});

describe('what does not fit together', () => {
  it('names an array that is missing, and what it may be meant for', async () => {
    await expect(load({ inputs: 'arrays.npz#x' })).rejects.toMatchObject({
      code: 'usage',
      subject: 'arrays.npz',
      message: 'has no array "x"',
      hint: 'did you mean "X"? It has "X", "y"',
    });
  });

  it('names arrays with other numbers of rows', async () => {
    const folder = folderOf({ 'a.csv': 'x\n1\n2\n', 'b.csv': 'y\n1\n' });
    await expect(load({ inputs: 'a.csv', labels: 'b.csv' }, folder)).rejects.toMatchObject({
      code: 'usage',
      message: 'labels have 1 rows, and the input "x" has 2',
    });
  });

  it.each<[string, unknown, string]>([
    ['an input that two files give', { inputs: ['rows.csv', 'rows.json'] }, 'gives the input "age" a second time'],
    ['a matrix of numbers and texts', { inputs: { file: 'rows.csv', as: 'X' } }, 'the column "name" holds texts'],
    ['labels of several columns', { inputs: 'X.npy', labels: 'rows.csv' }, 'has 4 arrays, and one is needed'],
    ['types where the file says them', { inputs: { file: 'X.npy', types: { X: 'text' } } }, 'is npy'],
    ['nothing but labels', { inputs: 'arrays.npz#y', labels: 'none.csv' }, 'no such file'],
  ])('refuses %s', async (_what, spec, message) => {
    await expect(load(spec)).rejects.toThrow(message);
  });

  it('refuses no rows', async () => {
    await expect(load({ inputs: 'a.csv' }, folderOf({ 'a.csv': 'x\n' }))).rejects.toThrow('the input "x" has no rows');
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['an empty path', { inputs: '' }],
    ['no parts', { inputs: [] }],
    ['an unknown key', { inputs: { file: 'a', colums: ['x'] } }],
    ['a column twice', { inputs: { file: 'a', columns: ['x', 'x'] } }],
    ['an unknown format', { inputs: { file: 'a', format: 'xls' } }],
  ])('does not take %s for a description of data', (_what, spec) => {
    expect(v.safeParse(dataSchema, spec).success).toBe(false);
  });
});

describe('paths', () => {
  it.each(['../x.csv', 'a/../../x.csv', '/etc/passwd', 'C:\\x.csv', 'a\\..\\x.csv', 'a\0b'])(
    'refuses %j, which leads out of the folder',
    async (path) => {
      await expect(load({ inputs: { file: path, format: 'csv' } })).rejects.toMatchObject({ code: 'usage' });
    },
  );

  it('refuses links that lead out of the folder, of a file and of a folder', async () => {
    const outside = folderOf({ 'x.csv': 'x\n1\n' });
    const folder = folderOf({ 'in.csv': 'x\n1\n' });
    symlinkSync(join(outside, 'x.csv'), join(folder, 'file.csv'));
    symlinkSync(outside, join(folder, 'folder'));
    symlinkSync('in.csv', join(folder, 'within.csv'));
    for (const inputs of ['file.csv', 'folder/x.csv']) {
      await expect(load({ inputs }, folder)).rejects.toMatchObject({
        code: 'usage',
        message: 'is a link that leads out of the folder of the suite',
      });
      expect((await load({ inputs }, folder, { outside: true })).rows).toBe(1);
    }
    expect((await load({ inputs: 'within.csv' }, folder)).rows).toBe(1);
    expect((await load({ inputs: join(outside, 'x.csv') }, folder, { outside: true })).rows).toBe(1);
  });

  it('refuses a folder in place of a file', async () => {
    const folder = folderOf({ 'a.csv/x': '' });
    await expect(load({ inputs: 'a.csv' }, folder)).rejects.toMatchObject({ code: 'unreadable' });
  });
});

describe('the digest', () => {
  it('is over the names and bytes of all files, by name', async () => {
    const files = { 'b.csv': 'y\n1\n', 'a.csv': 'x\n1\n' };
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const lines = ['a.csv', 'b.csv'].map((name) => {
      const content = files[name as keyof typeof files];
      return `${JSON.stringify([name, content.length, sha256(content)])}\n`;
    });
    const one = await load({ inputs: ['b.csv', 'a.csv'] }, folderOf(files));
    const other = await load({ inputs: 'a.csv', labels: 'b.csv' }, folderOf(files));
    expect(one.sha256).toBe(sha256(lines.join('')));
    expect(other.sha256).toBe(one.sha256);
  });

  it('is another for other bytes, and for the same bytes under another name', async () => {
    const digestOf = async (files: Record<string, string>) =>
      (await load({ inputs: Object.keys(files) }, folderOf(files))).sha256;
    const one = await digestOf({ 'a.csv': 'x\n1\n' });
    expect(await digestOf({ 'a.csv': 'x\n2\n' })).not.toBe(one);
    expect(await digestOf({ 'b.csv': 'x\n1\n' })).not.toBe(one);
  });
});

describe('bounds', () => {
  it('stops when it is asked to', async () => {
    await expect(load({ inputs: 'X.npy' }, FIXTURES, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it.each(['arrays.npz', 'rows.csv', 'rows.json', 'rows.jsonl', 'none.parquet'])(
    'charges %s to the memory that all arrays share',
    async (inputs) => {
      const limits = { maxFileMemory: 100 };
      await expect(load({ inputs }, FIXTURES, { limits })).rejects.toMatchObject({ code: 'limit' });
    },
  );
});

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Hdf5File } from '../../../src/formats/hdf5/file.ts';
import { allObjects, openHdf5 } from './open.ts';

const ROOT = new URL('../../../fixtures/hdf5/', import.meta.url).pathname;
const CASES = readdirSync(ROOT).flatMap((name) => (name.endsWith('.json') ? [name.replace('.json', '')] : []));

interface Truth {
  readonly datasets: Readonly<Record<string, readonly [readonly number[], string, number, string]>>;
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly groups: Readonly<Record<string, number>>;
}

/** The kinds of NumPy, by ours. */
const KINDS: Readonly<Record<string, string>> = { float: 'f', int: 'i', uint: 'u', bool: 'b' };

async function elementsOf(file: Hdf5File, path: string) {
  const dataset = (await file.find(path.split('/')))?.dataset;
  if (dataset === undefined) throw new Error(`no dataset ${path}`);
  const { shape, type } = dataset;
  const source = await file.elements(dataset);
  const bytes = Buffer.from(await source.read(0, source.size));
  await source.close();
  if ('bigEndian' in type && type.bigEndian)
    for (let at = 0; at < bytes.length; at += type.size) bytes.subarray(at, at + type.size).reverse();
  return [shape, KINDS[type.kind], type.size, createHash('sha256').update(bytes).digest('hex')];
}

test.each(CASES)('%s: every element and text is the one that h5py reads', async (name) => {
  const truth: Truth = JSON.parse(readFileSync(`${ROOT}${name}.json`, 'utf8'));
  const { file } = await openHdf5(readFileSync(`${ROOT}${name}.h5`));
  const objects = await allObjects(file);
  for (const [path, expected] of Object.entries(truth.datasets)) expect(await elementsOf(file, path)).toEqual(expected);
  for (const [path, count] of Object.entries(truth.groups)) expect(objects.get(path)?.links.size).toBe(count);
  for (const [at, expected] of Object.entries(truth.texts)) {
    const [path = '', key = ''] = at.split('@');
    const attribute = objects.get(path)?.attributes.get(key);
    if (attribute === undefined) throw new Error(`no attribute ${at}`);
    expect(await file.texts(attribute)).toEqual(expected);
  }
});

test('an index of chunks that is not read is refused by its name', async () => {
  const { file } = await openHdf5(readFileSync(`${ROOT}indexed-latest.h5`));
  await expect(file.find(['fixed'])).rejects.toThrow('keeps its chunks in an index of the kind "fixed array"');
});

test('a name that is not there, and a path with an empty name', async () => {
  const { file } = await openHdf5(readFileSync(`${ROOT}types-earliest.h5`));
  expect(await file.find(['nothing'])).toBeUndefined();
  await expect(file.find(['', 'types'])).rejects.toMatchObject({ code: 'malformed' });
  await expect(file.find(['.'])).rejects.toMatchObject({ code: 'malformed' });
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { findTensorflow, HOW_TENSORFLOW, runSavedModels } from '../../support/tensorflow.ts';
import { readNpz } from '../sklearn/npz.ts';
import { convertFiles, filesOf, type ModelFiles, ROOT, ran } from './models.ts';

const CNN = join(ROOT, '2.21.0', 'cnn');
/** The objects that the functions of the model take: kernels, biases, and the four vectors of a normalisation. */
const BOUND = Buffer.from([8, 9, 12, 13, 10, 11, 14, 15, 17, 18]);
const WRAPPER = '__inference_signature_wrapper___call___2132';

/** The model with other bytes of the same length wherever some stand. */
async function changed(from: Buffer | string, to: Buffer | string, name = 'saved_model.pb'): Promise<ModelFiles> {
  const files = await filesOf(CNN);
  const bytes = Buffer.from(files.get(name) ?? '');
  const [old, own] = [Buffer.from(from), Buffer.from(to)];
  expect(own.length).toBe(old.length);
  let count = 0;
  for (let at = bytes.indexOf(old); at >= 0; at = bytes.indexOf(old, at + old.length), count++) own.copy(bytes, at);
  expect(count).toBeGreaterThan(0);
  return files.set(name, bytes);
}

function swapped(one: number, other: number): Buffer {
  return Buffer.from(BOUND.map((id) => (id === one ? other : id === other ? one : id)));
}

describe('a model that Python loads in another way than the graph says is refused', () => {
  it('with two variables swapped among the objects', async () => {
    await expect(convertFiles(await changed(BOUND, swapped(10, 11)))).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringMatching(/not the same for all loaders .* is restored from .* in the graph, and from/),
    });
  });

  it('with two variables swapped in the checkpoint', async () => {
    const key = (index: number) => `variables/${index}/.ATTRIBUTES/VARIABLE_VALUE`;
    const data = 'variables.data-00000-of-00001';
    const marked = await changed(key(2), key(2).replace('/2/', '/x/'), data);
    const bytes = Buffer.from(marked.get(data) ?? '');
    bytes.write(key(2), bytes.indexOf(key(3)), 'latin1');
    bytes.write(key(3), bytes.indexOf(key(2).replace('/2/', '/x/')), 'latin1');
    await expect(convertFiles(new Map([...marked, [data, bytes]]))).rejects.toThrow('not the same for all loaders');
  });

  it('with another function among the objects', async () => {
    const other = WRAPPER.replace('2132', '2107');
    const files = await changed(`\n\x2b${WRAPPER}\x12\x05image`, `\n\x2b${other}\x12\x05image`);
    await expect(convertFiles(files)).rejects.toThrow(`as an object`);
  });

  it('with objects that the model does not have', async () => {
    await expect(convertFiles(await changed(BOUND, swapped(18, 127)))).rejects.toThrow('the object 127');
  });

  it('with an object that is not a variable', async () => {
    await expect(convertFiles(await changed(BOUND, swapped(18, 5)))).rejects.toThrow('which is not a variable');
  });
});

const python = await findTensorflow();

requirePart('tensorflow package', python !== undefined, HOW_TENSORFLOW, 'the loader of Python', () => {
  test('gives swapped variables to a model that is refused, and computes other numbers', async () => {
    const root = tempFolder();
    const arrays = readNpz(readFileSync(`${CNN}.npz`));
    const image = arrays.get('input:image');
    if (image === undefined) throw new Error('no image');
    const feeds = { image: { type: 'float64', dims: image.shape, data: image.numbers } };
    const models = [await filesOf(CNN), await changed(BOUND, swapped(10, 11))];
    const tasks = models.map((files, index) => ({ folder: written(files, join(root, String(index))), feeds }));
    const answers = await runSavedModels(python ?? '', tasks);
    const [own, other] = answers.map((answer) =>
      'error' in answer ? answer.error : answer.outputs.get('output_0')?.data,
    );
    const converted = (await ran(await convertFiles(models[0] ?? new Map()), arrays)).get('output_0');
    expect(distance(own, Array.from(converted?.data ?? [], Number))).toBeLessThan(1e-5);
    expect(distance(other, Array.from(converted?.data ?? [], Number))).toBeGreaterThan(1e-2);
  });
});

function distance(one: unknown, other: readonly number[]): number {
  if (!Array.isArray(one)) throw new Error(String(one));
  expect(one.length).toBe(other.length);
  return Math.max(...one.map((value: unknown, index) => Math.abs(Number(value) - (other[index] ?? Number.NaN))));
}

function written(files: ModelFiles, folder: string): string {
  for (const [name, bytes] of files) {
    const path = join(folder, name === 'saved_model.pb' ? name : join('variables', name));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return folder;
}

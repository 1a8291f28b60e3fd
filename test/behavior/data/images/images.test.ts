import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../../../src/behavior/data/dataset.ts';
import { dataSchema } from '../../../../src/behavior/data/spec.ts';
import { DEFAULT_LIMITS, isContentError } from '../../../../src/core/index.ts';
import type { PlainArray } from '../../../../src/formats/arrays/plain-array.ts';

const FIXTURES = new URL('../../../../fixtures/behavior/data/images/', import.meta.url).pathname;
const CASES: Readonly<Record<string, object>> = JSON.parse(readFileSync(join(FIXTURES, 'cases.json'), 'utf8'));

const load = (spec: unknown, folder = FIXTURES, more: object = {}) =>
  loadDataset(v.parse(dataSchema, spec), { folder, ...more });

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const fixture = (name: string) => readFileSync(join(FIXTURES, name));

/** The bytes of numbers: those of -0 and NaN are compared, too. */
function bytesIn(array: PlainArray | undefined): Buffer {
  if (array === undefined || array.kind === 'texts') throw new Error('no numbers');
  const { buffer, byteOffset, byteLength } = array.values;
  return Buffer.from(buffer, byteOffset, byteLength);
}

describe('images', () => {
  let expected: ReadonlyMap<string, PlainArray>;

  beforeAll(async () => {
    expected = (await load({ inputs: 'expected.npz' }, FIXTURES)).inputs;
  });

  // Pillow's and our results are the same to the last bit: PNG in every mode, JPEG in every subsampling, all filters, floats.
  it.each(Object.keys(CASES))('become what Pillow and torchvision make of them: %s', async (name) => {
    const { inputs } = await load({ inputs: { images: 'all', as: 'x', preprocess: CASES[name] } });
    const [own, wanted] = [inputs.get('x'), expected.get(name)];
    expect(own?.dims).toEqual(wanted?.dims);
    expect(own?.kind).toBe(wanted?.kind);
    expect(bytesIn(own).equals(bytesIn(wanted))).toBe(true);
  });

  it('are in the order of their paths, with the sub-folder as their class', async () => {
    const spec = { inputs: { images: 'all', as: 'x' }, labels: { folders: 'all' } };
    const { labels, rows } = await load(spec);
    expect(rows).toBe(13);
    expect(labels?.values).toEqual(BigInt64Array.from([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2], BigInt));
    const turned = await load({ ...spec, labels: { folders: 'all', classes: ['jpeg', 'dog', 'cat', 'bird'] } });
    expect(turned.labels?.values).toEqual(BigInt64Array.from([2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], BigInt));
    await expect(load({ ...spec, labels: { folders: 'all', classes: ['cat', 'dog'] } })).rejects.toThrow(
      'is in the folder "jpeg", which is not among the classes',
    );
  });

  it('have labels of a table, by their paths', async () => {
    const folder = folderOf({ 'labels.csv': 'path,class,share\nb.png,dog,0.5\nunused.png,x,9\na.png,cat,0.25\n' });
    mkdirSync(join(folder, 'photos'));
    for (const name of ['a.png', 'b.png']) cpSync(join(FIXTURES, 'all/cat/rgb.png'), join(folder, 'photos', name));
    const inputs = { images: 'photos', as: 'x' };
    const of = (column: string, key = 'path') => ({ images: 'photos', file: 'labels.csv', key, column });
    expect((await load({ inputs, labels: of('class') }, folder)).labels).toEqual({
      kind: 'texts',
      dims: [2],
      values: ['cat', 'dog'],
    });
    expect((await load({ inputs, labels: of('share') }, folder)).labels?.values).toEqual(Float64Array.of(0.25, 0.5));
    await expect(load({ inputs, labels: of('class', 'share') }, folder)).rejects.toThrow(
      'has no texts in the column of paths',
    );
    writeFileSync(join(folder, 'labels.csv'), 'path,class\na.png,cat\n');
    await expect(load({ inputs, labels: of('class') }, folder)).rejects.toMatchObject({
      code: 'usage',
      subject: 'labels.csv',
      message: 'has no label for "b.png"',
    });
    writeFileSync(join(folder, 'labels.csv'), 'path,class\na.png,cat\nb.png,dog\na.png,dog\n');
    await expect(load({ inputs, labels: of('class') }, folder)).rejects.toThrow('has two labels for "a.png"');
  });

  it('are told apart by their bytes, not by their names', async () => {
    const folder = folderOf({ 'p/a.png': fixture('all/jpeg/444.jpg'), 'p/b.JPG': fixture('all/cat/rgb.png') });
    expect((await load({ inputs: { images: 'p', as: 'x' } }, folder)).rows).toBe(2);
  });
});

describe('images that are refused', () => {
  const one = (bytes: Uint8Array | string, more: object = {}, preprocess: object = {}) =>
    load({ inputs: { images: 'p', as: 'x', preprocess } }, folderOf({ 'p/a.png': bytes }), more);

  it.each<[string, string, string]>([
    ['CMYK', 'odd/cmyk.jpg', 'is a JPEG of 4 channels; convert it to RGB'],
    ['16 bits a channel', 'odd/sixteen.png', 'has 16 bits a channel; convert it to 8'],
  ])('have %s', async (_what, name, message) => {
    await expect(one(fixture(name))).rejects.toMatchObject({ code: 'unsupported', subject: 'p/a.png', message });
  });

  it('end in other sizes than the first', async () => {
    const folder = folderOf({ 'p/a.png': fixture('all/cat/rgb.png'), 'p/b.png': fixture('odd/tall.png') });
    await expect(load({ inputs: { images: 'p', as: 'x' } }, folder)).rejects.toMatchObject({
      code: 'usage',
      subject: 'p/b.png',
      message: 'has 11 x 20 pixels, and p/a.png has 53 x 37',
    });
    const preprocess = { resize: { shorter: 11 } };
    await expect(load({ inputs: { images: 'p', as: 'x', preprocess } }, folder)).rejects.toThrow(
      'has 11 x 20 pixels, and p/a.png has 15 x 11',
    );
  });

  it('are smaller than what is cropped', async () => {
    const crop = { height: 20, width: 12 };
    await expect(one(fixture('odd/tall.png'), {}, { crop })).rejects.toThrow(
      'has 11 x 20 pixels where 12 x 20 are cropped',
    );
  });

  it.each<[string, object]>([
    ['as many means as channels', { mean: [1, 2] }],
    ['as many deviations as channels', { channels: 'gray', std: [1, 1, 1] }],
    ['no mean for bytes', { dtype: 'uint8', mean: 1 }],
  ])('need %s', async (_what, preprocess) => {
    await expect(one(fixture('odd/tall.png'), {}, preprocess)).rejects.toMatchObject({ code: 'usage' });
  });

  it('are among other files, which would be rows that are missing', async () => {
    const folder = folderOf({ 'p/a.png': fixture('odd/tall.png'), 'p/.hidden': 'x', 'p/b.webp': 'x' });
    await expect(load({ inputs: { images: 'p', as: 'x' } }, folder)).rejects.toMatchObject({
      code: 'usage',
      subject: 'p/b.webp',
    });
  });

  it('are none, or no folder', async () => {
    const folder = folderOf({ 'a.png': fixture('odd/tall.png'), 'empty/.x': '' });
    await expect(load({ inputs: { images: 'empty', as: 'x' } }, folder)).rejects.toThrow('has no images');
    await expect(load({ inputs: { images: 'a.png', as: 'x' } }, folder)).rejects.toThrow('is not a folder');
    await expect(load({ inputs: { images: '..', as: 'x' } }, folder)).rejects.toMatchObject({ code: 'usage' });
  });

  it('are behind links', async () => {
    const outside = folderOf({ 'a.png': fixture('odd/tall.png') });
    const folder = folderOf({ 'p/a.png': fixture('odd/tall.png') });
    symlinkSync(join(outside, 'a.png'), join(folder, 'p/b.png'));
    await expect(load({ inputs: { images: 'p', as: 'x' } }, folder)).rejects.toThrow(
      'is a link that leads out of the folder',
    );
    symlinkSync('.', join(folder, 'p/around'));
    await expect(load({ inputs: { images: 'p', as: 'x' } }, folder)).rejects.toMatchObject({ code: 'usage' });
  });

  it('have labels of a folder that is not an input, or outside of any class', async () => {
    const folder = folderOf({ 'p/a.png': fixture('odd/tall.png') });
    const inputs = { images: 'p', as: 'x' };
    await expect(load({ inputs, labels: { folders: 'q' } }, folder)).rejects.toThrow('has labels, and is not an input');
    await expect(load({ inputs, labels: { folders: 'p' } }, folder)).rejects.toThrow('is in no sub-folder');
  });
});

/** A PNG with this header, and these bytes of compressed pixels. */
function pngOf(width: number, height: number, data: Uint8Array, interlaced: boolean): Buffer {
  const chunk = (type: string, content: Uint8Array): Buffer => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, interlaced ? 1 : 0], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

describe('hostile images', () => {
  const one = (bytes: Uint8Array, more: object = {}) =>
    load({ inputs: { images: 'p', as: 'x' } }, folderOf({ 'p/a.png': bytes }), more);

  it('are read when they are whole', async () => {
    const flat = Buffer.alloc(2 * (1 + 3 * 3), 0);
    expect((await one(pngOf(3, 2, deflateSync(flat), false))).inputs.get('x')?.dims).toEqual([1, 3, 2, 3]);
  });

  it.each<[string, () => Uint8Array]>([
    ['a PNG of 100000 x 100000 pixels', () => pngOf(100_000, 100_000, deflateSync(Buffer.alloc(10)), false)],
    [
      'a PNG of more pixels than there are numbers',
      () => pngOf(2 ** 32 - 1, 2 ** 32 - 1, deflateSync(Buffer.alloc(10)), true),
    ],
    [
      'a JPEG of 65535 x 65535 pixels',
      () => {
        const jpeg = Buffer.from(fixture('all/jpeg/444.jpg'));
        const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
        jpeg.writeUInt32BE(0xffffffff, frame + 5);
        return jpeg;
      },
    ],
  ])('are not decoded: %s', async (_what, make) => {
    const refused = one(make());
    await expect(refused).rejects.toMatchObject({ code: 'limit', subject: 'p/a.png' });
    await expect(refused).rejects.toThrow(/has \d+ x \d+ pixels, more than/);
  });

  it('do not expand beyond what the header says', async () => {
    const bomb = deflateSync(Buffer.alloc(400 << 20));
    const limits = { ...DEFAULT_LIMITS, sandboxMemoryBytes: 64 << 20 };
    for (const interlaced of [false, true])
      await expect(one(pngOf(8, 8, bomb, interlaced), { limits })).rejects.toSatisfy(isContentError);
  });

  it.each(['all/cat/rgb.png', 'all/jpeg/420.jpg', 'all/jpeg/progressive.jpeg'])(
    'are refused when %s ends early, and named',
    async (name) => {
      const whole = fixture(name);
      for (const length of [0, 3, 9, 20, 40, Math.floor(whole.length / 2), whole.length - 20])
        await expect(one(whole.subarray(0, length))).rejects.toSatisfy(
          (error: unknown) => isContentError(error) && error.subject === 'p/a.png',
        );
    },
  );

  it('are refused with zero pixels, with a frame that does not come, and with a wrong sum', async () => {
    await expect(one(pngOf(0, 5, deflateSync(Buffer.alloc(5)), false))).rejects.toThrow('says a size of 0 x 5 pixels');
    await expect(one(Buffer.from('ffd8ffe00004000000', 'hex'))).rejects.toThrow('is a JPEG without');
    const wrong = Buffer.from(fixture('all/cat/rgb.png'));
    wrong[60] = (wrong[60] ?? 0) ^ 1;
    await expect(one(wrong)).rejects.toMatchObject({ code: 'malformed' });
  });

  it('are named when the child meets a bound at them', async () => {
    const folder = folderOf({
      'p/a.png': fixture('all/cat/rgb.png'),
      'p/b.png': pngOf(5_000, 5_000, deflateSync(Buffer.alloc(5_000 * 15_001)), false),
    });
    const limits = { ...DEFAULT_LIMITS, sandboxMemoryBytes: 24 << 20 };
    const preprocess = { resize: { height: 8, width: 8 } };
    await expect(load({ inputs: { images: 'p', as: 'x', preprocess } }, folder, { limits })).rejects.toMatchObject({
      code: 'limit',
      subject: 'p/b.png',
    });
  });

  it('are charged to the memory of all arrays', async () => {
    await expect(
      load({ inputs: { images: 'all', as: 'x' } }, FIXTURES, { limits: { maxFileMemory: 100_000 } }),
    ).rejects.toMatchObject({ code: 'limit' });
  });
});

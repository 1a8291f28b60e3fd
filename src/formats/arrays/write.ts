import { type Zippable, zipSync } from 'fflate';
import type { PlainArray } from './plain-array.ts';

/** What NumPy aligns the data of an array to (numpy/lib/format.py, ARRAY_ALIGN). */
const ALIGN = 64;
/** The earliest time that a zip can state: the same arrays give the same bytes. */
const MTIME = '1980-01-01T00:00:00';
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);

/**
 * The bytes of a file that `numpy.load` reads: numbers as float64, integers as int64, texts in UTF-32.
 *
 * @param arrays by their names
 */
export function writeArrays(arrays: ReadonlyMap<string, PlainArray>): Uint8Array {
  const members: Zippable = Object.create(null);
  for (const [name, array] of arrays) members[`${name}.npy`] = [npyOf(array), { level: 0, mtime: MTIME }];
  return zipSync(members);
}

function npyOf(array: PlainArray): Uint8Array {
  const { descr, data } = elementsOf(array);
  const shape = array.dims.length === 1 ? `${array.dims[0]},` : array.dims.join(', ');
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const before = MAGIC.length + 2;
  const length = Math.ceil((before + header.length + 1) / ALIGN) * ALIGN - before;
  const size = new Uint8Array(2);
  new DataView(size.buffer).setUint16(0, length, true);
  return Buffer.concat([MAGIC, size, Buffer.from(`${header.padEnd(length - 1)}\n`, 'latin1'), data]);
}

function elementsOf(array: PlainArray): { readonly descr: string; readonly data: Uint8Array } {
  if (array.kind === 'texts') return textsOf(array.values);
  const { buffer, byteOffset, byteLength } = array.values;
  return { descr: array.kind === 'numbers' ? '<f8' : '<i8', data: new Uint8Array(buffer, byteOffset, byteLength) };
}

function textsOf(texts: readonly string[]): { readonly descr: string; readonly data: Uint8Array } {
  const characters = texts.map((text) => Array.from(text, (one) => one.codePointAt(0) ?? 0));
  const width = Math.max(1, ...characters.map(({ length }) => length));
  const data = Buffer.alloc(texts.length * width * 4);
  characters.forEach((codes, row) => {
    codes.forEach((code, at) => {
      data.writeUInt32LE(code, (row * width + at) * 4);
    });
  });
  return { descr: `<U${width}`, data };
}

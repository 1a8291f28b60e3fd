import { inflateRawSync } from 'node:zlib';

/** An array of an npz file: texts, or numbers. */
export interface NpzArray {
  readonly shape: readonly number[];
  readonly kind: string;
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
}

/** The arrays of a file that `numpy.savez_compressed` made. */
export function readNpz(file: Buffer): Map<string, NpzArray> {
  const arrays = new Map<string, NpzArray>();
  const end = file.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = file.readUInt32LE(end + 16);
  for (let left = file.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => file.readUInt16LE(at + field));
    const local = file.readUInt32LE(at + 42);
    const name = file.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const content = file.subarray(start, start + size);
    arrays.set(name.replace(/\.npy$/, ''), npyArray(method === 0 ? content : inflateRawSync(content)));
    at += 46 + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return arrays;
}

function npyArray(file: Buffer): NpzArray {
  const start = 10 + file.readUInt16LE(8);
  const header = file.toString('latin1', 10, start);
  const [, kind = '', width = '0'] = /'descr': '[<|]([a-zA-Z])(\d+)'/.exec(header) ?? [];
  const [, sizes = ''] = /'shape': \(([^)]*)\)/.exec(header) ?? [];
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const count = shape.reduce((product, size) => product * size, 1);
  const fortran = header.includes("'fortran_order': True");
  const step = kind === 'U' ? 4 * Number(width) : Number(width);
  const places = Array.from({ length: count }, (_, index) => start + step * (fortran ? place(index, shape) : index));
  if (kind === 'U') {
    const text = (at: number) =>
      String.fromCodePoint(
        ...Array.from({ length: step / 4 }, (_, i) => file.readUInt32LE(at + 4 * i)).filter(Boolean),
      );
    return { shape, kind, numbers: [], texts: places.map(text) };
  }
  const read: Readonly<Record<string, (at: number) => number>> = {
    f4: (at) => file.readFloatLE(at),
    f8: (at) => file.readDoubleLE(at),
    i8: (at) => Number(file.readBigInt64LE(at)),
    u1: (at) => file.readUInt8(at),
  };
  const one = read[`${kind}${width}`];
  if (one === undefined) throw new Error(`an array of ${kind}${width}`);
  return { shape, kind, numbers: places.map(one), texts: [] };
}

/** Where an element stands in an array that is stored column after column. */
function place(index: number, [rows = 1, columns = 1]: readonly number[]): number {
  return (index % columns) * rows + Math.floor(index / columns);
}

import type { Hdf5Cursor } from './cursor.ts';

/** The type of the elements of a dataset or an attribute. */
export type Hdf5Type =
  | {
      readonly kind: 'float' | 'int' | 'uint' | 'bool';
      /** Bytes of an element. */
      readonly size: number;
      readonly bigEndian: boolean;
    }
  /** Texts of a fixed length. */
  | { readonly kind: 'text'; readonly size: number; readonly padding: TextPadding }
  /** Texts of any length, which stand in a global heap. */
  | { readonly kind: 'long-text'; readonly size: number }
  | { readonly kind: 'other'; readonly size: number; readonly name: string };

export type TextPadding = 'terminated' | 'zeros' | 'spaces';

const CLASSES = [
  'fixed-point',
  'floating-point',
  'time',
  'text',
  'bit field',
  'opaque',
  'compound',
  'reference',
  'enumeration',
  'variable-length',
  'array',
  'complex',
];
const PADDINGS: readonly TextPadding[] = ['terminated', 'zeros', 'spaces'];

/** Exponent location, exponent size, mantissa location, mantissa size and bias of the numbers of IEEE 754, by their bits. */
const IEEE: Readonly<Record<number, readonly number[]>> = {
  16: [10, 5, 0, 10, 15],
  32: [23, 8, 0, 23, 127],
  64: [52, 11, 0, 52, 1023],
};

/** @throws AssayError `unsupported` for another version, `malformed` */
export function readDatatype(body: Hdf5Cursor): Hdf5Type {
  const first = body.u8();
  const [version, type] = [first >> 4, first & 0x0f];
  if (version < 1 || version > 5) throw body.unsupported(`has a type of version ${version}`);
  const bits = body.uint(3);
  const size = body.u32();
  const other = { kind: 'other', size, name: CLASSES[type] ?? `class ${type}` } as const;
  if (size === 0) throw body.wrong('has elements of 0 bytes');
  switch (type) {
    case 0:
      return integerOf(body, bits, size) ?? other;
    case 1:
      return floatOf(body, bits, size) ?? other;
    case 3: {
      const padding = PADDINGS[bits & 0x0f];
      return padding === undefined ? other : { kind: 'text', size, padding };
    }
    case 8:
      return booleanOf(body, bits, version, size) ?? other;
    case 9:
      // A length, an address and an index of a heap.
      return (bits & 0x0f) === 1 ? { kind: 'long-text', size } : other;
    default:
      return other;
  }
}

/** Integers whose bits fill their bytes. */
function integerOf(body: Hdf5Cursor, bits: number, size: number): Hdf5Type | undefined {
  const [offset, precision] = [body.u16(), body.u16()];
  if (offset !== 0 || precision !== 8 * size || ![1, 2, 4, 8].includes(size)) return undefined;
  return { kind: (bits & 0x08) !== 0 ? 'int' : 'uint', size, bigEndian: (bits & 1) !== 0 };
}

function floatOf(body: Hdf5Cursor, bits: number, size: number): Hdf5Type | undefined {
  const [offset, precision] = [body.u16(), body.u16()];
  const parts = [body.u8(), body.u8(), body.u8(), body.u8(), body.u32()];
  // The sign is the highest bit, the mantissa's own highest bit is implied, and the bytes are not those of a VAX.
  const plain = offset === 0 && precision === 8 * size && bits >> 8 === precision - 1 && ((bits >> 4) & 3) === 2;
  const ieee = IEEE[precision];
  if (!plain || (bits & 0x40) !== 0 || ieee?.some((value, index) => value !== parts[index]) !== false) return undefined;
  return { kind: 'float', size, bigEndian: (bits & 1) !== 0 };
}

/** The enumeration that h5py writes for a boolean: FALSE is 0, TRUE is 1. */
function booleanOf(body: Hdf5Cursor, bits: number, version: number, size: number): Hdf5Type | undefined {
  if (bits !== 2 || size !== 1) return undefined;
  const base = readDatatype(body);
  if (base.kind !== 'int' && base.kind !== 'uint') return undefined;
  const names = [nameOf(body, version), nameOf(body, version)];
  return names.join() === 'FALSE,TRUE' && body.u8() === 0 && body.u8() === 1
    ? { kind: 'bool', size, bigEndian: false }
    : undefined;
}

/** A name that ends with a zero; before version 3, it fills a multiple of 8 bytes. */
function nameOf(body: Hdf5Cursor, version: number): string {
  const length = body.bytes.indexOf(0, body.at) - body.at;
  if (length < 0) throw body.wrong('has a name without an end');
  const name = Buffer.from(body.take(length)).toString('latin1');
  body.skip(version < 3 ? 8 - (length % 8) : 1);
  return name;
}

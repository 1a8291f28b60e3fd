import { type ByteSource, chunks, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, quotedName, throwIfAborted } from '../../core/index.ts';
import type { ExpandMember } from '../archive/index.ts';
import { NPY, type NpyHeader, readNpyHeader } from '../npy/index.ts';
import { isNpz, npzMembers } from './npz.ts';
import { halfToNumber, type PlainArray } from './plain-array.ts';

const MAX_ARRAYS = 10_000;
/** Bytes that an element takes in memory, whatever it took in the file. */
const HELD_BYTES = 8;
const HELD_TEXT = 32;
/** No library makes arrays of more dimensions. */
const MAX_RANK = 64;

/**
 * The arrays of a file that `numpy.savez` or `numpy.save` made, by name; the one of an `.npy` file by the name of the file. Arrays of
 * objects are pickles, and are not read.
 * @throws AssayError `unsupported` for other files and other elements; `malformed`, `truncated`, `limit`
 */
export async function readArrays(
  { path, source }: { readonly path: string; readonly source: ByteSource },
  options: ExpandMember,
): Promise<ReadonlyMap<string, PlainArray>> {
  const head = await source.read(0, Math.min(16, source.size));
  if (NPY.identify({ head, tail: head, size: source.size }))
    return new Map([[stemOf(path), await readArray(source, stemOf(path), path, options)]]);
  const arrays = new Map<string, PlainArray>();
  if (!(await isNpz(source)))
    throw new AssayError('unsupported', 'is neither an .npz nor an .npy file', {
      subject: path,
      hint: 'write it with numpy.savez(path, X=X)',
    });
  for await (const { name, entry, member } of npzMembers(source, options)) {
    if (name === undefined)
      throw new AssayError('malformed', `its member ${quotedName(entry)} is not an array`, { subject: path });
    if (arrays.has(name))
      throw new AssayError('malformed', `two arrays have the name ${quotedName(name)}`, { subject: path });
    if (arrays.size >= MAX_ARRAYS)
      throw new AssayError('limit', `has more than ${MAX_ARRAYS} arrays`, { subject: path });
    arrays.set(name, await readArray(member, name, path, options));
  }
  return arrays;
}

function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

async function readArray(source: ByteSource, name: string, path: string, options: ExpandMember): Promise<PlainArray> {
  const header = await readNpyHeader(source);
  const { element, shape: dims, dataSize } = header;
  const read =
    element === undefined || dataSize === undefined ? undefined : readerOf(element.kind, element.size, name, path);
  if (element === undefined || dataSize === undefined || read === undefined)
    throw new AssayError('unsupported', `${quotedName(name)} holds neither numbers nor texts`, {
      subject: path,
      hint: "write texts as array.astype('U'), and numbers as array.astype('float32')",
    });
  // Elements of no bytes can be any number of them.
  const elements = countOf(dims, name);
  options.budget.hold(elements * (element.kind === 'U' ? HELD_TEXT : HELD_BYTES) + 2 * dataSize);
  const bytes = await dataOf(source, header, dataSize, options);
  const ordered = littleEndian(rowMajor(bytes, header, element.size), element.kind, element.size, element.bigEndian);
  options.budget.release(2 * dataSize);
  return { dims, ...read(ordered, elements) };
}

/** Elements of a shape. @throws AssayError `limit` for more than can be counted */
function countOf(shape: readonly number[], name: string): number {
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (shape.length <= MAX_RANK && Number.isSafeInteger(count)) return count;
  throw new AssayError('limit', 'an array has more elements than any file', { subject: name });
}

async function dataOf(
  source: ByteSource,
  { dataStart }: NpyHeader,
  dataSize: number,
  { signal }: ExpandMember,
): Promise<Buffer> {
  const held = source.size - dataStart;
  if (held < dataSize)
    throw new AssayError('truncated', `the array needs ${dataSize} bytes, and ${held} are left`, {
      subject: source.name,
      offset: dataStart,
    });
  // Programs that read several arrays from one file take what follows as the next one.
  if (held > dataSize)
    throw new AssayError('malformed', `${held - dataSize} bytes follow the array`, {
      subject: source.name,
      offset: dataStart + dataSize,
      hint: 'save each array to a file of its own, or all of them with numpy.savez',
    });
  const bytes = Buffer.alloc(dataSize);
  let at = 0;
  for await (const chunk of chunks(new SliceSource(source, dataStart, dataSize, source.name), 0, dataSize)) {
    throwIfAborted(signal);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The elements row after row, which Fortran's order has column after column. */
function rowMajor(bytes: Buffer, { shape, fortran }: NpyHeader, width: number): Buffer {
  if (!fortran || shape.length < 2 || bytes.length === 0) return bytes;
  const strides: number[] = [];
  shape.reduce((stride, size) => {
    strides.push(stride);
    return stride * size;
  }, width);
  const ordered = Buffer.alloc(bytes.length);
  const index = shape.map(() => 0);
  for (let at = 0, from = 0; at < bytes.length; at += width) {
    bytes.copy(ordered, at, from, from + width);
    // The next index, the last dimension first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        from += strides[axis] ?? 0;
        break;
      }
      from -= (next - 1) * (strides[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return ordered;
}

function littleEndian(bytes: Buffer, kind: string, size: number, bigEndian: boolean): Buffer {
  const width = kind === 'U' ? 4 : size;
  if (!bigEndian || width === 1) return bytes;
  if (width === 2) return bytes.swap16();
  return width === 4 ? bytes.swap32() : bytes.swap64();
}

type Values = Kind<'numbers', Float64Array> | Kind<'integers', BigInt64Array> | Kind<'texts', readonly string[]>;
type Kind<K, V> = { readonly kind: K; readonly values: V };
type Reader = (bytes: Buffer, count: number) => Values;

/** How elements of a type become values; `undefined` for what is neither a number nor a text. */
function readerOf(kind: string, size: number, name: string, path: string): Reader | undefined {
  switch (kind === 'U' ? kind : `${kind}${size}`) {
    case 'U':
      return (bytes, count) => ({
        kind: 'texts',
        values: Array.from({ length: count }, (_, i) => textAt(bytes, i * size, size / 4, path)),
      });
    case 'f2':
      return reals((bytes, at) => halfToNumber(bytes.readUInt16LE(at)), 2);
    case 'f4':
      return reals((bytes, at) => bytes.readFloatLE(at), 4);
    case 'f8':
      return reals((bytes, at) => bytes.readDoubleLE(at), 8);
    case 'b1':
    case 'u1':
      return integers((bytes, at) => bytes.readUInt8(at), 1);
    case 'i1':
      return integers((bytes, at) => bytes.readInt8(at), 1);
    case 'i2':
      return integers((bytes, at) => bytes.readInt16LE(at), 2);
    case 'u2':
      return integers((bytes, at) => bytes.readUInt16LE(at), 2);
    case 'i4':
      return integers((bytes, at) => bytes.readInt32LE(at), 4);
    case 'u4':
      return integers((bytes, at) => bytes.readUInt32LE(at), 4);
    case 'i8':
      return integers((bytes, at) => bytes.readBigInt64LE(at), 8);
    case 'u8':
      return integers((bytes, at) => signed(bytes.readBigUInt64LE(at), name, path), 8);
    default:
      return undefined;
  }
}

function reals(at: (bytes: Buffer, offset: number) => number, width: number): Reader {
  return (bytes, count) => {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = at(bytes, i * width);
    return { kind: 'numbers', values };
  };
}

function integers(at: (bytes: Buffer, offset: number) => number | bigint, width: number): Reader {
  return (bytes, count) => {
    const values = new BigInt64Array(count);
    for (let i = 0; i < count; i++) values[i] = BigInt(at(bytes, i * width));
    return { kind: 'integers', values };
  };
}

function signed(value: bigint, name: string, path: string): bigint {
  if (value < 2n ** 63n) return value;
  throw new AssayError('unsupported', `${quotedName(name)} holds a number above 2^63`, { subject: path });
}

/** NumPy pads texts with NUL to the width of the longest, four bytes a character. */
function textAt(bytes: Buffer, start: number, width: number, subject: string): string {
  let length = width;
  while (length > 0 && bytes.readUInt32LE(start + 4 * (length - 1)) === 0) length--;
  const characters: string[] = [];
  for (let i = 0; i < length; i++) {
    const code = bytes.readUInt32LE(start + 4 * i);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new AssayError('malformed', 'holds a text with a character that does not exist', { subject });
    characters.push(String.fromCodePoint(code));
  }
  return characters.join('');
}

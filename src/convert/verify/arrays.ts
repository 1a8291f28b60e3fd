import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { NPY, type NpyHeader, readNpyHeader } from '../../formats/npy/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { isNpz, npyTensor, npzMembers } from '../numpy/index.ts';
import {
  columnMajor,
  type Dtype,
  elementBytes,
  elementsOf,
  quotedName,
  rowMajor,
  stemOf,
  type Tensor,
  type TensorReadOptions,
  writtenBytes,
} from '../tensors/index.ts';

/** An array in memory, row after row. */
export type PlainArray = { readonly dims: readonly number[] } & (
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'integers'; readonly values: BigInt64Array }
  | { readonly kind: 'texts'; readonly values: readonly string[] }
);

type ReadOptions = Omit<TensorReadOptions, 'salvage'>;

const MAX_ARRAYS = 10_000;
/** Bytes that an element takes in memory, whatever it took in the file. */
const HELD_BYTES = 8;
const HELD_TEXT = 32;

/**
 * The arrays of a file that `numpy.savez` or `numpy.save` made, by name. Arrays of objects are pickles, and are not read.
 * @throws AssayError `unsupported` for other files and other elements; `malformed`, `truncated`, `limit`
 */
export async function readArrays(
  { path, source }: { readonly path: string; readonly source: ByteSource },
  options: ReadOptions,
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

async function readArray(source: ByteSource, name: string, path: string, options: ReadOptions): Promise<PlainArray> {
  const header = await readNpyHeader(source);
  const { element, shape: dims } = header;
  // Elements of no bytes can be any number of them.
  const elements = elementsOf(dims, name);
  if (element?.kind === 'U') {
    options.budget.hold(elements * HELD_TEXT + (header.dataSize ?? 0));
    return { kind: 'texts', dims, values: await textsOf(source, header, element, options) };
  }
  const found = await npyTensor(source, name);
  if (found.kind !== 'tensor') {
    const why = found.kind === 'refused' ? found.why : 'something else';
    throw new AssayError('unsupported', `${quotedName(name)} is ${why}, and not of numbers or texts`, {
      subject: path,
      hint: "write texts as array.astype('U'), and numbers as array.astype('float32')",
    });
  }
  options.budget.hold(elements * HELD_BYTES + writtenBytes(found.tensor));
  const bytes = await bytesOf(found.tensor, options);
  options.budget.release(bytes.length);
  return { dims, ...numbersOf(bytes, found.tensor.dtype, name, path) };
}

async function bytesOf(tensor: Tensor, { signal }: ReadOptions): Promise<Buffer> {
  const bytes = Buffer.alloc(writtenBytes(tensor));
  let at = 0;
  for await (const piece of elementBytes(tensor, signal)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** NumPy pads texts with NUL to the width of the longest, four bytes a character. */
async function textsOf(
  source: ByteSource,
  { dataStart, dataSize = 0, shape, fortran }: NpyHeader,
  { size, bigEndian }: { readonly size: number; readonly bigEndian: boolean },
  options: ReadOptions,
): Promise<string[]> {
  if (source.size - dataStart !== dataSize)
    throw new AssayError('truncated', `the array has ${source.size - dataStart} bytes instead of ${dataSize}`, {
      subject: source.name,
    });
  const width = size / 4;
  const strides = (fortran ? columnMajor(shape) : rowMajor(shape)).map((stride) => stride * width);
  const bytes = await bytesOf(
    {
      name: source.name,
      dtype: 'U32',
      shape: [...shape, width],
      strides: [...strides, 1],
      offset: 0,
      bytes: new SliceSource(source, dataStart, dataSize, source.name),
      bigEndian,
    },
    options,
  );
  const texts: string[] = [];
  const count = elementsOf(shape, source.name);
  for (let i = 0; i < count; i++) texts.push(textAt(bytes, i * size, width, source.name));
  return texts;
}

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

type Numbers =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'integers'; readonly values: BigInt64Array };

function numbersOf(bytes: Buffer, dtype: Dtype, name: string, path: string): Numbers {
  const integers = (width: number, at: (offset: number) => number | bigint): Numbers => {
    const values = new BigInt64Array(bytes.length / width);
    for (let i = 0; i < values.length; i++) values[i] = BigInt(at(i * width));
    return { kind: 'integers', values };
  };
  const reals = (width: number, at: (offset: number) => number): Numbers => {
    const values = new Float64Array(bytes.length / width);
    for (let i = 0; i < values.length; i++) values[i] = at(i * width);
    return { kind: 'numbers', values };
  };
  switch (dtype) {
    case 'F32':
      return reals(4, (at) => bytes.readFloatLE(at));
    case 'F64':
      return reals(8, (at) => bytes.readDoubleLE(at));
    case 'F16':
      return reals(2, (at) => halfToNumber(bytes.readUInt16LE(at)));
    case 'BOOL':
    case 'U8':
      return integers(1, (at) => bytes.readUInt8(at));
    case 'I8':
      return integers(1, (at) => bytes.readInt8(at));
    case 'I16':
      return integers(2, (at) => bytes.readInt16LE(at));
    case 'U16':
      return integers(2, (at) => bytes.readUInt16LE(at));
    case 'I32':
      return integers(4, (at) => bytes.readInt32LE(at));
    case 'U32':
      return integers(4, (at) => bytes.readUInt32LE(at));
    case 'I64':
      return integers(8, (at) => bytes.readBigInt64LE(at));
    case 'U64':
      return integers(8, (at) => {
        const value = bytes.readBigUInt64LE(at);
        if (value < 2n ** 63n) return value;
        throw new AssayError('unsupported', `${quotedName(name)} holds a number above 2^63`, { subject: path });
      });
    default:
      throw new AssayError('unsupported', `${quotedName(name)} is of ${dtype}, which is not compared`, {
        subject: path,
        hint: "write it as array.astype('float32')",
      });
  }
}

function halfToNumber(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** What a model took or gave, as an array. */
export function arrayOfTensor(tensor: RunTensor): PlainArray {
  const { dims } = tensor;
  switch (tensor.type) {
    case 'string':
      return { kind: 'texts', dims, values: tensor.data };
    case 'float32':
    case 'float64':
      return { kind: 'numbers', dims, values: Float64Array.from(tensor.data) };
    case 'float16':
      return { kind: 'numbers', dims, values: Float64Array.from(tensor.data, halfToNumber) };
    case 'int64':
    case 'uint64':
      return { kind: 'integers', dims, values: new BigInt64Array(BigInt64Array.from(tensor.data)) };
    default:
      return { kind: 'integers', dims, values: BigInt64Array.from(tensor.data, BigInt) };
  }
}

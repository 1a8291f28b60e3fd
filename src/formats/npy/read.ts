import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { type NumpyElement, numpyElementOf } from '../pickle/inert/index.ts';
import { type Literal, parseLiteral } from './literal.ts';

/** A NumPy array file's header (numpy/lib/format.py, versions 1.0 to 3.0). */
export interface NpyHeader {
  /** Where the data begins. */
  readonly dataStart: number;
  readonly shape: readonly number[];
  /** The first dimension is the one whose neighbours stand next to each other. */
  readonly fortran: boolean;
  /** The type of an element, as the header writes it. */
  readonly descr: Literal;
  /** `undefined` for structured elements. */
  readonly element: NumpyElement | undefined;
  /** The data is a pickle. */
  readonly object: boolean;
  /** Bytes that the data should have; `undefined` for objects. */
  readonly dataSize: number | undefined;
}

/** By default, numpy itself refuses more. */
const MAX_HEADER = 1024 * 1024;
const KEYS = 'descr,fortran_order,shape';

/** @throws AssayError `truncated`, `malformed`, `unsupported`, `limit`. */
export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const fail = (message: string) => new AssayError('malformed', message, { subject: source.name, offset: 6 });
  const [major = 0, minor = 0, ...lengthBytes] = (await source.read(0, Math.min(12, source.size))).subarray(6);
  if (major < 1 || major > 3 || minor !== 0) {
    throw new AssayError('unsupported', `NumPy array format ${major}.${minor}`, { subject: source.name });
  }
  const width = major === 1 ? 2 : 4;
  const length = lengthBytes.slice(0, width).reduce((sum, byte, i) => sum + byte * 256 ** i, 0);
  if (length > MAX_HEADER) throw new AssayError('limit', `a NumPy header of ${length} bytes`, { subject: source.name });
  const dataStart = 8 + width + length;
  const text = Buffer.from(await source.read(8 + width, length)).toString(major === 3 ? 'utf8' : 'latin1');
  const header = parseLiteral(text);
  if (!(header instanceof Map) || [...header.keys()].sort().join() !== KEYS)
    throw fail('the header has other keys than NumPy writes');
  const shape = shapeOf(header.get('shape'));
  const fortran = header.get('fortran_order');
  if (shape === undefined || typeof fortran !== 'boolean') throw fail('the header has no shape');
  const descr = header.get('descr') ?? null;
  const item = itemOf(descr, 0);
  if (item === undefined) throw fail('the header has an unknown dtype');
  const element = typeof descr === 'string' ? numpyElementOf(descr) : undefined;
  if (item.object) return { dataStart, shape, fortran, descr, element, object: true, dataSize: undefined };
  const dataSize = shape.reduce((product, n) => product * n, item.size);
  if (!Number.isSafeInteger(dataSize)) throw fail('the shape is larger than any file');
  return { dataStart, shape, fortran, descr, element, object: false, dataSize };
}

function shapeOf(value: Literal | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const sizes = value.filter((n) => typeof n === 'number');
  return sizes.length === value.length && sizes.every((n) => n >= 0) ? sizes : undefined;
}

interface Item {
  readonly size: number;
  readonly object: boolean;
}

/** Bytes of an element, from `dtype.descr`: a type string, a list of fields, or a sub-array. */
function itemOf(descr: Literal | undefined, depth: number): Item | undefined {
  if (depth > 16) return undefined;
  if (typeof descr === 'string') return scalar(descr);
  if (!Array.isArray(descr)) return undefined;
  if (!descr.every((field) => Array.isArray(field))) return subArray(descr, depth);
  let total: Item = { size: 0, object: false };
  for (const field of descr) {
    const [, type, shape] = field;
    const item = shape === undefined ? itemOf(type, depth + 1) : subArray([type ?? null, shape], depth);
    if (field.length < 2 || item === undefined) return undefined;
    total = { size: total.size + item.size, object: total.object || item.object };
  }
  return descr.length === 0 ? undefined : total;
}

function subArray([type, shape]: readonly Literal[], depth: number): Item | undefined {
  const item = itemOf(type, depth + 1);
  const sizes = shapeOf(typeof shape === 'number' ? [shape] : shape);
  if (item === undefined || sizes === undefined) return undefined;
  return { size: sizes.reduce((product, n) => product * n, item.size), object: item.object };
}

/** `<f8`, `|S10`, `<U5`, `|O`, `<M8[ns]`: the number is bytes, four of them for each character of `U`. */
function scalar(descr: string): Item | undefined {
  const match = /^[<>|=]?([?bBiufcSaUVMmO])(\d*)(?:\[\w+\])?$/.exec(descr);
  if (match === null) return undefined;
  const [, kind = '', digits = ''] = match;
  if (kind === 'O') return { size: 8, object: true };
  const size = digits === '' ? (kind === '?' || kind === 'b' || kind === 'B' ? 1 : undefined) : Number(digits);
  if (size === undefined || !Number.isSafeInteger(size)) return undefined;
  return { size: kind === 'U' ? size * 4 : size, object: false };
}

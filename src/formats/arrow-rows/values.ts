import { AssayError, quotedName } from '../../core/index.ts';
import type { ArrowColumn, ArrowType } from './schema.ts';

/** A value; dates are days or milliseconds, and times are units since 1970. */
export type ArrowValue = number | bigint | string | boolean | Uint8Array | null;

/** A column of one batch, without its dictionary. */
export interface ColumnValues {
  readonly length: number;
  at(row: number): ArrowValue;
}

export interface ColumnParts {
  /** As the batch says. */
  readonly length: number;
  readonly nullCount: number;
  /** The validity, the offsets of texts, and the values; each is whole. */
  readonly buffers: readonly Uint8Array[];
}

/** How many buffers a type has in a batch. */
export function bufferCount({ kind }: ArrowType): 0 | 2 | 3 {
  if (kind === 'null') return 0;
  return kind === 'text' || kind === 'binary' ? 3 : 2;
}

/**
 * The values of a column, every one of which lies in its buffers. What is said of missing values has to be so: readers differ on whether
 * they believe the count or the bitmap.
 * @throws AssayError `malformed`
 */
export function columnValues({ name }: ArrowColumn, type: ArrowType, parts: ColumnParts): ColumnValues {
  const { length, nullCount, buffers } = parts;
  const bad = (what: string) => new AssayError('malformed', `the column ${quotedName(name)} ${what}`);
  if (type.kind === 'null') return { length, at: () => null };
  const [validity = EMPTY, second = EMPTY, third = EMPTY] = buffers;
  const needs = (buffer: Uint8Array, bytes: number, what: string) => {
    if (buffer.length < bytes) throw bad(`has ${buffer.length} bytes of ${what}, and needs ${bytes}`);
  };
  if (validity.length > 0 || nullCount !== 0) needs(validity, Math.ceil(length / 8), 'validity');
  const missing = validity.length === 0 ? 0 : length - ones(validity, length);
  if (missing !== nullCount) throw bad(`says that ${nullCount} values are missing, and ${missing} are`);
  const present = (row: number) => validity.length === 0 || bit(validity, row);
  const whole = (read: (row: number) => ArrowValue): ColumnValues => ({
    length,
    at: (row) => (present(row) ? read(row) : null),
  });
  if (type.kind === 'bool') {
    needs(second, Math.ceil(length / 8), 'values');
    return whole((row) => bit(second, row));
  }
  if (type.kind === 'text' || type.kind === 'binary') {
    const offsets = offsetsOf(second, third.length, length, type.wide, bad);
    const slice = (row: number) => third.subarray(offsets[row], offsets[row + 1]);
    if (type.kind === 'binary') return whole(slice);
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return whole((row) => {
      try {
        return decoder.decode(slice(row));
      } catch (cause) {
        throw new AssayError('malformed', `the column ${quotedName(name)} has a text that is not UTF-8`, { cause });
      }
    });
  }
  const width = widthOf(type);
  needs(second, length * width, 'values');
  const view = new DataView(second.buffer, second.byteOffset, second.byteLength);
  const read = readerOf(type, view);
  return whole((row) => read(row * width));
}

const EMPTY = new Uint8Array(0);

function widthOf(type: ArrowType): number {
  switch (type.kind) {
    case 'int':
    case 'float':
      return type.bits / 8;
    case 'date-days':
      return 4;
    default:
      return 8;
  }
}

function readerOf(type: ArrowType, view: DataView): (at: number) => ArrowValue {
  if (type.kind === 'float') {
    if (type.bits === 64) return (at) => view.getFloat64(at, true);
    return type.bits === 32 ? (at) => view.getFloat32(at, true) : (at) => half(view.getUint16(at, true));
  }
  if (type.kind === 'date-days') return (at) => view.getInt32(at, true);
  if (type.kind !== 'int') return (at) => view.getBigInt64(at, true);
  switch (type.bits) {
    case 8:
      return type.signed ? (at) => view.getInt8(at) : (at) => view.getUint8(at);
    case 16:
      return type.signed ? (at) => view.getInt16(at, true) : (at) => view.getUint16(at, true);
    case 32:
      return type.signed ? (at) => view.getInt32(at, true) : (at) => view.getUint32(at, true);
    case 64:
      return type.signed ? (at) => view.getBigInt64(at, true) : (at) => view.getBigUint64(at, true);
  }
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 === 0 ? 1 : -1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Offsets that never decrease, and end within the data. */
function offsetsOf(
  bytes: Uint8Array,
  size: number,
  length: number,
  wide: boolean,
  bad: (what: string) => AssayError,
): Float64Array {
  const width = wide ? 8 : 4;
  // A column without values may have no offsets.
  if (length === 0 && bytes.length === 0) return new Float64Array(1);
  if (bytes.length < (length + 1) * width)
    throw bad(`has ${bytes.length} bytes of offsets, and needs ${(length + 1) * width}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = new Float64Array(length + 1);
  let before = 0;
  for (let i = 0; i <= length; i++) {
    const offset = wide ? Number(view.getBigInt64(i * 8, true)) : view.getInt32(i * 4, true);
    if (offset < before || offset > size) throw bad(`has a value from byte ${before} to ${offset} of ${size}`);
    offsets[i] = offset;
    before = offset;
  }
  return offsets;
}

function bit(bits: Uint8Array, at: number): boolean {
  return (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
}

function ones(bits: Uint8Array, length: number): number {
  let count = 0;
  for (let at = 0; at < length; at++) if (bit(bits, at)) count++;
  return count;
}

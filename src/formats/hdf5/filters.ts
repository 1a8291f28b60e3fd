import { inflateSync } from 'node:zlib';
import { AssayError, systemCode } from '../../core/index.ts';
import type { Hdf5Cursor } from './cursor.ts';

/** What was done to the bytes of a chunk, in the order in which it was done. */
export interface Filter {
  readonly kind: 'deflate' | 'shuffle' | 'fletcher32' | 'lzf' | 'other';
  /** The number of the filter; what `other` means is not read. */
  readonly id: number;
  /** The bytes of an element, for `shuffle`. */
  readonly elementSize: number;
}

const KINDS: ReadonlyMap<number, Filter['kind']> = new Map([
  [1, 'deflate'],
  [2, 'shuffle'],
  [3, 'fletcher32'],
  // Registered by h5py.
  [32_000, 'lzf'],
]);
/** HDF5 itself allows no more. */
const MAX_FILTERS = 32;

/** @throws AssayError `malformed` */
export function readFilters(body: Hdf5Cursor): readonly Filter[] {
  const version = body.version(1, 2);
  const count = body.u8();
  if (count > MAX_FILTERS) throw body.wrong(`has ${count} filters`);
  if (version === 1) body.skip(6);
  return Array.from({ length: count }, () => readFilter(body, version));
}

function readFilter(body: Hdf5Cursor, version: number): Filter {
  const id = body.u16();
  const nameLength = version === 1 || id >= 256 ? body.u16() : 0;
  body.skip(2);
  const values = body.u16();
  body.skip(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
  const first = values > 0 ? body.u32() : 0;
  body.skip(4 * Math.max(0, values - 1) + (version === 1 && values % 2 === 1 ? 4 : 0));
  const kind = KINDS.get(id) ?? 'other';
  if (kind === 'shuffle' && first === 0) throw body.wrong('shuffles elements of 0 bytes');
  return { kind, id, elementSize: first };
}

/**
 * Undoes the filters of one chunk.
 * @param mask the filters that were left out, as bits
 * @param length bytes that the chunk has in the end
 * @throws AssayError `malformed` for a chunk that is shorter or longer; `unsupported` for a filter that is not read, by its number
 */
export function unfiltered(
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  length: number,
  name: string,
): Uint8Array {
  const wrong = (problem: string) => new AssayError('malformed', `an HDF5 chunk ${problem}`, { subject: name });
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    const filter = filters[i];
    if (filter === undefined || ((mask >>> i) & 1) !== 0) continue;
    if (filter.kind === 'other')
      throw new AssayError(
        'unsupported',
        `an HDF5 dataset uses the filter ${filter.id}; deflate, shuffle, fletcher32 and LZF are read`,
        { subject: name },
      );
    if (filter.kind === 'shuffle') bytes = unshuffled(bytes, filter.elementSize);
    else if (filter.kind === 'lzf') bytes = unlzf(bytes, length + 4 * filters.length, wrong);
    else if (filter.kind === 'deflate') bytes = inflated(bytes, length + 4 * filters.length, wrong);
    else {
      if (bytes.length < 4) throw wrong('is too short for its checksum');
      bytes = checked(bytes, wrong);
    }
  }
  if (bytes.length !== length) throw wrong(`has ${bytes.length} bytes, not ${length}`);
  return bytes;
}

function inflated(bytes: Uint8Array, most: number, wrong: (problem: string) => AssayError): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw wrong('cannot be decompressed to its size');
  }
}

/** LibLZF: runs of bytes as they are, and copies of what was written before (lzf_d.c). */
function unlzf(bytes: Uint8Array, most: number, wrong: (problem: string) => AssayError): Uint8Array {
  const result = new Uint8Array(most);
  let [at, to] = [0, 0];
  while (at < bytes.length) {
    const control = bytes[at++] ?? 0;
    if (control < 32) {
      const run = bytes.subarray(at, at + control + 1);
      if (run.length !== control + 1 || to + run.length > most) throw wrong('cannot be decompressed to its size');
      result.set(run, to);
      [at, to] = [at + run.length, to + run.length];
      continue;
    }
    const longer = control >> 5 === 7 ? (bytes[at++] ?? 0) : 0;
    const from = to - ((control & 31) << 8) - (bytes[at++] ?? 0) - 1;
    const length = (control >> 5) + longer + 2;
    if (from < 0 || to + length > most || at > bytes.length) throw wrong('cannot be decompressed to its size');
    for (let i = 0; i < length; i++) result[to + i] = result[from + i] ?? 0;
    to += length;
  }
  return result.subarray(0, to);
}

/** The filter puts the first bytes of all elements first, then the second bytes, and so on. Bytes after the last whole element stay at the end. */
function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const result = Uint8Array.from(bytes);
  for (let i = 0; i < count; i++) for (let j = 0; j < size; j++) result[i * size + j] = bytes[j * count + i] ?? 0;
  return result;
}

/** The bytes before a Fletcher checksum of 32 bits, as HDF5 computes it: over words of 16 bits, the high byte first. */
function checked(bytes: Uint8Array, wrong: (problem: string) => AssayError): Uint8Array {
  const data = bytes.subarray(0, -4);
  let [low, high] = [0, 0];
  for (let i = 0; i < data.length; i += 2) {
    low = (low + (((data[i] ?? 0) << 8) | (data[i + 1] ?? 0))) % 65_535;
    high = (high + low) % 65_535;
  }
  const stored = new DataView(bytes.buffer, bytes.byteOffset + data.length, 4).getUint32(0, true);
  // A sum of 65535 is written for one of 0, as both are 0 in this arithmetic.
  const same = (stored & 0xffff) % 65_535 === low && (stored >>> 16) % 65_535 === high;
  if (!same) throw wrong('does not have the checksum that it states');
  return data;
}

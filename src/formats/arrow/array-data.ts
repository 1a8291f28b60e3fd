import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';

/** `undefined` where Arrow has no buffer. */
export type ArrowBuffer = ByteSource | undefined;

/** One array without children, as Arrow's `ArrayData` holds it. */
export interface ArrowArray {
  /** As pyarrow spells it: "int64", "large_string". */
  readonly type: string;
  readonly length: number;
  /** -1: not counted yet. */
  readonly nullCount: number;
  readonly offset: number;
  readonly buffers: readonly ArrowBuffer[];
}

/** Types of elements of one width, in bits. */
const BITS: ReadonlyMap<string, number> = new Map([
  ['bool', 1],
  ...['int8', 'uint8'].map((name) => [name, 8] as const),
  ...['int16', 'uint16', 'halffloat', 'float16'].map((name) => [name, 16] as const),
  ...['int32', 'uint32', 'float', 'float32', 'date32[day]', 'time32[s]', 'time32[ms]'].map(
    (name) => [name, 32] as const,
  ),
  ...['int64', 'uint64', 'double', 'float64', 'date64[ms]', 'time64[us]', 'time64[ns]'].map(
    (name) => [name, 64] as const,
  ),
  ...['timestamp', 'duration'].flatMap((name) =>
    ['s', 'ms', 'us', 'ns'].map((unit) => [`${name}[${unit}]`, 64] as const),
  ),
]);
/** Types whose elements are delimited by offsets, with the size of an offset in bytes. */
const OFFSET_BYTES: ReadonlyMap<string, 4 | 8> = new Map([
  ['string', 4],
  ['binary', 4],
  ['large_string', 8],
  ['large_binary', 8],
]);
/** Bytes that are read at once. A multiple of both widths. */
const CHUNK = 64 * 1024;

export function isArrowType(type: string): boolean {
  return BITS.has(type) || OFFSET_BYTES.has(type);
}

/**
 * Proves that every element lies within its buffers. Arrow makes an array from any input, and uses offsets and counts without a
 * check.
 * @throws AssayError `malformed`; what reading a buffer throws
 */
export async function checkArrowArray(array: ArrowArray, budget: FileBudget): Promise<void> {
  const { type, length, nullCount, offset, buffers } = array;
  const end = offset + length;
  if (length < 0 || offset < 0 || !Number.isSafeInteger(end * 8 + 64))
    throw bad(`it has ${length} elements from offset ${offset} on`);
  if (nullCount < -1 || nullCount > length) throw bad(`${nullCount} of ${length} elements are missing`);
  const [validity, second, third] = buffers;
  if (validity !== undefined) needs(validity, Math.ceil(end / 8), 'the validity bitmap');
  else if (nullCount > 0) throw bad('it has missing elements, but no validity bitmap');
  const bits = BITS.get(type);
  if (bits !== undefined) {
    if (buffers.length !== 2) throw bad(`${buffers.length} buffers of ${type}`);
    return needs(second, Math.ceil((end * bits) / 8), 'the elements');
  }
  const width = OFFSET_BYTES.get(type);
  if (width === undefined) throw bad(`the type ${type}`);
  if (buffers.length !== 3) throw bad(`${buffers.length} buffers of ${type}`);
  // Arrow accepts an array without elements and without offsets.
  if (end === 0 && (second?.size ?? 0) === 0) return;
  needs(second, (end + 1) * width, 'the offsets');
  if (second !== undefined) await checkOffsets(second, width, offset, end, third?.size ?? 0, budget);
}

function needs(buffer: ArrowBuffer, bytes: number, what: string): void {
  const size = buffer?.size ?? 0;
  if (size < bytes) throw bad(`the buffer of ${what} needs ${bytes} bytes, but has ${size}`);
}

/** Checks that the offsets never decrease, and end within the data. */
async function checkOffsets(
  source: ByteSource,
  width: 4 | 8,
  first: number,
  last: number,
  size: number,
  budget: FileBudget,
): Promise<void> {
  let before = 0;
  const stop = (last + 1) * width;
  for (let at = first * width; at < stop; at += CHUNK) {
    const bytes = await source.read(at, Math.min(CHUNK, stop - at));
    budget.work(bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < bytes.length; i += width) {
      const low = width === 4 ? view.getInt32(i, true) : view.getUint32(i, true);
      const offset = width === 4 ? low : view.getInt32(i + 4, true) * 2 ** 32 + low;
      if (offset < before) throw bad(`the offset ${offset} follows the larger offset ${before}`);
      if (offset > size) throw bad(`the offset ${offset} is beyond the ${size} bytes of data`);
      before = offset;
    }
  }
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `the Arrow array is not valid: ${what}`);
}

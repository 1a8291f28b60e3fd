import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import {
  DESCRIPTOR_SIGNATURE,
  FLAG_DESCRIPTOR,
  LOCAL_LENGTH,
  type LocalHeader,
  localHeader,
  localTail,
  viewOf,
  type ZipEntry,
} from './records.ts';

/** A member and its place in the archive. */
export interface ZipMember {
  readonly name: string;
  readonly local: LocalHeader;
  /** Of the local header. */
  readonly start: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  /** Behind the data descriptor, or the data. */
  readonly end: number;
  readonly method: number;
  readonly crc: number | undefined;
  /** The stated number of uncompressed bytes; `undefined` when it is not stated. */
  readonly size: number | undefined;
  /** The fields on which the directory and the local header disagree. */
  readonly differences: readonly string[];
}

/** The local header at `at`; `undefined` when none is there. @throws AssayError `malformed`. */
export async function readLocal(source: ByteSource, at: number): Promise<LocalHeader | undefined> {
  if (at < 0 || at + LOCAL_LENGTH > source.size) return undefined;
  const head = source.readNow(at, LOCAL_LENGTH) ?? (await source.read(at, LOCAL_LENGTH));
  const tail = localTail(head);
  if (tail === undefined || at + LOCAL_LENGTH + tail > source.size) return undefined;
  const length = LOCAL_LENGTH + tail;
  return localHeader(source.readNow(at, length) ?? (await source.read(at, length)));
}

/** The member that the directory lists as `entry`; `undefined` when it does not lie in the source. */
export async function locate(source: ByteSource, entry: ZipEntry): Promise<ZipMember | undefined> {
  const local = await readLocal(source, entry.localOffset);
  if (local === undefined) return undefined;
  const dataStart = entry.localOffset + local.length;
  const dataEnd = dataStart + entry.compressedSize;
  if (!Number.isSafeInteger(dataEnd) || dataEnd > source.size) return undefined;
  const differences = compare(entry, local);
  const end = await descriptorEnd(source, entry, local, dataEnd, differences);
  const { name, method, crc, size } = entry;
  return { name, local, start: entry.localOffset, dataStart, dataEnd, end, method, crc, size, differences };
}

/** A member that no directory lists, from its local header alone; its data may reach to `limit`. */
export function unlisted(local: LocalHeader, start: number, limit: number): ZipMember {
  const dataStart = start + local.length;
  const known = (local.flags & FLAG_DESCRIPTOR) === 0 || local.compressedSize > 0;
  const dataEnd = known ? Math.min(dataStart + local.compressedSize, limit) : limit;
  const { name, method } = local;
  return {
    name,
    local,
    start,
    dataStart,
    dataEnd,
    end: dataEnd,
    method,
    crc: known ? local.crc : undefined,
    size: known ? local.size : undefined,
    differences: [],
  };
}

/** Flags whose difference changes nothing: compression level, a descriptor, the name's character set. */
const HARMLESS_FLAGS = 0x0002 | 0x0004 | FLAG_DESCRIPTOR | 0x0800;

function compare(entry: ZipEntry, local: LocalHeader): string[] {
  const differences: string[] = [];
  if (entry.rawName !== local.rawName) differences.push('name');
  if (((entry.flags ^ local.flags) & ~HARMLESS_FLAGS) !== 0) differences.push('flags');
  if (entry.method !== local.method) differences.push('method');
  // With a descriptor behind the data the header's own numbers are zero, or right.
  const deferred = (local.flags & FLAG_DESCRIPTOR) !== 0;
  const differs = (mine: number, its: number) => mine !== its && !(deferred && (its === 0 || its === 0xffffffff));
  if (differs(entry.crc, local.crc)) differences.push('checksum');
  if (differs(entry.compressedSize, local.compressedSize)) differences.push('compressed size');
  if (differs(entry.size, local.size)) differences.push('size');
  return differences;
}

/** Where the data descriptor ends (4.3.9): with or without a signature, of 32 or 64 bits. */
async function descriptorEnd(
  source: ByteSource,
  entry: ZipEntry,
  local: LocalHeader,
  at: number,
  differences: string[],
): Promise<number> {
  if ((local.flags & FLAG_DESCRIPTOR) === 0) return at;
  const length = Math.min(24, source.size - at);
  const view = viewOf(source.readNow(at, length) ?? (await source.read(at, length)));
  const signed = length >= 4 && view.getUint32(0, true) === DESCRIPTOR_SIGNATURE ? 4 : 0;
  for (const width of [8, 4]) {
    const total = signed + 4 + 2 * width;
    if (total > length || view.getUint32(signed, true) !== entry.crc) continue;
    const low = (where: number) =>
      view.getUint32(where, true) + (width === 8 ? view.getUint32(where + 4, true) * 2 ** 32 : 0);
    if (low(signed + 4) === entry.compressedSize && low(signed + 4 + width) === entry.size) return at + total;
  }
  if (signed === 0) {
    // Some writers set the flag, fill in the header, and leave the descriptor out.
    if (local.crc !== entry.crc || local.compressedSize !== entry.compressedSize) differences.push('data descriptor');
    return at;
  }
  differences.push('data descriptor');
  return Math.min(at + 16, source.size);
}

/** Offset of the next local header signature in `[start, end)`. Looks at bytes natively, a block at a time. */
export async function findLocal(source: ByteSource, start: number, end: number): Promise<number | undefined> {
  let base = start;
  let carried = Buffer.alloc(0);
  for await (const chunk of chunks(source, start, end)) {
    const window =
      carried.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([carried, chunk]);
    const at = window.indexOf('PK\x03\x04', 0, 'latin1');
    if (at >= 0) return base + at;
    const kept = Math.min(3, window.length);
    carried = Buffer.from(window.subarray(window.length - kept));
    base += window.length - kept;
  }
  return undefined;
}

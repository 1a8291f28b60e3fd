import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget, type Limits } from '../../core/index.ts';
import { centralEntry, u64, viewOf, type ZipEntry } from './records.ts';

const END_LENGTH = 22;
const LOCATOR_LENGTH = 20;
const END64_LENGTH = 56;
/** How far from the end loaders look for the end record: its own length and the longest comment. */
const LOADER_TAIL = END_LENGTH + 0xffff;
/** How far we look, so that an archive with something appended is still read. */
const OUR_TAIL = 1024 * 1024;
/** Signatures of an end record that are tried, the last first. */
const MAX_CANDIDATES = 64;

/** A contradiction in how the directory of an archive is found. */
export type ZipOddity =
  | { readonly kind: 'rivals' | 'end-apart' | 'no-entry' | 'part' | 'zip64' }
  | { readonly kind: 'count'; readonly counted: number; readonly listed: number };

/** The central directory of a zip archive, and the contradictions in how it is found. */
export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Of the directory. */
  readonly start: number;
  readonly end: number;
  /** The end records: zip64 record and locator where there are, the end record, its comment. */
  readonly records: readonly { readonly start: number; readonly end: number }[];
  /** The number of bytes before the archive, by which its offsets are shifted. */
  readonly prefix: number;
  /** Contradictions: loaders differ on such archives. */
  readonly oddities: readonly ZipOddity[];
}

/** Bytes that a directory holds while it is used: its own, and names as text and as bytes. */
export function directoryMemory({ start, end }: Pick<ZipDirectory, 'start' | 'end'>): number {
  return 3 * (end - start);
}

interface EndRecord {
  /** Where the directory should end. */
  readonly directoryEnd: number;
  readonly count: number;
  readonly size: number;
  readonly offset: number;
  readonly records: { start: number; end: number }[];
  readonly oddities: ZipOddity[];
}

/**
 * Finds the directory as loaders do (the last end record), and reads it whole.
 * @returns `undefined` when there is none
 * @param budget is charged `directoryMemory`
 * @throws AssayError `limit` (maxHeaderBytes, maxMembers, maxFileMemory), `malformed`, `truncated`.
 */
export async function readDirectory(
  source: ByteSource,
  limits: Limits,
  budget?: FileBudget,
): Promise<ZipDirectory | undefined> {
  for (const length of [LOADER_TAIL, OUR_TAIL]) {
    const from = Math.max(0, source.size - length);
    const tail = await source.read(from, source.size - from);
    const found: ZipDirectory[] = [];
    for (const at of signatures(tail)) {
      const directory = await directoryOf(source, from + at, { limits, budget, rival: found.length > 0 });
      if (directory !== undefined) found.push(directory);
    }
    const [chosen, ...others] = found;
    if (chosen !== undefined) return withRivals(chosen, others);
    if (from === 0) return undefined;
  }
  return undefined;
}

/** A directory that begins behind the chosen one's start is not a nested archive's: another loader may choose it. */
function withRivals(chosen: ZipDirectory, others: readonly ZipDirectory[]): ZipDirectory {
  if (!others.some((other) => other.start > chosen.start)) return chosen;
  return { ...chosen, oddities: [...chosen.oddities, { kind: 'rivals' }] };
}

function* signatures(tail: Uint8Array): Generator<number> {
  const buffer = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = buffer.length - END_LENGTH;
  for (let tried = 0; tried < MAX_CANDIDATES && at >= 0; tried++) {
    at = buffer.lastIndexOf('PK\x05\x06', at, 'latin1');
    if (at < 0) return;
    yield at;
    at--;
  }
}

async function directoryOf(
  source: ByteSource,
  endAt: number,
  { limits, budget, rival }: { limits: Limits; budget: FileBudget | undefined; rival: boolean },
): Promise<ZipDirectory | undefined> {
  const end = await endRecord(source, endAt);
  if (end === undefined) return undefined;
  const { directoryEnd, size, offset, count } = end;
  const oddities: ZipOddity[] = [...end.oddities];
  const shifted = directoryEnd - size;
  if (size === 0 && count === 0 && shifted >= 0 && offset <= endAt) {
    return { entries: [], start: shifted, end: shifted, records: end.records, prefix: shifted - offset, oddities };
  }
  const start = await firstWithEntry(source, [shifted, offset], size);
  if (start === undefined) return undefined;
  if (start + size !== directoryEnd) oddities.push({ kind: 'end-apart' });
  const prefix = start === shifted ? shifted - offset : 0;
  if (rival) return { entries: [], start, end: start + size, records: end.records, prefix, oddities };
  if (size > limits.maxHeaderBytes) {
    throw new AssayError('limit', `a zip directory of ${size} bytes (maxHeaderBytes)`, {
      subject: source.name,
      offset: start,
    });
  }
  budget?.hold(directoryMemory({ start, end: start + size }));
  const bytes = await source.read(start, size);
  const entries = parseEntries(bytes, prefix, limits, oddities, source.name);
  if (entries.length !== count) oddities.push({ kind: 'count', counted: count, listed: entries.length });
  return { entries, start, end: start + size, records: end.records, prefix, oddities };
}

function parseEntries(
  bytes: Uint8Array,
  prefix: number,
  limits: Limits,
  oddities: ZipOddity[],
  subject: string,
): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let next = centralEntry(bytes, at, prefix); next !== undefined; next = centralEntry(bytes, at, prefix)) {
    if (entries.length === limits.maxMembers) {
      throw new AssayError('limit', `more than ${limits.maxMembers} members (maxMembers)`, { subject });
    }
    entries.push(next.entry);
    at = next.next;
  }
  if (at < bytes.length) oddities.push({ kind: 'no-entry' });
  return entries;
}

/** The first place where a directory of `size` bytes fits and begins with an entry. */
async function firstWithEntry(
  source: ByteSource,
  places: readonly number[],
  size: number,
): Promise<number | undefined> {
  for (const place of places) {
    if (place < 0 || size < 4 || !Number.isSafeInteger(place + size) || place + size > source.size) continue;
    const head = source.readNow(place, 4) ?? (await source.read(place, 4));
    if (Buffer.from(head).toString('latin1') === 'PK\x01\x02') return place;
  }
  return undefined;
}

async function endRecord(source: ByteSource, at: number): Promise<EndRecord | undefined> {
  const view = viewOf(await source.read(at, END_LENGTH));
  const end = at + END_LENGTH + view.getUint16(20, true);
  if (end > source.size) return undefined;
  const oddities: ZipOddity[] = [];
  if (view.getUint16(4, true) !== view.getUint16(6, true)) oddities.push({ kind: 'part' });
  const short = { count: view.getUint16(10, true), size: view.getUint32(12, true), offset: view.getUint32(16, true) };
  const records = [{ start: at, end }];
  const wide = await end64(source, at);
  if (wide === undefined) return { ...short, directoryEnd: at, records, oddities };
  const agrees = (value: number, other: number, absent: number) => value === absent || value === other;
  if (
    !agrees(short.count, wide.count, 0xffff) ||
    !agrees(short.size, wide.size, 0xffffffff) ||
    !agrees(short.offset, wide.offset, 0xffffffff)
  ) {
    oddities.push({ kind: 'zip64' });
  }
  records.push({ start: wide.at, end: at });
  return { count: wide.count, size: wide.size, offset: wide.offset, directoryEnd: wide.at, records, oddities };
}

/** The zip64 end record that a locator in front of the end record leads to. */
async function end64(source: ByteSource, endAt: number) {
  const locatorAt = endAt - LOCATOR_LENGTH;
  if (locatorAt < END64_LENGTH) return undefined;
  const locator = viewOf(await source.read(locatorAt, LOCATOR_LENGTH));
  if (locator.getUint32(0, true) !== 0x07064b50) return undefined;
  for (const at of [locatorAt - END64_LENGTH, u64(locator, 8)]) {
    if (at + END64_LENGTH > locatorAt) continue;
    const view = viewOf(await source.read(at, END64_LENGTH));
    if (view.getUint32(0, true) !== 0x06064b50) continue;
    return { at, count: u64(view, 32), size: u64(view, 40), offset: u64(view, 48) };
  }
  return undefined;
}

import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type Limits } from '../../core/index.ts';
import { TAR_BLOCK, type TarHeader, tarHeader, tarText } from './header.ts';

export type TarKind = 'file' | 'folder' | 'symlink' | 'hardlink' | 'device' | 'sparse' | 'other';

/** One member, its long names and overrides applied. */
export interface TarMember {
  readonly name: string;
  readonly linkName: string;
  readonly kind: TarKind;
  /** Where its headers begin. */
  readonly start: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  /** Where the next member may begin. */
  readonly end: number;
}

/** Bytes of a long name or of one set of pax records. */
const MAX_RECORDS = 1024 * 1024;
const KINDS: Readonly<Record<string, TarKind>> = {
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '6': 'device',
  '5': 'folder',
  S: 'sparse',
};

interface Overrides {
  name?: string;
  linkName?: string;
  size?: number;
  sparse?: boolean;
}

/**
 * The members of a tar in order, up to a zero block or the end. Returns where it stopped.
 * @throws AssayError `malformed` where a block is not a header, `truncated`, `limit` (maxMembers, long records).
 */
export async function* readTar(source: ByteSource, limits: Limits): AsyncGenerator<TarMember, number> {
  let at = 0;
  let start = 0;
  let global: Overrides = {};
  let next: Overrides = {};
  for (let headers = 0; at + TAR_BLOCK <= source.size; headers++) {
    if (headers > limits.maxMembers * 3)
      throw new AssayError('limit', `more than ${limits.maxMembers} members (maxMembers)`);
    const block = source.readNow(at, TAR_BLOCK) ?? (await source.read(at, TAR_BLOCK));
    if (block[0] === 0 && block.every((byte) => byte === 0)) return at;
    const header = tarHeader(block);
    if (header === undefined)
      throw new AssayError('malformed', 'a tar header is broken', { subject: source.name, offset: at });
    const dataStart = at + TAR_BLOCK;
    if (
      header.type === 'L' ||
      header.type === 'K' ||
      header.type === 'x' ||
      header.type === 'g' ||
      header.type === 'X'
    ) {
      const records = await recordsOf(source, dataStart, header.size);
      if (header.type === 'L') next = { ...next, name: tarText(records, 0, records.length) };
      else if (header.type === 'K') next = { ...next, linkName: tarText(records, 0, records.length) };
      else if (header.type === 'g') global = { ...global, ...pax(records, source.name) };
      else next = { ...next, ...pax(records, source.name) };
      at = padded(dataStart + header.size);
      continue;
    }
    const member = memberOf(source, header, { ...global, ...next }, start, dataStart);
    yield member;
    next = {};
    at = start = member.end;
  }
  return at;
}

function memberOf(source: ByteSource, header: TarHeader, over: Overrides, start: number, dataStart: number): TarMember {
  const name = over.name ?? header.name;
  const named = KINDS[header.type] ?? 'other';
  // A file of old archives whose name ends like a folder's is one.
  const kind = over.sparse === true ? 'sparse' : named === 'file' && name.endsWith('/') ? 'folder' : named;
  const hasData = kind === 'file' || kind === 'sparse' || kind === 'other' || (kind === 'folder' && named === 'file');
  const size = hasData ? (over.size ?? header.size) : 0;
  const dataEnd = dataStart + size;
  if (!Number.isSafeInteger(dataEnd) || dataEnd > source.size) {
    throw new AssayError('truncated', 'a tar member reaches beyond the end of the archive', {
      subject: source.name,
      offset: dataStart,
    });
  }
  const linkName = over.linkName ?? header.linkName;
  return { name, linkName, kind, start, dataStart, dataEnd, end: Math.min(padded(dataEnd), source.size) };
}

function padded(offset: number): number {
  return Math.ceil(offset / TAR_BLOCK) * TAR_BLOCK;
}

async function recordsOf(source: ByteSource, at: number, size: number): Promise<Uint8Array> {
  if (size > MAX_RECORDS)
    throw new AssayError('limit', `a tar name or record of ${size} bytes`, { subject: source.name, offset: at });
  return source.readNow(at, size) ?? (await source.read(at, size));
}

/** Pax records: `length key=value\n`, the length in bytes and counting itself. */
function pax(bytes: Uint8Array, subject: string): Overrides {
  const over: Overrides = {};
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(32, at);
    const length = space < 0 || space - at > 8 ? Number.NaN : Number(tarText(bytes, at, space - at));
    if (
      !Number.isSafeInteger(length) ||
      length <= space - at + 1 ||
      at + length > bytes.length ||
      bytes[at + length - 1] !== 10
    ) {
      throw new AssayError('malformed', 'a tar record is broken', { subject, offset: at });
    }
    const record = tarText(bytes, space + 1, at + length - 1 - (space + 1));
    const equals = record.indexOf('=');
    apply(over, record.slice(0, equals), record.slice(equals + 1), subject);
    at += length;
  }
  return over;
}

function apply(over: Overrides, key: string, value: string, subject: string): void {
  if (key === 'path') over.name = value;
  else if (key === 'linkpath') over.linkName = value;
  else if (key.startsWith('GNU.sparse.')) over.sparse = true;
  else if (key === 'size') {
    const size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(size))
      throw new AssayError('malformed', 'a tar size record is not a number', { subject });
    over.size = size;
  }
}

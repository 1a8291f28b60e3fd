import { crc32 } from 'node:zlib';
import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { inflate } from './inflate.ts';

const MAGIC = 0x8b1f;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED = 0xe0;
/** Bytes of a name or a comment; gzip itself writes a file's name. */
const MAX_TEXT = 64 * 1024;
/** Units of work that a member costs besides its bytes. */
const MEMBER_WORK = 1_024;

/**
 * The members of a gzip file (RFC 1952), one after the other as its readers join them. Returns how many bytes they took.
 * @throws AssayError `truncated`, `malformed` (also a checksum or a length that is not the output's), `unsupported`, `limit`.
 */
export async function* gunzip(
  source: ByteSource,
  maxMembers: number,
  budget?: FileBudget,
): AsyncGenerator<Uint8Array, number> {
  let at = 0;
  for (let members = 0; at < source.size; members++) {
    if (members === maxMembers) throw new AssayError('limit', `more than ${maxMembers} gzip members (maxMembers)`);
    budget?.work(MEMBER_WORK);
    const start = await memberStart(source, at);
    if (start === undefined) break;
    let crc = 0;
    let size = 0;
    const body = inflate('raw', source, start, source.size);
    let step = await body.next();
    while (step.done !== true) {
      crc = crc32(step.value, crc);
      size += step.value.length;
      yield step.value;
      step = await body.next();
    }
    at = start + step.value;
    const trailer = new ByteReader(source, at, 8);
    await trailer.fill(8);
    if (trailer.u32() !== crc || trailer.u32() !== size % 2 ** 32) {
      throw new AssayError('malformed', 'the gzip checksum does not match the data', {
        subject: source.name,
        offset: at,
      });
    }
    at += 8;
  }
  return at;
}

/** Where a member's deflate stream begins; `undefined` where no further member does. */
async function memberStart(source: ByteSource, at: number): Promise<number | undefined> {
  const reader = new ByteReader(source, at, 1024);
  if (at > 0 && source.size - at < 10) return undefined;
  await reader.fill(10);
  const head = reader.bytes(10);
  const magic = (head[0] ?? 0) | ((head[1] ?? 0) << 8);
  if (magic !== MAGIC) {
    if (at > 0) return undefined;
    throw new AssayError('malformed', 'the gzip header is missing', { subject: source.name, offset: at });
  }
  const flags = head[3] ?? 0;
  if (head[2] !== 8 || (flags & RESERVED) !== 0) {
    throw new AssayError('unsupported', 'an unknown gzip method or flag', {
      subject: source.name,
      offset: at,
    });
  }
  if (flags & FEXTRA) {
    await reader.fill(2);
    const [low = 0, high = 0] = reader.bytes(2);
    reader.skip(low | (high << 8));
  }
  for (const flag of [FNAME, FCOMMENT]) if (flags & flag) await skipText(reader);
  if (flags & FHCRC) reader.skip(2);
  return reader.offset;
}

async function skipText(reader: ByteReader): Promise<void> {
  for (let length = 0; length < MAX_TEXT; ) {
    await reader.fill(1);
    const buffered = reader.buffered();
    const end = buffered.indexOf(0);
    reader.skip(end < 0 ? buffered.length : end + 1);
    if (end >= 0) return;
    length += buffered.length;
  }
  throw new AssayError('limit', `a gzip name has more than ${MAX_TEXT} bytes`, { offset: reader.offset });
}

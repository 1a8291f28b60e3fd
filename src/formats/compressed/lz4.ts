import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';

const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const HISTORY = 64 * 1024;
const STORED = 0x80000000;
/** Units of work that a frame and a block cost besides their bytes. */
const FRAME_WORK = 256;
const BLOCK_WORK = 32;

/**
 * LZ4 frames (lz4_Frame_format.md 1.6.4), one after the other. Returns how many bytes they took. Checksums are not compared:
 * a frame that fails them is scanned all the same.
 * @throws AssayError `truncated`, `malformed`, `unsupported` (legacy frames, dictionaries).
 */
export async function* unlz4(source: ByteSource, budget?: FileBudget): AsyncGenerator<Uint8Array, number> {
  const reader = new ByteReader(source);
  const room: Room = { buffer: new Uint8Array(0) };
  try {
    return yield* frames(source, reader, room, budget);
  } finally {
    budget?.release(room.buffer.length);
  }
}

/** What blocks are decoded into: one for all frames, as large as the largest needs. */
interface Room {
  buffer: Uint8Array;
}

async function* frames(
  source: ByteSource,
  reader: ByteReader,
  room: Room,
  budget: FileBudget | undefined,
): AsyncGenerator<Uint8Array, number> {
  while (reader.left >= 4) {
    await reader.fill(4);
    const start = reader.offset;
    const magic = reader.u32();
    if (magic >= SKIPPABLE && magic < SKIPPABLE + 16) {
      await reader.fill(4);
      reader.skip(reader.u32());
    } else if (magic === MAGIC) yield* frame(reader, room, budget);
    else if (start === 0) throw new AssayError('unsupported', 'not a current LZ4 frame', { subject: source.name });
    else return start;
  }
  return reader.offset;
}

async function* frame(
  reader: ByteReader,
  room: Room,
  budget: FileBudget | undefined,
): AsyncGenerator<Uint8Array, void> {
  budget?.work(FRAME_WORK);
  const { maxBlock, linked, blockChecksum, contentChecksum } = await descriptor(reader);
  // Linked blocks copy from the 64 KiB before them: the buffer keeps those in front of the block.
  // When a block does not fit, the kept bytes move to the front; this is rare.
  const needed = HISTORY + 2 * maxBlock;
  if (room.buffer.length < needed) {
    budget?.hold(needed - room.buffer.length);
    room.buffer = new Uint8Array(needed);
  }
  const { buffer } = room;
  let history = 0;
  for (;;) {
    await reader.fill(4);
    const word = reader.u32();
    if (word === 0) break;
    budget?.work(BLOCK_WORK);
    const length = word & 0x7fffffff;
    if (length > maxBlock)
      throw new AssayError('malformed', 'an LZ4 block longer than its frame allows', { offset: reader.offset });
    await reader.fill(length);
    const input = reader.bytes(length);
    let end = history;
    if (word >= STORED) {
      buffer.set(input, history);
      end += length;
    } else end = decodeBlock(input, buffer, history, history + maxBlock, reader.offset);
    if (end > history) yield buffer.slice(history, end);
    history = linked ? end : 0;
    if (history + maxBlock > buffer.length) {
      buffer.copyWithin(0, history - HISTORY, history);
      history = HISTORY;
    }
    if (blockChecksum) reader.skip(4);
  }
  if (contentChecksum) reader.skip(4);
}

async function descriptor(reader: ByteReader) {
  await reader.fill(3);
  const [flags = 0, sizes = 0] = reader.bytes(2);
  // 64 KiB, 256 KiB, 1 MiB, 4 MiB.
  const maxBlock = 256 * 4 ** ((sizes >> 4) & 7);
  if (flags >> 6 !== 1 || (flags & 1) !== 0 || maxBlock < HISTORY) {
    throw new AssayError('unsupported', 'an LZ4 frame of another version, or with a dictionary', {
      offset: reader.offset,
    });
  }
  if (flags & 8) reader.skip(8);
  reader.skip(1);
  return {
    maxBlock,
    linked: (flags & 32) === 0,
    blockChecksum: (flags & 16) !== 0,
    contentChecksum: (flags & 4) !== 0,
  };
}

/** Decodes a block into `out` from `start`, never past `limit`; matches reach back to 0. @returns the end of what was written. */
function decodeBlock(input: Uint8Array, out: Uint8Array, start: number, limit: number, offset: number): number {
  const broken = () => new AssayError('malformed', 'a broken LZ4 block', { offset });
  let from = 0;
  let to = start;
  const longer = (length: number): number => {
    let total = length;
    if (length !== 15) return total;
    for (;;) {
      const more = input[from++];
      if (more === undefined) throw broken();
      total += more;
      if (more !== 255) return total;
    }
  };
  while (from < input.length) {
    const token = input[from++] ?? 0;
    const literals = longer(token >> 4);
    if (from + literals > input.length || to + literals > limit) throw broken();
    out.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) return to;
    const distance = (input[from] ?? 0) | ((input[from + 1] ?? 0) << 8);
    from += 2;
    const length = longer(token & 15) + 4;
    if (from > input.length || distance === 0 || distance > to || to + length > limit) throw broken();
    copyMatch(out, to, distance, length);
    to += length;
  }
  return to;
}

/** A match may overlap what it writes: then its first `distance` bytes repeat. */
function copyMatch(out: Uint8Array, to: number, distance: number, length: number): void {
  let done = 0;
  let step = distance;
  while (done < length) {
    const n = Math.min(step, length - done);
    out.copyWithin(to + done, to - distance, to - distance + n);
    done += n;
    step += n;
  }
}

import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { startsWith } from '../format.ts';
import { u32be, u32le } from '../magic.ts';

/**
 * The end of a picture or sound by its own structure: later bytes are not part of it.
 * @returns `undefined` for formats whose structure does not say.
 * @throws AssayError `malformed`, `truncated`.
 */
export async function mediaEnd(source: ByteSource, formatId: string): Promise<number | undefined> {
  switch (formatId) {
    case 'png':
      return pngEnd(source);
    case 'gif':
      return gifEnd(source);
    case 'jpeg':
      return jpegEnd(source);
    case 'webp':
      return riffEnd(source);
    default:
      return undefined;
  }
}

/** Chunks of length, type, data and CRC until IEND. */
async function pngEnd(source: ByteSource): Promise<number> {
  const reader = new ByteReader(source, 8);
  for (;;) {
    if (!reader.has(8)) await reader.fill(8);
    const head = reader.bytes(8);
    const length = u32be(head, 0);
    for (let i = 4; i < 8; i++)
      if (!isLetter(head[i] ?? 0))
        throw new AssayError('malformed', 'a PNG chunk without a name', { offset: reader.offset });
    reader.skip(length + 4);
    if (startsWith(head, 'IEND', 4)) return reader.offset;
  }
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** Blocks until the trailer 0x3b; each is a list of sub-blocks that ends with an empty one. */
async function gifEnd(source: ByteSource): Promise<number> {
  const reader = new ByteReader(source, 6);
  await reader.fill(7);
  const screen = reader.bytes(7);
  reader.skip(colorTable(screen[4] ?? 0));
  for (;;) {
    await reader.fill(1);
    const kind = reader.u8();
    if (kind === 0x3b) return reader.offset;
    if (kind === 0x2c) {
      await reader.fill(9);
      reader.skip(colorTable(reader.bytes(9)[8] ?? 0) + 1);
    } else if (kind === 0x21) reader.skip(1);
    else throw new AssayError('malformed', `a GIF block of kind 0x${kind.toString(16)}`, { offset: reader.offset - 1 });
    await skipSubBlocks(reader);
  }
}

function colorTable(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

async function skipSubBlocks(reader: ByteReader): Promise<void> {
  for (;;) {
    if (!reader.has(1)) await reader.fill(1);
    const length = reader.u8();
    if (length === 0) return;
    reader.skip(length);
  }
}

/** Segments until a scan, then entropy-coded bytes until a marker that is not a restart, until EOI. */
async function jpegEnd(source: ByteSource): Promise<number> {
  const reader = new ByteReader(source, 2);
  for (;;) {
    if (!reader.has(2)) await reader.fill(2);
    if (reader.u8() !== 0xff)
      throw new AssayError('malformed', 'a JPEG segment without a marker', { offset: reader.offset - 1 });
    let marker = reader.u8();
    // A marker may be padded with any number of 0xff.
    while (marker === 0xff) {
      if (!reader.has(1)) await reader.fill(1);
      marker = reader.u8();
    }
    if (marker === 0xd9) return reader.offset;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    if (marker === 0) throw new AssayError('malformed', 'a JPEG marker of zero', { offset: reader.offset - 1 });
    await reader.fill(2);
    const length = reader.u16be();
    if (length < 2)
      throw new AssayError('malformed', `a JPEG segment of ${length} bytes`, { offset: reader.offset - 2 });
    reader.skip(length - 2);
    if (marker === 0xda) await skipEntropy(reader);
  }
}

/** To the next marker: 0xff followed by neither zero, a restart, nor another 0xff. */
async function skipEntropy(reader: ByteReader): Promise<void> {
  for (;;) {
    await reader.fill(2);
    const bytes = reader.buffered();
    let at = bytes.indexOf(0xff);
    while (at >= 0 && at + 1 < bytes.length) {
      const next = bytes[at + 1] ?? 0;
      if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) {
        reader.skip(at);
        return;
      }
      at = bytes.indexOf(0xff, at + 1);
    }
    // A lone 0xff at the buffer's end is looked at again with what follows it.
    reader.skip(at < 0 ? bytes.length : bytes.length - 1);
  }
}

async function riffEnd(source: ByteSource): Promise<number> {
  const head = source.readNow(0, 8) ?? (await source.read(0, 8));
  const length = u32le(head, 4);
  const end = 8 + length + (length & 1);
  if (8 + length > source.size)
    throw new AssayError('truncated', `RIFF data ends at byte ${8 + length}, but the file at byte ${source.size}`);
  return Math.min(end, source.size);
}

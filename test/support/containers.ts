import { readFileSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';
import { type ByteSource, MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../src/core/errors.ts';
import type { Limits } from '../../src/core/limits.ts';
import { identifyFormat, probeOf, UNKNOWN } from '../../src/formats/identify.ts';
import { ANY_LOADER } from '../../src/formats/pickle/loaders.ts';
import type { Scanner, ScanTarget } from '../../src/scan/scanner/scanner.ts';
import { type FakeContext, fakeContext } from './scan-context.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url);

export function fixture(path: string): MemorySource {
  return new MemorySource(readFileSync(new URL(path, FIXTURES)), path);
}

export function memory(bytes: Uint8Array, name = 'test'): MemorySource {
  return new MemorySource(bytes, name);
}

/** One member of a zip; a value for only the local header or only the directory contradicts the other. */
export interface Built {
  readonly name: string;
  readonly data: Uint8Array | string;
  readonly method?: number;
  /** The stored bytes, if they differ from what the method makes of the data. */
  readonly stored?: Uint8Array;
  readonly local?: Partial<Fields>;
  readonly central?: Partial<Fields>;
  readonly mode?: number;
  readonly extra?: Uint8Array;
  /** Bytes after the member that belong to no member. */
  readonly after?: Uint8Array;
  readonly unlisted?: boolean;
  /** Another offset in the directory entry. */
  readonly offset?: number;
}

interface Fields {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

/** A zip, valid or with the given defects. */
export function buildZip(
  members: readonly Built[],
  options: { prefix?: Uint8Array; suffix?: Uint8Array; comment?: string } = {},
): Buffer {
  const parts: Uint8Array[] = [options.prefix ?? new Uint8Array(0)];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const member of members) {
    const data = Buffer.from(member.data);
    const method = member.method ?? 0;
    const stored = member.stored ?? (method === 8 ? deflateRawSync(data) : data);
    const fields = {
      name: member.name,
      flags: 0,
      method,
      crc: crc32(data),
      compressed: stored.length,
      size: data.length,
    };
    const head = localHeader({ ...fields, ...member.local }, member.extra ?? new Uint8Array(0));
    if (member.unlisted !== true)
      directory.push(centralHeader({ ...fields, ...member.central }, member.offset ?? at, member.mode ?? 0));
    const after = member.after ?? new Uint8Array(0);
    parts.push(head, stored, after);
    at += head.length + stored.length + after.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(options.comment?.length ?? 0, 20);
  return Buffer.concat([
    ...parts,
    listed,
    end,
    Buffer.from(options.comment ?? ''),
    options.suffix ?? new Uint8Array(0),
  ]);
}

function localHeader(fields: Fields, extra: Uint8Array): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  common(head, 6, fields);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, Buffer.from(fields.name), extra]);
}

function centralHeader(fields: Fields, offset: number, mode: number): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE((3 << 8) | 20, 4);
  head.writeUInt16LE(20, 6);
  common(head, 8, fields);
  head.writeUInt32LE((mode << 16) >>> 0, 38);
  head.writeUInt32LE(offset, 42);
  return Buffer.concat([head, Buffer.from(fields.name)]);
}

function common(head: Buffer, at: number, { name, flags, method, crc, compressed, size }: Fields): void {
  head.writeUInt16LE(flags, at);
  head.writeUInt16LE(method, at + 2);
  head.writeUInt32LE(crc, at + 8);
  head.writeUInt32LE(compressed, at + 12);
  head.writeUInt32LE(size, at + 16);
  head.writeUInt16LE(Buffer.byteLength(name), at + 20);
}

/** Runs one scanner over a source, as the pipeline does: content errors become reasons. */
export async function scanWith(
  scanner: Scanner,
  source: ByteSource,
  options: { limits?: Partial<Limits>; distance?: ScanTarget['distance'] } = {},
): Promise<FakeContext> {
  const context = fakeContext(options.limits === undefined ? {} : { limits: options.limits });
  const format = identifyFormat(await probeOf(source)) ?? UNKNOWN;
  try {
    await scanner.scanFile(
      { source, format, file: 'file', depth: 0, loaders: ANY_LOADER, distance: options.distance ?? 'near' },
      context,
    );
  } catch (error) {
    if (!isContentError(error)) throw error;
    context.reasons.push(error.message);
  }
  return context;
}

/** A pickle that imports `os.system` and calls it with `true`. */
export const PAYLOAD = Buffer.from('\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.', 'latin1');

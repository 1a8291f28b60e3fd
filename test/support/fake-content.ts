import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Bytes that a fake server serves: real ones, or generated ones that exceed memory. */
export interface Content {
  readonly size: number;
  slice(start: number, end: number): Uint8Array;
}

export function contentOf(bytes: Uint8Array | string): Content {
  const buffer = Buffer.from(bytes);
  return { size: buffer.length, slice: (start, end) => buffer.subarray(start, end) };
}

export function sha256Of(content: Content): string {
  const hash = createHash('sha256');
  for (let at = 0; at < content.size; at += 1 << 20)
    hash.update(content.slice(at, Math.min(at + (1 << 20), content.size)));
  return hash.digest('hex');
}

export function gitSha1Of(content: Content): string {
  const hash = createHash('sha1').update(`blob ${content.size}\0`);
  return hash.update(content.slice(0, content.size)).digest('hex');
}

/** Real bytes at some offsets, zeros everywhere else. */
export function sparse(parts: readonly { at: number; bytes: Uint8Array }[], size: number): Content {
  return {
    size,
    slice(start, end) {
      const out = new Uint8Array(end - start);
      for (const { at, bytes } of parts) {
        const from = Math.max(at, start);
        const to = Math.min(at + bytes.length, end);
        if (from < to) out.set(bytes.subarray(from - at, to - at), from - start);
      }
      return out;
    },
  };
}

/**
 * A PyTorch checkpoint as `torch.save` lays it out: a zip64 whose directory, headers, checksums and `data.pkl` are real and
 * whose storages are zeros.
 * @param storages bytes of each storage, a multiple of 2 (float16)
 * @param pickle bytes of `data.pkl` in place of a state_dict of those storages
 */
export function torchZip(storages: readonly number[], pickle: Uint8Array = stateDict(storages)): Content {
  const members = [
    { name: 'archive/data.pkl', size: pickle.length, crc: crc32(pickle), bytes: pickle },
    { name: 'archive/byteorder', size: 6, crc: crc32('little'), bytes: Buffer.from('little') },
    ...storages.map((size, index) => ({
      name: `archive/data/${index}`,
      size,
      crc: crcOfZeros(size),
      bytes: undefined,
    })),
    { name: 'archive/version', size: 2, crc: crc32('3\n'), bytes: Buffer.from('3\n') },
  ];
  const parts: { at: number; bytes: Uint8Array }[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    // PyTorch starts every member at a multiple of 64, by an extra field "FB".
    const padding = 64 - ((at + 30 + name.length + 4) % 64);
    const header = Buffer.alloc(30 + name.length + 4 + padding, 0x5a);
    header.writeUInt32LE(0x04034b50, 0);
    writeCommon(header, 4, member.crc, member.size);
    header.writeUInt16LE(name.length, 26);
    header.writeUInt16LE(4 + padding, 28);
    name.copy(header, 30);
    header.write('FB', 30 + name.length);
    header.writeUInt16LE(padding, 32 + name.length);
    parts.push({ at, bytes: header });
    directory.push(directoryEntry(name, member.crc, member.size, at));
    at += header.length;
    if (member.bytes !== undefined) parts.push({ at, bytes: member.bytes });
    at += member.size;
  }
  const tail = Buffer.concat([...directory, endRecords(members.length, at, Buffer.concat(directory).length)]);
  parts.push({ at, bytes: tail });
  return sparse(parts, at + tail.length);
}

/** Version, flags (UTF-8 names), method 0, time, date, CRC and both sizes: alike in both headers. */
function writeCommon(buffer: Buffer, at: number, crc: number, size: number): void {
  buffer.writeUInt16LE(0, at);
  buffer.writeUInt16LE(0x0800, at + 2);
  buffer.writeUInt16LE(0, at + 4);
  buffer.writeUInt32LE(0, at + 6);
  buffer.writeUInt32LE(crc, at + 10);
  buffer.writeUInt32LE(size, at + 14);
  buffer.writeUInt32LE(size, at + 18);
}

function directoryEntry(name: Buffer, crc: number, size: number, offset: number): Buffer {
  const zip64 = offset >= 0xffffffff;
  const entry = Buffer.alloc(46 + name.length + (zip64 ? 12 : 0));
  entry.writeUInt32LE(0x02014b50, 0);
  writeCommon(entry, 6, crc, size);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(zip64 ? 12 : 0, 30);
  entry.writeUInt32LE(zip64 ? 0xffffffff : offset, 42);
  name.copy(entry, 46);
  if (zip64) {
    entry.writeUInt16LE(1, 46 + name.length);
    entry.writeUInt16LE(8, 48 + name.length);
    entry.writeBigUInt64LE(BigInt(offset), 50 + name.length);
  }
  return entry;
}

function endRecords(count: number, start: number, size: number): Buffer {
  const end = Buffer.alloc(56 + 20 + 22);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + size), 64);
  end.writeUInt32LE(1, 72);
  end.writeUInt32LE(0x06054b50, 76);
  end.writeUInt16LE(Math.min(count, 0xffff), 84);
  end.writeUInt16LE(Math.min(count, 0xffff), 86);
  end.writeUInt32LE(size, 88);
  end.writeUInt32LE(Math.min(start, 0xffffffff), 92);
  return end;
}

const zeros = Buffer.alloc(1 << 20);
const crcs = new Map<number, number>();

function crcOfZeros(size: number): number {
  let crc = crcs.get(size);
  if (crc === undefined) {
    crc = 0;
    for (let left = size; left > 0; left -= zeros.length)
      crc = crc32(zeros.subarray(0, Math.min(left, zeros.length)), crc);
    crcs.set(size, crc);
  }
  return crc;
}

/** The pickle of `{"w0": float16 tensor, ...}` as torch writes it: `_rebuild_tensor_v2` over storages named by persistent id. */
function stateDict(storages: readonly number[]): Uint8Array {
  const out: Uint8Array[] = [Buffer.from('\x80\x02}q\x00(', 'latin1')];
  storages.forEach((size, index) => {
    const count = size / 2;
    out.push(text(`w${index}`), Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n(('));
    out.push(text('storage'), Buffer.from('ctorch\nHalfStorage\n'), text(String(index)), text('cpu'), int(count));
    out.push(
      Buffer.from('tQ'),
      int(0),
      int(count),
      Buffer.from('\x85', 'latin1'),
      int(1),
      Buffer.from('\x85\x89', 'latin1'),
    );
    out.push(Buffer.from('ccollections\nOrderedDict\n)RtR'));
  });
  out.push(Buffer.from('u.'));
  return Buffer.concat(out);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.from('X\0\0\0\0');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(0x8a, 0);
  bytes.writeUInt8(8, 1);
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
}

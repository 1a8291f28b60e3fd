import type { Format, Probe } from '../format.ts';

export const TAR_BLOCK = 512;

/** One header block (POSIX.1-2001 ustar, and GNU's). */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  readonly size: number;
  /** The type flag as a character; `0` for the NUL of old archives. */
  readonly type: string;
  readonly ustar: boolean;
}

/** The header in a block; `undefined` when the checksum does not fit, or a number is not valid. */
export function tarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.length < TAR_BLOCK || number(block, 148, 8) !== checksum(block)) return undefined;
  const size = number(block, 124, 12);
  if (size === undefined || !Number.isSafeInteger(size)) return undefined;
  const magic = tarText(block, 257, 6);
  // GNU keeps times where POSIX keeps the front of a long name.
  const prefix = magic === 'ustar' ? tarText(block, 345, 155) : '';
  const name = tarText(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: tarText(block, 157, 100),
    size,
    type: tarText(block, 156, 1) || '0',
    ustar: magic.startsWith('ustar'),
  };
}

/** The sum of the block's bytes with the checksum's own taken as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < TAR_BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (block[i] ?? 0);
  return sum;
}

/** Octal digits; or, with the top bit set, a big-endian number (GNU). `undefined` for anything else. */
function number(block: Uint8Array, at: number, length: number): number | undefined {
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f;
    if (value === 0x7f) return undefined;
    for (let i = 1; i < length; i++) value = value * 256 + (block[at + i] ?? 0);
    return value;
  }
  const digits = tarText(block, at, length).trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Text up to the first NUL. UTF-8, or else a character a byte. */
export function tarText(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  const used = end < 0 ? field : field.subarray(0, end);
  try {
    return UTF8.decode(used);
  } catch {
    return Buffer.from(used).toString('latin1');
  }
}

/** A tar is told by its first header's checksum, with or without the later magic. */
export const TAR: Format = {
  id: 'tar',
  title: 'tar archive',
  extensions: ['.tar'],
  identify({ head }: Probe): boolean {
    if (head.length < TAR_BLOCK || head[0] === 0) return false;
    const header = tarHeader(head.subarray(0, TAR_BLOCK));
    return header !== undefined && (header.ustar || /^[0-7]$/.test(header.type));
  },
};

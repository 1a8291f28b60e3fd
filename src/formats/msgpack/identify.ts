import type { Probe } from '../format.ts';

/** Bytes of an object's head and of what follows it; `items` values follow (twice as many for a map). */
interface Head {
  readonly length: number;
  readonly items: number;
}

/**
 * Whether the bytes are plausible MessagePack: a map with a text key, or one extension value that fills the file. Checks the
 * head only; an error within it means no.
 */
export function looksLikeMsgpack({ head, size }: Probe): boolean {
  const first = head[0] ?? 0;
  if (first >= 0xc7 && first <= 0xc9) return headAt(head, 0)?.length === size;
  const isMap = (first > 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf;
  return isMap && keyIsText(head, first) && walks(head, size);
}

function keyIsText(head: Uint8Array, first: number): boolean {
  const at = first === 0xde ? 3 : first === 0xdf ? 5 : 1;
  const tag = head[at] ?? 0;
  const [start, length] =
    tag > 0xa0 && tag <= 0xbf ? [at + 1, tag & 0x1f] : tag === 0xd9 ? [at + 2, head[at + 1] ?? 0] : [0, 0];
  if (length === 0) return false;
  const key = head.subarray(start, start + length);
  return key.length > 0 && key.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function walks(head: Uint8Array, size: number): boolean {
  let at = 0;
  let left = 1;
  while (left > 0 && at < head.length) {
    const item = headAt(head, at);
    if (item === undefined || at + item.length > size) return false;
    left += item.items - 1;
    if (left > size) return false;
    at += item.length;
  }
  return left > 0 ? at < size || head.length < size : at === size;
}

/** `undefined` for the one tag that no value has. Multi-byte lengths that the head cuts off read as zeros. */
function headAt(bytes: Uint8Array, at: number): Head | undefined {
  const tag = bytes[at] ?? 0xc1;
  const uint = (width: number) => {
    let value = 0;
    for (let i = 1; i <= width; i++) value = value * 256 + (bytes[at + i] ?? 0);
    return value;
  };
  if (tag <= 0x7f || tag >= 0xe0) return { length: 1, items: 0 };
  if (tag <= 0x8f) return { length: 1, items: 2 * (tag & 0x0f) };
  if (tag <= 0x9f) return { length: 1, items: tag & 0x0f };
  if (tag <= 0xbf) return { length: 1 + (tag & 0x1f), items: 0 };
  if (tag === 0xc1) return undefined;
  if (tag <= 0xc3) return { length: 1, items: 0 };
  if (tag <= 0xc6) return { length: 1 + (1 << (tag - 0xc4)) + uint(1 << (tag - 0xc4)), items: 0 };
  if (tag <= 0xc9) return { length: 2 + (1 << (tag - 0xc7)) + uint(1 << (tag - 0xc7)), items: 0 };
  if (tag <= 0xd3) return { length: 1 + (FIXED[tag - 0xca] ?? 0), items: 0 };
  if (tag <= 0xd8) return { length: 2 + (1 << (tag - 0xd4)), items: 0 };
  if (tag <= 0xdb) return { length: 1 + (1 << (tag - 0xd9)) + uint(1 << (tag - 0xd9)), items: 0 };
  const width = tag % 2 === 0 ? 2 : 4;
  return { length: 1 + width, items: uint(width) * (tag >= 0xde ? 2 : 1) };
}

/** Bytes after the tags of floats and integers, 0xca to 0xd3. */
const FIXED = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

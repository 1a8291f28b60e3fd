import type { Hdf5Cursor } from './cursor.ts';
import type { TextPadding } from './datatype.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws AssayError `malformed` for what is not UTF-8 */
export function decodeText(bytes: Uint8Array, owner: Hdf5Cursor): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw owner.wrong('holds a text that is not UTF-8');
  }
}

/** A text of a fixed length without its padding. @throws AssayError `malformed` where text follows the padding */
export function fixedText(bytes: Uint8Array, padding: TextPadding, owner: Hdf5Cursor): string {
  const filler = padding === 'spaces' ? 0x20 : 0;
  const end = bytes.findLastIndex((byte) => byte !== filler) + 1;
  const text = bytes.subarray(0, end);
  // Programs differ on whether a text ends at its first zero.
  if (text.includes(0)) throw owner.wrong('holds a text with a zero within');
  return decodeText(text, owner);
}

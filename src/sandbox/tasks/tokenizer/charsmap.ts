import { AssayError } from '../../../core/index.ts';

/** Bytes of a cluster of characters that is looked up as a whole, in the `tokenizers` library. */
const WHOLE_CLUSTER = 6;
const UTF8 = new TextEncoder();
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const CLUSTERS = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * The map of characters of SentencePiece (`precompiled_charsmap`), applied as the `tokenizers` library applies it: a short cluster is looked
 * up as a whole, else each of its characters; what the map does not have stays as it is.
 * @throws AssayError `malformed`
 */
export function charsmapNormalizer(base64: string): (text: string) => string {
  const bytes = Buffer.from(base64, 'base64');
  const trieBytes = bytes.length < 4 ? -1 : bytes.readUInt32LE(0);
  if (trieBytes < 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length)
    throw new AssayError('malformed', 'has a map of characters that is not one of SentencePiece');
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const texts = bytes.subarray(4 + trieBytes);
  const known = new Map<string, string | undefined>();
  const lookUp = (chunk: string): string | undefined => {
    if (!known.has(chunk)) known.set(chunk, textAt(texts, firstPrefix(units, UTF8.encode(chunk))));
    return known.get(chunk);
  };
  return (text) => {
    let result = '';
    for (const { segment } of CLUSTERS.segment(text)) {
      const whole = UTF8.encode(segment).length < WHOLE_CLUSTER ? lookUp(segment) : undefined;
      if (whole !== undefined) result += whole;
      else for (const character of segment) result += lookUp(character) ?? character;
    }
    return result;
  };
}

/** The value of the shortest entry that a key starts with, in a double-array trie (Darts-clone). */
function firstPrefix(units: Uint32Array, key: Uint8Array): number | undefined {
  let at = offsetOf(units[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    at = (at ^ byte) >>> 0;
    const unit = units[at];
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
    at = (at ^ offsetOf(unit)) >>> 0;
    if ((unit & 0x100) !== 0) {
      const value = units[at];
      return value === undefined ? undefined : value & 0x7fffffff;
    }
  }
  return undefined;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** The text that starts at an offset, and ends with NUL. */
function textAt(texts: Uint8Array, start: number | undefined): string | undefined {
  if (start === undefined) return undefined;
  const end = texts.indexOf(0, start);
  if (start > texts.length || end < 0)
    throw new AssayError('malformed', 'has a map of characters whose values are outside of it');
  return TEXT.decode(texts.subarray(start, end));
}

import { AssayError } from '../../core/index.ts';

const BACKSLASH = 0x5c;
const LONGEST = 4;
const SIMPLE: ReadonlyMap<number, readonly number[]> = new Map(
  Object.entries({
    '\\': [0x5c],
    "'": [0x27],
    '"': [0x22],
    a: [7],
    b: [8],
    t: [9],
    n: [10],
    v: [11],
    f: [12],
    r: [13],
  }).map(([letter, bytes]) => [letter.charCodeAt(0), bytes]),
);

/**
 * The bytes of a STRING instruction: quoted, with escapes as `repr` of Python 2 writes them.
 * @param pieces the line, quotes included
 * @throws AssayError `malformed` for escapes that Python 2 does not write
 */
export async function* quotedBytes(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let carried: Uint8Array = new Uint8Array(0);
  let first = true;
  for await (const piece of pieces) {
    const joined = Buffer.concat([carried, piece]);
    // Blanks around the quotes are not part of the text.
    const content: Uint8Array = first ? trimmedStart(joined).subarray(1) : joined;
    first = false;
    const { out, used } = withoutEscapes(content, content.length - LONGEST, name);
    carried = Buffer.from(content.subarray(used));
    yield out;
  }
  const end = Buffer.from(trimmedEnd(carried));
  const last = end.subarray(0, end.length - 1);
  const { out, used } = withoutEscapes(last, last.length, name);
  if (used !== last.length) throw broken(name);
  yield out;
}

/** Decodes escapes that begin before `limit`. */
function withoutEscapes(bytes: Uint8Array, limit: number, name: string): { out: Uint8Array; used: number } {
  const out = Buffer.allocUnsafeSlow(bytes.length);
  let written = 0;
  let at = 0;
  while (at < limit) {
    const byte = bytes[at] ?? 0;
    if (byte !== BACKSLASH) {
      out[written++] = byte;
      at++;
      continue;
    }
    const { value, length } = escapeAt(bytes, at + 1, name);
    out[written++] = value;
    at += 1 + length;
  }
  return { out: out.subarray(0, written), used: Math.max(0, at) };
}

/** `\xhh` and the escapes of one letter: `repr` writes no other. */
function escapeAt(bytes: Uint8Array, at: number, name: string): { value: number; length: number } {
  const simple = SIMPLE.get(bytes[at] ?? 0);
  if (simple !== undefined) return { value: simple[0] ?? 0, length: 1 };
  const digits = String.fromCharCode(...bytes.subarray(at, at + 3));
  if (!/^x[0-9a-fA-F]{2}$/.test(digits)) throw broken(name);
  return { value: Number.parseInt(digits.slice(1), 16), length: 3 };
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);
}

function trimmedStart(bytes: Buffer): Buffer {
  let start = 0;
  while (isBlank(bytes[start])) start++;
  return bytes.subarray(start);
}

function trimmedEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && isBlank(bytes[end - 1])) end--;
  return bytes.subarray(0, end);
}

function broken(name: string): AssayError {
  return new AssayError('malformed', 'a text has an escape that Python does not write', { subject: name });
}

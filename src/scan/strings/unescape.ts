const BACKSLASH = 0x5c;
const NONE = { size: 0, code: 0 } as const;

/** A text with its escapes replaced by the characters that they stand for. */
export interface Unescaped {
  readonly bytes: Buffer;
  /** The place in the original of a character. */
  originOf(at: number): number;
}

/**
 * Replaces `\uXXXX`, `\xXX` and `\/` of JSON, Python and JavaScript where they stand for printable ASCII: a name that is written
 * so reads the same to the program, and not to a search. `undefined` where there is nothing to replace.
 */
export function withoutEscapes(bytes: Uint8Array): Unescaped | undefined {
  const first = nextEscape(bytes, 0);
  if (first < 0) return undefined;
  const out = Buffer.allocUnsafe(bytes.length);
  /** Places in the result after which more bytes were left out, and the places in the original. */
  const marks: { readonly at: number; readonly origin: number }[] = [];
  let length = 0;
  let from = 0;
  for (let at = first; at >= 0; at = nextEscape(bytes, from)) {
    out.set(bytes.subarray(from, at), length);
    length += at - from;
    const { size, code } = escapeAt(bytes, at);
    out[length] = code;
    from = at + size;
    marks.push({ at: length, origin: at });
    length++;
    marks.push({ at: length, origin: from });
  }
  out.set(bytes.subarray(from), length);
  return {
    bytes: out.subarray(0, length + bytes.length - from),
    originOf: (at) => {
      let [low, high] = [0, marks.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((marks[middle]?.at ?? 0) <= at) low = middle + 1;
        else high = middle;
      }
      const mark = marks[low - 1];
      return mark === undefined ? at : mark.origin + (at - mark.at);
    },
  };
}

function nextEscape(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(BACKSLASH, from); at >= 0; ) {
    if (escapeAt(bytes, at).size > 0) return at;
    at = bytes.indexOf(BACKSLASH, at + 1);
  }
  return -1;
}

/** Bytes of the escape at a backslash, and what it stands for; 0 bytes for none of these. */
function escapeAt(bytes: Uint8Array, at: number): { readonly size: number; readonly code: number } {
  const kind = bytes[at + 1];
  // A text in a text: its backslashes are escaped.
  if (kind === BACKSLASH) {
    const inner = bytes[at + 2] === BACKSLASH || bytes[at + 2] === 0x2f ? undefined : escapeAt(bytes, at + 1);
    return inner === undefined || inner.size === 0 ? NONE : { size: inner.size + 1, code: inner.code };
  }
  if (kind === 0x2f) return { size: 2, code: 0x2f };
  if (kind === 0x78) return printable(4, hexOf(bytes, at + 2));
  if (kind === 0x75 && bytes[at + 2] === 0x30 && bytes[at + 3] === 0x30) return printable(6, hexOf(bytes, at + 4));
  return NONE;
}

function printable(size: number, code: number): { readonly size: number; readonly code: number } {
  return code >= 0x20 && code < 0x7f ? { size, code } : NONE;
}

function hexOf(bytes: Uint8Array, at: number): number {
  const [high, low] = [digitOf(bytes[at] ?? 0), digitOf(bytes[at + 1] ?? 0)];
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

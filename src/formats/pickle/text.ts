import { layoutAt } from './opcodes.ts';

const utf8 = new TextDecoder('utf-8');

/** Bytes as CPython's `utf-8` with `surrogatepass` reads them: a lone surrogate is three bytes of its own. */
export function decodeUtf8(bytes: Uint8Array): string {
  let ascii = true;
  let surrogate = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80) ascii = false;
    if (byte === 0xed && (bytes[i + 1] ?? 0) >= 0xa0) surrogate = true;
  }
  if (ascii) return latin1(bytes);
  // A shared buffer cannot be decoded in place; and a byte order mark is part of the name.
  if (!surrogate) return bytes[0] === 0xef ? decodeWithMark(bytes) : utf8.decode(Uint8Array.from(bytes));
  return decodeSurrogates(bytes);
}

function decodeWithMark(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

function decodeSurrogates(bytes: Uint8Array): string {
  let text = '';
  let from = 0;
  for (let i = 0; i + 2 < bytes.length; i++) {
    const second = bytes[i + 1] ?? 0;
    if (bytes[i] !== 0xed || second < 0xa0) continue;
    text += utf8.decode(Uint8Array.from(bytes.subarray(from, i)));
    text += String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | ((bytes[i + 2] ?? 0) & 0x3f));
    from = i + 3;
    i += 2;
  }
  return text + utf8.decode(Uint8Array.from(bytes.subarray(from)));
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** `raw-unicode-escape`: a `\u` or `\U` counts only after an odd number of backslashes. Malformed escapes stay as they are. */
export function decodeRawUnicodeEscape(bytes: Uint8Array): string {
  return latin1(bytes).replace(/\\+(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})?/g, (match) => {
    const found = /[uU]([0-9a-fA-F]+)$/.exec(match);
    if (found?.[1] === undefined) return match;
    const slashes = match.length - found[0].length;
    const point = Number.parseInt(found[1], 16);
    if (slashes % 2 === 0 || point > 0x10ffff) return match;
    return match.slice(0, slashes - 1) + codePoint(point);
  });
}

function codePoint(point: number): string {
  return point >= 0xd800 && point < 0xe000 ? String.fromCharCode(point) : String.fromCodePoint(point);
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The operand of STRING: quoted, with the escapes of `codecs.escape_decode`; an unknown escape keeps its backslash. */
export function decodeQuoted(bytes: Uint8Array): string {
  const line = latin1(bytes).trim();
  const quoted = line.length >= 2 && (line[0] === "'" || line[0] === '"') && line.at(-1) === line[0];
  const body = quoted ? line.slice(1, -1) : line;
  return body.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])/g, (match, code: string) => {
    if (code.length === 3 && code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return SIMPLE_ESCAPES[code] ?? match;
  });
}

/** The text that the string instruction at the start of `bytes` pushes; `undefined` when `bytes` ends before it does. */
export function spelledText(bytes: Uint8Array): string | undefined {
  const layout = layoutAt(bytes, 0);
  if (layout.kind !== 'whole' || layout.end > bytes.length || !layout.opcode.text) return undefined;
  const line = layout.opcode.operand === 'line';
  const content = bytes.subarray(layout.operand, line ? layout.end - 1 : layout.end);
  switch (layout.opcode.name) {
    case 'UNICODE':
      return decodeRawUnicodeEscape(content);
    case 'STRING':
      return decodeQuoted(content);
    case 'PERSID':
    case 'BINSTRING':
    case 'SHORT_BINSTRING':
      return latin1(content);
    default:
      return decodeUtf8(content);
  }
}

/** Where the content of a string lies. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** The extent of the string instruction at the start of `bytes`, which stands at offset `ref`. */
export function extentAt(bytes: Uint8Array, ref: number): Extent | undefined {
  const layout = layoutAt(bytes, 0);
  if (layout.kind !== 'whole') return undefined;
  return { start: ref + layout.operand, length: layout.end - layout.operand };
}

import { AssayError } from './errors.ts';

export interface JsonBounds {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Commas, brackets and braces outside strings: no value is parsed without one of them. */
  readonly maxTokens: number;
}

export const DOCUMENT_BOUNDS: JsonBounds = { maxBytes: 64 * 1024 * 1024, maxDepth: 64, maxTokens: 4_000_000 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Parses a whole JSON document from an untrusted author. Its cost is bounded before anything is built.
 * @param name for messages
 * @throws AssayError `limit`, `malformed` (not UTF-8, not JSON).
 */
export function parseBoundedJson(bytes: Uint8Array, name: string, bounds: JsonBounds = DOCUMENT_BOUNDS): unknown {
  return parse(bytes, name, bounds).json;
}

/** `named`: how many properties the text writes, the repeated ones included. */
function parse(
  bytes: Uint8Array,
  name: string,
  bounds: JsonBounds,
): { readonly json: unknown; readonly named: number } {
  if (bytes.length > bounds.maxBytes) throw limit(name, `more than ${bounds.maxBytes} bytes`);
  const named = countTokens(bytes, name, bounds);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AssayError('malformed', 'is not UTF-8', { subject: name, cause });
  }
  try {
    return { json: JSON.parse(text), named };
  } catch (cause) {
    throw new AssayError('malformed', 'is not JSON', { subject: name, cause });
  }
}

/**
 * The same for a document that is signed: one that names a property twice is refused (RFC 8259, section 4), since parsers
 * differ on which of the two they use, and so on the signed content.
 * @throws AssayError `limit`, `malformed`
 */
export function parseSignedJson(bytes: Uint8Array, name: string, bounds: JsonBounds = DOCUMENT_BOUNDS): unknown {
  const { json, named } = parse(bytes, name, bounds);
  // One of two duplicate properties remains.
  if (propertiesOf(json) === named) return json;
  const key = repeatedKey(bytes) ?? '';
  throw new AssayError('malformed', `names ${JSON.stringify(key.slice(0, 100))} twice in one object`, {
    subject: name,
  });
}

/** No deeper than the bounds of what was parsed. */
function propertiesOf(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0;
  let count = 0;
  if (Array.isArray(json)) {
    for (const item of json) count += propertiesOf(item);
    return count;
  }
  for (const value of Object.values(json)) count += 1 + propertiesOf(value);
  return count;
}

/** A property that some object of a JSON document has twice, however it is written. The document was parsed before. */
function repeatedKey(bytes: Uint8Array): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let [from, to] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      from = at;
      at = endOfString(bytes, at + 1);
      to = at + 1;
    } else if (byte === OPEN_OBJECT) open.push(new Set());
    else if (byte === OPEN_ARRAY) open.push(undefined);
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) open.pop();
    else if (byte === COLON) {
      const written = text.toString('utf8', from + 1, to - 1);
      const key: string = written.includes('\\') ? JSON.parse(`"${written}"`) : written;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** @returns colons outside strings: each property has one */
function countTokens(bytes: Uint8Array, name: string, bounds: JsonBounds): number {
  let depth = 0;
  let tokens = 0;
  let colons = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      at = endOfString(bytes, at + 1);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
    else if (byte !== COMMA) {
      if (byte === COLON) colons++;
      continue;
    }
    if (depth > bounds.maxDepth) throw limit(name, `values more than ${bounds.maxDepth} deep`);
    if (++tokens > bounds.maxTokens) throw limit(name, `more than ${bounds.maxTokens} values`);
  }
  return colons;
}

/** Offset of the quote that ends the string; the end of the bytes when none does. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === BACKSLASH && at - 1 - slashes >= from) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return bytes.length;
}

function limit(name: string, what: string): AssayError {
  return new AssayError('limit', `the document has ${what}`, { subject: name });
}

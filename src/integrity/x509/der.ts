/** One element of DER (X.690), read strictly: each value has one encoding, so that two readers cannot see different things. */
export interface Der {
  /** The identifier octet. */
  readonly tag: number;
  readonly value: Buffer;
  /** Of a constructed element. */
  readonly children: readonly Der[];
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
} as const;

const CONSTRUCTED = 0x20;
const CONTEXT = 0x80;
/** Deeper than any certificate. */
const MAX_DEPTH = 32;

/** Reads one element and nothing after it. */
export function readDer(bytes: Buffer): Der {
  const { element, end } = readElement(bytes, 0, 0);
  if (end !== bytes.length) throw new Error('bytes after the end');
  return element;
}

function readElement(bytes: Buffer, at: number, depth: number): { element: Der; end: number } {
  if (depth > MAX_DEPTH) throw new Error('nested too deep');
  const tag = bytes.readUInt8(at);
  if ((tag & 0x1f) === 0x1f) throw new Error('a tag of several bytes');
  const { length, start } = readLength(bytes, at + 1);
  const end = start + length;
  if (end > bytes.length) throw new Error('an element that ends beyond its bytes');
  const value = bytes.subarray(start, end);
  return { element: { tag, value, children: tag & CONSTRUCTED ? readChildren(value, depth + 1) : [] }, end };
}

function readLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes.readUInt8(at);
  if (first < 0x80) return { length: first, start: at + 1 };
  const size = first - 0x80;
  if (size === 0 || size > 4) throw new Error('an invalid length');
  const length = bytes.readUIntBE(at + 1, size);
  if (length < 0x80 || length < 256 ** (size - 1)) throw new Error('a length in more bytes than it needs');
  return { length, start: at + 1 + size };
}

function readChildren(value: Buffer, depth: number): Der[] {
  const children: Der[] = [];
  for (let at = 0; at < value.length; ) {
    const { element, end } = readElement(value, at, depth);
    children.push(element);
    at = end;
  }
  return children;
}

/** @throws Error when there is no such element. */
export function child(element: Der, index: number): Der {
  const found = element.children[index];
  if (found === undefined) throw new Error(`no element ${index}`);
  return found;
}

/** Whether an element has a tag of the context, `[number]`. */
export function isContext({ tag }: Der, number: number): boolean {
  return (tag & ~CONSTRUCTED) === (CONTEXT | number);
}

/** The encoded object identifier, in hex: compared exactly, where numbers could overflow. */
export function oidOf(element: Der): string {
  return contentOf(element, TAG.oid).toString('hex');
}

export function booleanOf(element: Der): boolean {
  const [byte, ...others] = contentOf(element, TAG.boolean);
  if ((byte !== 0 && byte !== 0xff) || others.length > 0) throw new Error('an invalid boolean');
  return byte === 0xff;
}

/** A small integer that is not negative. */
export function derInteger(element: Der): number {
  const value = contentOf(element, TAG.integer);
  if (value.length === 0 || value.length > 4 || value.readUInt8(0) > 0x7f) throw new Error('an integer out of range');
  return value.readUIntBE(0, value.length);
}

/** A bit of a bit string, counted from the first; `false` beyond its end. */
export function bitOf(element: Der, index: number): boolean {
  const value = contentOf(element, TAG.bitString);
  if (value.readUInt8(0) > 7) throw new Error('an invalid bit string');
  return ((value[1 + (index >> 3)] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

export function octetsOf(element: Der): Buffer {
  return contentOf(element, TAG.octetString);
}

function contentOf({ tag, value }: Der, expected: number): Buffer {
  if (tag !== expected) throw new Error(`tag ${tag} instead of ${expected}`);
  return value;
}

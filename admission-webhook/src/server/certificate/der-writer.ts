/** Writes DER (X.690), as much of it as a certificate needs. */

export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(value.length)]), value]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => element(0x31, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Buffer => element(0x04, ...parts);
export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text));
/** From the hex of its content. */
export const oid = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));
/** A tag of the context, whose value is of several elements, `[number]`. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Buffer => element(0xa0 | number, ...parts);
/** The same in place of a plain element's own tag. */
export const contextPlain = (number: number, value: Uint8Array): Buffer => element(0x80 | number, value);

/** A bit string of whole bytes, or of some bits of its last. */
export function bits(value: Uint8Array, unused = 0): Buffer {
  return element(0x03, Buffer.from([unused]), value);
}

/** An integer that is not negative, from its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const rest = bytes.subarray(from);
  return element(0x02, ...((rest[0] ?? 0) > 0x7f ? [Buffer.from([0]), rest] : [rest]));
}

/** RFC 5280, section 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
export function time(at: Date): Buffer {
  const text = at
    .toISOString()
    .replace(/[-:T]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(text.slice(2))) : element(0x18, Buffer.from(text));
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

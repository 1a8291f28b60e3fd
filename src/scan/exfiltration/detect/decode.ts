import { constants, gunzipSync, inflateSync } from 'node:zlib';

/** CWE-409: bytes that one layer may give. */
export const MAX_DECODED = 256 * 1024;

/** A layer that was taken off, and what was beneath. */
export interface HiddenLayer {
  readonly name: string;
  readonly bytes: Buffer;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE85 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';

/** What a run of characters is in each encoding that has its alphabet. */
export function decodings(run: string): HiddenLayer[] {
  const layers: HiddenLayer[] = [];
  if (/^[0-9a-f]+$/i.test(run))
    layers.push({ name: 'hexadecimal', bytes: Buffer.from(run.slice(0, run.length & ~1), 'hex') });
  if (/^[A-Z2-7]+={0,6}$/.test(run)) layers.push({ name: 'base32', bytes: fromBase32(run) });
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(run)) layers.push({ name: 'base64', bytes: Buffer.from(run, 'base64') });
  else if (/^[^/]+$/.test(run) && /[!#$%&()*;<>?@^`{|}~]/.test(run))
    layers.push({ name: 'base85', bytes: fromBase85(run) });
  return layers;
}

/** RFC 4648; `=` and what follows it is padding. */
export function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let [value, bits] = [0, 0];
  for (const one of text) {
    const digit = BASE32.indexOf(one);
    if (digit < 0) break;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
}

/** RFC 1924's alphabet in groups of five, as `base64.b85encode` of Python writes; empty where a group is too large. */
export function fromBase85(text: string): Buffer {
  const padded = text.padEnd(Math.ceil(text.length / 5) * 5, '~');
  const bytes = Buffer.alloc((padded.length / 5) * 4);
  for (let group = 0; group * 5 < padded.length; group++) {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const digit = BASE85.indexOf(padded[group * 5 + i] ?? '');
      if (digit < 0) return Buffer.alloc(0);
      value = value * 85 + digit;
    }
    if (value >= 2 ** 32) return Buffer.alloc(0);
    bytes.writeUInt32BE(value, group * 4);
  }
  return bytes.subarray(0, bytes.length - (padded.length - text.length));
}

/** The start of what a gzip or zlib stream expands to; `undefined` for other bytes. A stream that breaks off gives what came before. */
export function inflated(bytes: Buffer): HiddenLayer | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const isZlib = bytes[0] === 0x78 && ((0x78 << 8) | (bytes[1] ?? 1)) % 31 === 0;
  if (!isGzip && !isZlib) return undefined;
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_DECODED };
  try {
    return { name: isGzip ? 'gzip' : 'zlib', bytes: isGzip ? gunzipSync(bytes, options) : inflateSync(bytes, options) };
  } catch {
    // Not such a stream after all, or more than a text would hide.
    return undefined;
  }
}

/** How the name of a layer that was masked begins. */
export const MASK = 'exclusive or with ';

/** Texts that programs and addresses begin with, or hold. */
const STARTS = [
  '#!/bin/',
  '#!/usr/bin/',
  'import ',
  'from os',
  '\x7fELF\x02\x01',
  '\x7fELF\x01\x01',
  'MZ\x90\0\x03\0',
  'exec(',
  'curl -',
  'wget ',
  'bash -',
  'powershell',
  'http://',
  'https://',
];
/** Opcodes that pickles begin with after their protocol: FRAME, GLOBAL, SHORT_BINUNICODE, MARK, EMPTY_DICT, EMPTY_LIST. */
const PICKLE_STARTS: ReadonlySet<number> = new Set([0x95, 0x63, 0x8c, 0x28, 0x7d, 0x5d]);
/** Within the first bytes: `://` of an address. */
const MAX_SHIFTED = 4096;

/** The bytes without an exclusive or with one byte, for each byte after which they may be a program, a stream, or hold an address. */
export function unmaskings(bytes: Buffer): HiddenLayer[] {
  const keys = new Set([...likelyKeys(bytes), ...textKeys(bytes)]);
  keys.delete(0);
  return [...keys].map((key) => ({
    name: `${MASK}0x${key.toString(16).padStart(2, '0')}`,
    bytes: Buffer.from(bytes.map((byte) => byte ^ key)),
  }));
}

/** Whether there is such a byte, by less work. */
export function mayBeMasked(bytes: Buffer): boolean {
  return [...likelyKeys(bytes)].some((key) => key !== 0) || sharesTopBit(bytes);
}

function* likelyKeys(bytes: Buffer): Generator<number> {
  const [a = 0, b = 0, c = 0] = bytes;
  for (const start of STARTS) {
    const key = a ^ start.charCodeAt(0);
    let i = 1;
    while (i < start.length && ((bytes[i] ?? 0) ^ key) === start.charCodeAt(i)) i++;
    if (i === start.length && bytes.length >= start.length) yield key;
  }
  const pickle = a ^ 0x80;
  const protocol = b ^ pickle;
  if (protocol >= 2 && protocol <= 5 && PICKLE_STARTS.has(c ^ pickle)) yield pickle;
  if ([0x01, 0x5e, 0x9c, 0xda].includes(b ^ a ^ 0x78)) yield a ^ 0x78;
  if ((b ^ a ^ 0x1f) === 0x8b && (c ^ a ^ 0x1f) === 8) yield a ^ 0x1f;
  const end = Math.min(bytes.length - 8, MAX_SHIFTED);
  for (let at = 4; at < end; at++) {
    const key = (bytes[at] ?? 0) ^ 0x3a;
    const isAddress = ((bytes[at + 1] ?? 0) ^ key) === 0x2f && ((bytes[at + 2] ?? 0) ^ key) === 0x2f;
    if (isAddress && isLetters(bytes.subarray(at - 3, at), key)) yield key;
  }
}

/** The bytes of ASCII have one top bit, with a mask and without; random bytes do not. */
function sharesTopBit(bytes: Buffer): boolean {
  const first = (bytes[0] ?? 0) & 0x80;
  return bytes.subarray(0, 64).every((byte) => (byte & 0x80) === first);
}

/** Masks after which the bytes read as words. */
function textKeys(bytes: Buffer): number[] {
  if (!sharesTopBit(bytes)) return [];
  const head = bytes.subarray(0, 96);
  const keys: number[] = [];
  for (let key = 1; key < 256; key++) {
    let letters = 0;
    let odd = 0;
    for (let i = 0; i < head.length && odd < 3; i++) {
      const byte = (head[i] ?? 0) ^ key;
      if ((byte >= 0x61 && byte <= 0x7a) || byte === 0x20) letters++;
      else if (byte > 0x7e || (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) odd++;
    }
    if (odd < 3 && letters >= head.length * 0.5) keys.push(key);
  }
  return keys;
}

function isLetters(bytes: Buffer, key: number): boolean {
  return bytes.every((byte) => /[a-z]/.test(String.fromCharCode(byte ^ key)));
}

import { AssayError } from '../../core/index.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Texts this short are put together here: a call into the runtime costs more. */
const SHORT = 24;

/**
 * The text of a JSON string's bytes, without its quotes.
 * @throws AssayError `malformed`: not UTF-8, or an escape that JSON does not have.
 */
export function decodeJsonString(bytes: Uint8Array, escapes: boolean, highBits: boolean, at: number): string {
  try {
    const text = highBits ? UTF8.decode(bytes) : ascii(bytes);
    if (!escapes) return text;
    const parsed: unknown = JSON.parse(`"${text}"`);
    return String(parsed);
  } catch (error) {
    const message = 'not valid JSON: a string that is not UTF-8 or has a bad escape';
    throw new AssayError('malformed', message, { offset: at, cause: error });
  }
}

export function ascii(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

const SLOTS = 1024;

/** Returns the same string for the same bytes without decoding them again: the keys of records repeat millions of times. */
export class KeyCache {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(SLOTS);
  readonly #texts: string[] = new Array(SLOTS);

  /** `bytes` are ASCII without escapes. */
  get(bytes: Uint8Array): string {
    const { length } = bytes;
    if (length > SHORT) return ascii(bytes);
    let hash = length;
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
    const slot = hash & (SLOTS - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && same(known, bytes)) return this.#texts[slot] ?? '';
    const text = ascii(bytes);
    this.#bytes[slot] = bytes.slice();
    this.#texts[slot] = text;
    return text;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Most objects have few keys: a list is searched faster than a set is made. */
const FEW = 8;

/** The keys of one open object. */
export class KeySet {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }

  /** False when it is there already. */
  add(key: string): boolean {
    if (this.#many !== undefined) {
      const { size } = this.#many;
      return this.#many.add(key).size > size;
    }
    if (this.#few.includes(key)) return false;
    this.#few.push(key);
    if (this.#few.length > FEW) this.#many = new Set(this.#few);
    return true;
  }
}

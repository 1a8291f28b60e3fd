import { AssayError } from '../../core/index.ts';
import { ascii, decodeJsonString, KeyCache, KeySet } from './strings.ts';

export type JsonScalar = 'string' | 'number' | 'literal';

/** What a walk over JSON tells, in document order. `depth` counts the containers around; `at` is a byte offset. */
export interface JsonEvents {
  open?(kind: 'object' | 'array', depth: number, at: number): void;
  close?(kind: 'object' | 'array', depth: number, at: number): void;
  key?(name: string, depth: number, at: number): void;
  /** A duplicate key; the event `key` is sent as well. */
  duplicate?(name: string, depth: number, at: number): void;
  /** `token` returns the text on demand, and is valid only within this call. */
  scalar?(kind: JsonScalar, token: JsonToken, depth: number, at: number): void;
}

export interface JsonToken {
  /** A string decoded, or a number or `true`, `false`, `null` as written. */
  readonly text: string;
}

export interface JsonOptions {
  /** Several values, one after another, as in JSON Lines. */
  readonly multiple?: boolean;
  /** `NaN`, `Infinity` and `-Infinity`, which Python writes and reads. */
  readonly pythonNumbers?: boolean;
  /** Containers within containers, keys of all open objects, bytes of one string. */
  readonly maxDepth?: number;
  readonly maxKeys?: number;
  readonly maxStringBytes?: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const MAX_BARE = 10_000;
/** More keys than a record has. */
const RECORD_KEYS = 64;

type Expect = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'done';

/** One open container. */
interface Level {
  readonly kind: 'object' | 'array';
  readonly keys: KeySet | undefined;
}

/**
 * A strict JSON reader (RFC 8259) that takes the bytes (UTF-8) in pieces and builds no values: memory is the keys of the open
 * objects and the longest string. Detects duplicate keys, which parsers that build values hide.
 */
export class JsonWalker implements JsonToken {
  readonly #events: JsonEvents;
  readonly #options: Required<JsonOptions>;
  readonly #levels: Level[] = [];
  #expect: Expect = 'value';
  #token: 'none' | 'string' | 'bare' = 'none';
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #tokenAt = 0;
  #escaping = false;
  #escapes = false;
  #highBits = false;
  #keys = 0;
  readonly #cache = new KeyCache();
  /** The scalar at hand, and its text where it is decoded already. */
  #last: Uint8Array = NONE;
  #lastText: string | undefined;
  #values = 0;
  /** Offset of the first byte of the piece at hand. */
  #base = 0;

  constructor(events: JsonEvents, options: JsonOptions = {}) {
    this.#events = events;
    this.#options = {
      multiple: false,
      pythonNumbers: false,
      maxDepth: 1_000,
      maxKeys: 4_000_000,
      maxStringBytes: 64 * 1024 * 1024,
      ...options,
    };
  }

  /** Values that are complete. */
  get values(): number {
    return this.#values;
  }

  /** Whether the bytes so far are a whole document. */
  get complete(): boolean {
    return this.#expect === 'done' && this.#token === 'none';
  }

  get text(): string {
    this.#lastText ??= ascii(this.#last);
    return this.#lastText;
  }

  /** @throws AssayError `malformed`, `limit`. */
  feed(bytes: Uint8Array): void {
    let i = this.#base === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (i < bytes.length) {
      if (this.#token === 'string') i = this.#stringRest(bytes, i);
      else if (this.#token === 'bare') i = this.#bareRest(bytes, i);
      else i = this.#start(bytes, i);
    }
    this.#base += bytes.length;
  }

  /** @throws AssayError `truncated` when the document is not whole, `malformed`. */
  end(): void {
    if (this.#token === 'bare') this.#endBare(new Uint8Array(0));
    if (this.#token === 'string' || this.#expect !== 'done') {
      throw new AssayError('truncated', 'the JSON document ends early', { offset: this.#base });
    }
  }

  #start(bytes: Uint8Array, i: number): number {
    const byte = bytes[i] ?? 0;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return i + 1;
    const at = this.#base + i;
    if (byte === QUOTE) return this.#startToken('string', i + 1, at);
    if (byte === 0x7b || byte === 0x5b) this.#open(byte === 0x7b ? 'object' : 'array', at);
    else if (byte === 0x7d || byte === 0x5d) this.#close(byte === 0x7d ? 'object' : 'array', at);
    else if (byte === 0x2c) this.#comma(at);
    else if (byte === 0x3a && this.#expect === 'colon') this.#expect = 'value';
    else if (isBare(byte)) return this.#startToken('bare', i, at);
    else throw this.#malformed(at, `unexpected byte 0x${byte.toString(16)}`);
    return i + 1;
  }

  #startToken(token: 'string' | 'bare', next: number, at: number): number {
    const isKey = this.#expect === 'key' || this.#expect === 'key-or-end';
    if (isKey ? token !== 'string' : !this.#valueFits()) throw this.#malformed(at, 'an unexpected value');
    this.#token = token;
    this.#tokenAt = at;
    if (this.#pieceBytes > 0) this.#pieces = [];
    this.#pieceBytes = 0;
    this.#escaping = false;
    this.#escapes = false;
    this.#highBits = false;
    return next;
  }

  #valueFits(): boolean {
    return (
      this.#expect === 'value' || this.#expect === 'value-or-end' || (this.#expect === 'done' && this.#options.multiple)
    );
  }

  #stringRest(bytes: Uint8Array, from: number): number {
    let escaping = this.#escaping;
    let escapes = this.#escapes;
    let high = 0;
    let i = from;
    for (; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      high |= byte;
      if (byte < 0x20) throw this.#malformed(this.#base + i, 'a control character in a string');
      if (escaping) escaping = false;
      else if (byte === QUOTE) break;
      else if (byte === BACKSLASH) {
        escaping = true;
        escapes = true;
      }
    }
    this.#escaping = escaping;
    this.#escapes = escapes;
    if (high >= 0x80) this.#highBits = true;
    if (i === bytes.length) {
      this.#keep(bytes.subarray(from));
      return i;
    }
    this.#endString(this.#joined(bytes.subarray(from, i)));
    return i + 1;
  }

  #bareRest(bytes: Uint8Array, from: number): number {
    let i = from;
    while (i < bytes.length && isBare(bytes[i] ?? 0)) i++;
    if (i === bytes.length) this.#keep(bytes.subarray(from));
    else this.#endBare(bytes.subarray(from, i));
    return i;
  }

  #keep(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    const most = this.#token === 'bare' ? MAX_BARE : this.#options.maxStringBytes;
    if (this.#pieceBytes > most)
      throw new AssayError('limit', `a JSON token longer than ${most} bytes`, { offset: this.#tokenAt });
    this.#pieces.push(piece);
  }

  #joined(last: Uint8Array): Uint8Array {
    return this.#pieceBytes === 0 ? last : Buffer.concat([...this.#pieces, last]);
  }

  #endString(bytes: Uint8Array): void {
    this.#token = 'none';
    if (this.#expect === 'key' || this.#expect === 'key-or-end') {
      this.#addKey(this.#keyText(bytes));
      this.#expect = 'colon';
      return;
    }
    this.#last = bytes;
    // Plain ASCII needs no check: it is decoded only on demand.
    this.#lastText =
      this.#escapes || this.#highBits
        ? decodeJsonString(bytes, this.#escapes, this.#highBits, this.#tokenAt)
        : undefined;
    this.#events.scalar?.('string', this, this.#levels.length, this.#tokenAt);
    this.#valueEnds();
  }

  /** Keys of records repeat; those of a vocabulary do not, and are not kept. */
  #keyText(bytes: Uint8Array): string {
    if (this.#escapes || this.#highBits) return decodeJsonString(bytes, this.#escapes, this.#highBits, this.#tokenAt);
    const level = this.#levels[this.#levels.length - 1];
    return (level?.keys?.size ?? 0) < RECORD_KEYS ? this.#cache.get(bytes) : ascii(bytes);
  }

  #addKey(name: string): void {
    const level = this.#levels[this.#levels.length - 1];
    if (level?.keys?.add(name) === false) this.#events.duplicate?.(name, this.#levels.length, this.#tokenAt);
    else if (++this.#keys > this.#options.maxKeys) {
      throw new AssayError('limit', `more than ${this.#options.maxKeys} JSON keys at once`, { offset: this.#tokenAt });
    }
    this.#events.key?.(name, this.#levels.length, this.#tokenAt);
  }

  #endBare(last: Uint8Array): void {
    const bytes = this.#joined(last);
    this.#token = 'none';
    const kind = isPlainInteger(bytes) ? 'number' : this.#bareKind(ascii(bytes));
    if (kind === undefined) throw this.#malformed(this.#tokenAt, 'neither a number nor true, false or null');
    this.#last = bytes;
    this.#lastText = undefined;
    this.#events.scalar?.(kind, this, this.#levels.length, this.#tokenAt);
    this.#valueEnds();
  }

  #bareKind(text: string): JsonScalar | undefined {
    if (text === 'true' || text === 'false' || text === 'null') return 'literal';
    if (NUMBER.test(text)) return 'number';
    return this.#options.pythonNumbers && /^(?:NaN|-?Infinity)$/.test(text) ? 'number' : undefined;
  }

  #open(kind: 'object' | 'array', at: number): void {
    if (!this.#valueFits()) throw this.#malformed(at, `an unexpected ${kind}`);
    if (this.#levels.length >= this.#options.maxDepth) {
      throw new AssayError('limit', `JSON is nested deeper than ${this.#options.maxDepth}`, { offset: at });
    }
    this.#events.open?.(kind, this.#levels.length, at);
    this.#levels.push({ kind, keys: kind === 'object' ? new KeySet() : undefined });
    this.#expect = kind === 'object' ? 'key-or-end' : 'value-or-end';
  }

  #close(kind: 'object' | 'array', at: number): void {
    const level = this.#levels[this.#levels.length - 1];
    const emptyFits = this.#expect === (kind === 'object' ? 'key-or-end' : 'value-or-end');
    if (level?.kind !== kind || !(emptyFits || this.#expect === 'comma-or-end'))
      throw this.#malformed(at, `the end of a ${kind} that was not opened`);
    this.#levels.pop();
    this.#keys -= level.keys?.size ?? 0;
    this.#events.close?.(kind, this.#levels.length, at);
    this.#valueEnds();
  }

  #comma(at: number): void {
    if (this.#expect !== 'comma-or-end') throw this.#malformed(at, 'an unexpected comma');
    this.#expect = this.#levels[this.#levels.length - 1]?.kind === 'object' ? 'key' : 'value';
  }

  #valueEnds(): void {
    if (this.#levels.length > 0) this.#expect = 'comma-or-end';
    else {
      this.#expect = 'done';
      this.#values++;
    }
  }

  #malformed(at: number, what: string): AssayError {
    return new AssayError('malformed', `not valid JSON: ${what} at byte ${at}`, { offset: at });
  }
}

const NONE = new Uint8Array(0);

/** Digits without a leading zero: by far the most numbers, recognised without making a string of them. */
function isPlainInteger(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (length === 0 || (bytes[0] === 0x30 && length > 1)) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

/** Letters, digits, `+`, `-`, `.`: what numbers and literals are made of. */
function isBare(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}

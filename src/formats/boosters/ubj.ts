import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';
import type { DocumentEvents } from './shape.ts';

const MAX_KEY = 4_096;
const MAX_TEXT = 16 * 1024 * 1024;
const MAX_DEPTH = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const [TYPE, COUNT, TEXT, LONG] = [0x24, 0x23, 0x53, 0x4c];
const LITERALS: ReadonlyMap<number, boolean | null> = new Map([
  [0x5a, null],
  [0x54, true],
  [0x46, false],
]);

/** Bytes of numbers, by marker: i U I l L d D, and C, a character that XGBoost reads as a number. */
const SIZES: ReadonlyMap<number, number> = new Map([
  [0x69, 1],
  [0x55, 1],
  [0x49, 2],
  [0x6c, 4],
  [LONG, 8],
  [0x64, 4],
  [0x44, 8],
  [0x43, 1],
]);

/** An open container: the number of values left of a counted array; `undefined` for a container with an end marker. */
interface Level {
  readonly kind: 'object' | 'array';
  left: number | undefined;
}

/**
 * Walks over one value of Universal Binary JSON as XGBoost writes it (big-endian, https://ubjson.org), which has to end where the
 * source does. Keys and texts have 64-bit lengths; arrays are typed and counted, counted, or end with a marker.
 * @throws AssayError `malformed`, `truncated`, `limit`
 */
export async function walkUbj(source: ByteSource, events: DocumentEvents, budget: FileBudget): Promise<void> {
  await new UbjWalker(source, events, budget).run();
}

class UbjWalker {
  readonly #reader: ByteReader;
  readonly #events: DocumentEvents;
  readonly #budget: FileBudget;
  readonly #levels: Level[] = [];

  constructor(source: ByteSource, events: DocumentEvents, budget: FileBudget) {
    this.#reader = new ByteReader(source);
    this.#events = events;
    this.#budget = budget;
  }

  async run(): Promise<void> {
    await this.#value(await this.#marker());
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.left === 0) this.#close();
      else if (level.kind === 'object') await this.#member();
      else await this.#item(level);
    }
    if (this.#reader.left > 0) throw this.#malformed(`${this.#reader.left} bytes follow the document`);
  }

  async #member(): Promise<void> {
    const marker = await this.#marker();
    if (marker === OBJECT_END) return this.#close();
    if (marker !== LONG) throw this.#malformed(`a key with marker 0x${marker.toString(16)}`);
    const at = this.#reader.offset;
    this.#events.key(await this.#text(MAX_KEY), at);
    await this.#value(await this.#marker());
  }

  async #item(level: Level): Promise<void> {
    const marker = await this.#marker();
    if (marker === ARRAY_END && level.left === undefined) return this.#close();
    if (level.left !== undefined) level.left--;
    await this.#value(marker);
  }

  #close(): void {
    this.#levels.pop();
    this.#events.close();
  }

  async #value(marker: number): Promise<void> {
    this.#budget.work(1);
    const at = this.#reader.offset - 1;
    const size = SIZES.get(marker);
    const literal = LITERALS.get(marker);
    if (size !== undefined) {
      await this.#fill(size);
      this.#events.number(this.#number(marker), at);
    } else if (literal !== undefined) this.#events.literal(literal, at);
    else if (marker === TEXT) {
      if ((await this.#marker()) !== LONG) throw this.#malformed('a text without a 64-bit length');
      this.#events.text(await this.#text(MAX_TEXT), at);
    } else if (marker === OBJECT) this.#open('object', undefined, at);
    else if (marker === ARRAY) await this.#array(at);
    else throw this.#malformed(`marker 0x${marker.toString(16)}`);
  }

  #open(kind: 'object' | 'array', left: number | undefined, at: number): void {
    if (this.#levels.length >= MAX_DEPTH)
      throw new AssayError('limit', `UBJSON is nested deeper than ${MAX_DEPTH}`, { offset: at });
    this.#events.open(kind, at);
    this.#levels.push({ kind, left });
  }

  async #array(at: number): Promise<void> {
    await this.#fill(1);
    const first = this.#reader.buffered()[0];
    if (first !== TYPE && first !== COUNT) return this.#open('array', undefined, at);
    this.#reader.skip(1);
    const type = first === TYPE ? await this.#marker() : undefined;
    if (type !== undefined && (await this.#marker()) !== COUNT) throw this.#malformed('a typed array without a count');
    const count = await this.#count();
    if (type === undefined) {
      if (count > this.#reader.left) throw this.#malformed(`${count} values, but ${this.#reader.left} bytes are left`);
      return this.#open('array', count, at);
    }
    const size = SIZES.get(type);
    if (size === undefined) throw this.#malformed(`an array of type 0x${type.toString(16)}`);
    if (count > this.#reader.left / size)
      throw this.#malformed(`${count} numbers, but ${this.#reader.left} bytes are left`);
    this.#events.open('array', at);
    for (let i = 0; i < count; i++) {
      if (!this.#reader.has(size)) await this.#fill(size);
      this.#budget.work(1);
      this.#events.number(this.#number(type), at);
    }
    this.#events.close();
  }

  async #count(): Promise<number> {
    const marker = await this.#marker();
    const size = SIZES.get(marker);
    if (size === undefined || marker === 0x64 || marker === 0x44)
      throw this.#malformed(`a count with marker 0x${marker.toString(16)}`);
    await this.#fill(size);
    const count = this.#number(marker);
    if (!Number.isSafeInteger(count) || count < 0) throw this.#malformed(`a count of ${count}`);
    return count;
  }

  async #text(most: number): Promise<string> {
    await this.#fill(8);
    const length = this.#number(LONG);
    if (!Number.isSafeInteger(length) || length < 0 || length > this.#reader.left)
      throw this.#malformed(`a text of ${length} bytes, but ${this.#reader.left} are left`);
    if (length > most) throw new AssayError('limit', `a text of ${length} bytes`, { offset: this.#reader.offset });
    this.#budget.work(length);
    this.#budget.hold(length);
    await this.#fill(length);
    const bytes = this.#reader.bytes(length);
    this.#budget.release(length);
    try {
      return UTF8.decode(bytes);
    } catch (error) {
      throw new AssayError('malformed', 'a text that is not UTF-8', { offset: this.#reader.offset, cause: error });
    }
  }

  async #marker(): Promise<number> {
    await this.#fill(1);
    return this.#reader.u8();
  }

  async #fill(length: number): Promise<void> {
    if (!this.#reader.has(length)) await this.#reader.fill(length);
  }

  /** A number whose bytes are at hand. Beyond 2^53 it is not exact: no index is that large. */
  #number(marker: number): number {
    const bytes = this.#reader.bytes(SIZES.get(marker) ?? 0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    switch (marker) {
      case 0x69:
        return view.getInt8(0);
      case 0x49:
        return view.getInt16(0);
      case 0x6c:
        return view.getInt32(0);
      case LONG:
        return Number(view.getBigInt64(0));
      case 0x64:
        return view.getFloat32(0);
      case 0x44:
        return view.getFloat64(0);
      default:
        return view.getUint8(0);
    }
  }

  #malformed(what: string): AssayError {
    return new AssayError('malformed', `not valid UBJSON: ${what}`, { offset: this.#reader.offset });
  }
}

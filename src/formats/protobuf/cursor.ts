import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget, isAssayError } from '../../core/index.ts';
import type { WireType } from './protobuf.ts';
import { VarintReader } from './varint.ts';

/** Bytes of heads that are read at a time; contents that a reader steps over are not read. */
const WINDOW = 64 * 1024;
/** Two varints of ten bytes. */
const MAX_HEAD = 20;
const MAX_TAG = 5;
const MAX_FIELD = 536_870_911;
const WORK_PER_FIELD = 16;
const NONE = new Uint8Array(0);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Walks the fields of nested messages in a source. `while (cursor.next(end) || (await cursor.more(end)))` visits the fields of
 * the message that ends at `end`; contents are stepped over unless `enter` is called. Waits only when its window of bytes is used
 * up. All errors are `malformed` or `truncated`, those of the budget, or those of the source.
 */
export class ProtoCursor {
  readonly source: ByteSource;
  readonly budget: FileBudget;
  number = 0;
  wire: WireType = 0;
  /** Whether the field begins or ends a group, which is without a length; 0 for all others. */
  group: 0 | 3 | 4 = 0;
  /** Where the field starts with its tag, and where its content lies. */
  tagAt = 0;
  start = 0;
  end = 0;
  #window: Uint8Array = NONE;
  #windowAt = 0;
  #at: number;
  /** The value of a varint, and the length of other content. */
  readonly varint = new VarintReader();

  readonly #groups: boolean;

  /** @param groups visits the begin and the end of groups, which libraries skip, as fields; refuses them otherwise */
  constructor(source: ByteSource, budget: FileBudget, start = 0, groups = false) {
    this.source = source;
    this.#groups = groups;
    this.budget = budget;
    this.#at = start;
  }

  /** Where the next field starts. */
  get at(): number {
    return this.#at;
  }

  /** Moves to the next field when its head is at hand; false at the end of the message, or when `more` has to read. */
  next(end: number): boolean {
    const at = this.#at;
    if (at >= end) return false;
    const have = this.#windowAt + this.#window.length - at;
    if (at < this.#windowAt || (have < MAX_HEAD && have < end - at)) return false;
    this.budget.work(WORK_PER_FIELD);
    this.tagAt = at;
    const from = at - this.#windowAt;
    const stop = from + Math.min(have, end - at);
    const { varint } = this;
    this.#read(from, stop);
    const tag = varint.integer() ?? Number.POSITIVE_INFINITY;
    const wire = tag % 8;
    const number = Math.floor(tag / 8);
    if (!(number > 0 && number <= MAX_FIELD) || varint.next - from > MAX_TAG) throw this.bad(`field number ${number}`);
    this.number = number;
    this.group = this.#groups && (wire === 3 || wire === 4) ? wire : 0;
    if (this.group !== 0) return this.#groupAt(varint.next);
    if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) throw this.bad(`wire type ${wire}`);
    this.wire = wire;
    if (wire === 0 || wire === 2) this.#read(varint.next, stop);
    this.start = this.#windowAt + varint.next;
    const length = wire === 2 ? this.#length() : wire === 0 ? 0 : wire === 1 ? 8 : 4;
    this.end = this.start + length;
    if (this.end > end) {
      throw new AssayError('truncated', `field ${number} ends beyond its message`, this.#place(at));
    }
    this.#at = this.end;
    return true;
  }

  #groupAt(next: number): true {
    this.start = this.#windowAt + next;
    this.end = this.start;
    this.#at = this.end;
    return true;
  }

  async more(end: number): Promise<boolean> {
    if (this.#at >= end) return false;
    await this.#fill(this.#at);
    return this.next(end);
  }

  /** The next fields are those of the message that the current field holds. @returns where it ends */
  enter(): number {
    if (this.wire !== 2) throw this.bad(`field ${this.number} is not a message`);
    this.#at = this.start;
    return this.end;
  }

  /** The value of a varint as a signed 64-bit number. */
  int64(): bigint {
    if (this.wire !== 0) throw this.bad(`field ${this.number} is not a number`);
    return this.varint.int64();
  }

  /** The same, exactly, as a number. @throws AssayError `malformed` beyond 53 bits */
  integer(): number {
    if (this.wire !== 0) throw this.bad(`field ${this.number} is not a number`);
    const value = this.varint.integer();
    if (value === undefined) throw this.bad(`${this.varint.int64()} in field ${this.number} is too large`);
    return value;
  }

  /** The same, where it cannot be negative. */
  count(): number {
    const value = this.integer();
    if (value < 0) throw this.bad(`${value} in field ${this.number} is negative`);
    return value;
  }

  float(): number {
    if (this.wire !== 5) throw this.bad(`field ${this.number} is not a 32-bit number`);
    const bytes = this.fixed();
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
  }

  /** The bytes of a number of fixed length, which the window always holds with its tag. */
  fixed(): Uint8Array {
    if (this.wire !== 1 && this.wire !== 5) throw this.bad(`field ${this.number} is not of fixed length`);
    const from = this.start - this.#windowAt;
    return this.#window.subarray(from, from + this.end - this.start);
  }

  /** The content of the field, charged as work; the caller charges what it keeps. Valid for good. */
  async content(maxBytes: number): Promise<Uint8Array> {
    this.#charge(maxBytes);
    return this.#contentNow() ?? (await this.#load());
  }

  /** Whether all bytes up to `end` are at hand, so that `next` visits every field without waiting. */
  holds(end: number): boolean {
    return this.#at >= this.#windowAt && end <= this.#windowAt + this.#window.length;
  }

  /** Reads the bytes up to `end`, when they are few enough to be held at a time. */
  async hold(end: number): Promise<void> {
    if (!this.holds(end) && end - this.#at <= WINDOW) await this.#fill(this.#at);
  }

  /** The same as `content`, of a field whose bytes are at hand. */
  contentHeld(maxBytes: number): Uint8Array {
    this.#charge(maxBytes);
    const bytes = this.#contentNow();
    if (bytes === undefined) throw new AssayError('internal', `field ${this.number} is not at hand`);
    return bytes;
  }

  /** The content as text. @throws AssayError `malformed` when it is not UTF-8 */
  async text(maxBytes: number): Promise<string> {
    return this.#decode(await this.content(maxBytes));
  }

  /** The same when it needs no waiting; undefined when it does. */
  textNow(maxBytes: number): string | undefined {
    const bytes = this.#contentNow();
    if (bytes === undefined) return undefined;
    this.#charge(maxBytes);
    return this.#decode(bytes);
  }

  /** An error about the current field. */
  bad(what: string): AssayError {
    return new AssayError('malformed', what, this.#place(this.tagAt));
  }

  #charge(maxBytes: number): void {
    const length = this.end - this.start;
    if (this.wire !== 2) throw this.bad(`field ${this.number} is not a string of bytes`);
    if (length > maxBytes) {
      const message = `field ${this.number} has ${length} bytes, more than ${maxBytes}`;
      throw new AssayError('limit', message, this.#place(this.start));
    }
    this.budget.work(length);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes);
    } catch (error) {
      const place = this.#place(this.start);
      throw new AssayError('malformed', `field ${this.number} is not UTF-8`, { ...place, cause: error });
    }
  }

  #contentNow(): Uint8Array | undefined {
    const from = this.start - this.#windowAt;
    const to = this.end - this.#windowAt;
    return from >= 0 && to <= this.#window.length ? this.#window.subarray(from, to) : undefined;
  }

  #place(offset: number): { subject: string; offset: number } {
    return { subject: this.source.name, offset };
  }

  /** A length that reads as negative, or has more than 53 bits, is beyond any message. */
  #length(): number {
    const length = this.varint.integer() ?? -1;
    return length < 0 ? Number.POSITIVE_INFINITY : length;
  }

  async #load(): Promise<Uint8Array> {
    const length = this.end - this.start;
    if (length > WINDOW) return this.source.readNow(this.start, length) ?? this.source.read(this.start, length);
    await this.#fill(this.start);
    return this.#contentNow() ?? NONE;
  }

  async #fill(at: number): Promise<void> {
    const length = Math.min(WINDOW, this.source.size - at);
    this.#window = this.source.readNow(at, length) ?? (await this.source.read(at, length));
    this.#windowAt = at;
  }

  #read(from: number, stop: number): void {
    try {
      this.varint.read(this.#window, from, stop);
    } catch (error) {
      if (!isAssayError(error)) throw error;
      throw new AssayError(error.code, error.message, { ...this.#place(this.#windowAt + from), cause: error });
    }
  }
}

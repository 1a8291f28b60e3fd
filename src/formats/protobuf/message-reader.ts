import { AssayError, type Limits } from '../../core/index.ts';
import type { ProtoCursor } from './cursor.ts';
import { VarintReader } from './varint.ts';

/** A field that the reader steps over: one that the format does not name, or one of device placement. */
export interface UnreadField {
  /** The message of the `.proto` that holds it. */
  readonly message: string;
  readonly number: number;
  readonly offset: number;
  /** Bytes with the tag. */
  readonly length: number;
}

/** The library of Protocol Buffers refuses messages that are nested deeper. */
const MAX_NESTING = 100;
const MAX_UNREAD = 1_000;
/** Bytes that an object and a string take beside their content. */
const OBJECT_BYTES = 256;
const STRING_BYTES = 40;

/** The state of one reading: where it is, what it has counted, and what it has set aside. */
export class ProtoMessageReader {
  readonly cursor: ProtoCursor;
  readonly unread: UnreadField[] = [];
  unreadCount = 0;
  readonly #maxBytes: number;
  #depth = 0;

  constructor(cursor: ProtoCursor, limits: Limits) {
    this.cursor = cursor;
    this.#maxBytes = limits.maxHeaderBytes;
  }

  /**
   * Marks the current field as seen. Libraries merge a message that comes twice, and take the last of other fields; writers give
   * each once, so that two are refused.
   */
  once(seen: number): number {
    const bit = 1 << this.cursor.number;
    if ((seen & bit) !== 0) throw this.cursor.bad(`field ${this.cursor.number} comes twice in one message`);
    return seen | bit;
  }

  /** Notes the current field as one that is stepped over. */
  skip(message: string): void {
    const { number, tagAt, end } = this.cursor;
    this.unreadCount++;
    if (this.unread.length < MAX_UNREAD) this.unread.push({ message, number, offset: tagAt, length: end - tagAt });
  }

  /** Reads the message that the current field holds. */
  async nested<T>(read: (reader: this, end: number) => Promise<T>): Promise<T> {
    if (++this.#depth > MAX_NESTING) {
      throw new AssayError('limit', `messages are nested deeper than ${MAX_NESTING}`, { offset: this.cursor.tagAt });
    }
    this.cursor.budget.hold(OBJECT_BYTES);
    const value = await read(this, this.cursor.enter());
    this.#depth--;
    return value;
  }

  text(): string | Promise<string> {
    const { cursor } = this;
    cursor.budget.hold(STRING_BYTES + 2 * (cursor.end - cursor.start));
    return cursor.textNow(this.#maxBytes) ?? cursor.text(this.#maxBytes);
  }

  /** A copy of the content of the current field. */
  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.content());
  }

  /** The content of the current field, which stays valid and counts as kept. */
  content(): Promise<Uint8Array> {
    this.cursor.budget.hold(OBJECT_BYTES + this.cursor.end - this.cursor.start);
    return this.cursor.content(this.#maxBytes);
  }

  /** The numbers of a repeated field, packed or not; the caller charges what it keeps. */
  async integers(take: (value: VarintReader) => void): Promise<void> {
    const { cursor } = this;
    if (cursor.wire === 0) {
      take(cursor.varint);
      return;
    }
    const held = cursor.end - cursor.start;
    cursor.budget.hold(held);
    const bytes = await cursor.content(this.#maxBytes);
    const varint = new VarintReader();
    for (let at = 0; at < bytes.length; at = varint.next) {
      varint.read(bytes, at, bytes.length);
      take(varint);
    }
    cursor.budget.release(held);
  }

  async floats(take: (value: number) => void): Promise<void> {
    const { cursor } = this;
    if (cursor.wire === 5) {
      take(cursor.float());
      return;
    }
    const held = cursor.end - cursor.start;
    if (held % 4 !== 0) throw cursor.bad(`a list of floats of ${held} bytes`);
    cursor.budget.hold(held);
    const bytes = await cursor.content(this.#maxBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 4) take(view.getFloat32(at, true));
    cursor.budget.release(held);
  }
}

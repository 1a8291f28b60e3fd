import { AssayError, type FileBudget } from '../../core/index.ts';

/** Types of the compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). */
export const THRIFT = {
  yes: 1,
  no: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

const MAX_DEPTH = 32;
const WORK = 8;

/** Reads structures of Thrift's compact protocol from memory. Every count and length is proved to lie within the bytes. */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  readonly #budget: FileBudget;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, budget: FileBudget) {
    this.#bytes = bytes;
    this.#budget = budget;
  }

  get at(): number {
    return this.#at;
  }

  /** Visits the fields of a structure. @param field reads the value, or returns false to step over it */
  struct(field: (id: number, type: number) => boolean): void {
    if (++this.#depth > MAX_DEPTH)
      throw new AssayError('limit', `Thrift is nested deeper than ${MAX_DEPTH}`, { offset: this.#at });
    let id = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === 0) break;
      id = head >>> 4 === 0 ? this.integer() : id + (head >>> 4);
      if (!field(id, type)) this.#skip(type);
    }
    this.#depth--;
  }

  /** The type and the count of a list, whose elements follow. */
  list(): { type: number; count: number } {
    const head = this.#byte();
    const count = head >>> 4 === 15 ? this.#varint() : head >>> 4;
    if (count > this.#bytes.length - this.#at) throw this.bad(`a list of ${count} elements`);
    return { type: head & 0x0f, count };
  }

  /** A number of 16 to 64 bits; infinite beyond 53 bits. */
  integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  binary(): Uint8Array {
    const length = this.#varint();
    if (length > this.#bytes.length - this.#at) throw this.bad(`a text of ${length} bytes`);
    this.#budget.work(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  bad(what: string): AssayError {
    return new AssayError('malformed', `not a structure of Thrift: ${what}`, { offset: this.#at });
  }

  #skip(type: number): void {
    if (type === THRIFT.yes || type === THRIFT.no) return;
    if (type === THRIFT.byte) this.#byte();
    else if (type === THRIFT.i16 || type === THRIFT.i32 || type === THRIFT.i64) this.#varint();
    else if (type === THRIFT.double) this.#take(8);
    else if (type === THRIFT.binary) this.binary();
    else if (type === THRIFT.struct) this.struct(() => false);
    else if (type === THRIFT.list || type === THRIFT.set) {
      const { type: inner, count } = this.list();
      for (let i = 0; i < count; i++) this.#element(inner);
    } else if (type === THRIFT.map) this.#map();
    else throw this.bad(`the type ${type}`);
  }

  #map(): void {
    const count = this.#varint();
    if (count === 0) return;
    if (count > this.#bytes.length - this.#at) throw this.bad(`a map of ${count} entries`);
    const types = this.#byte();
    for (let i = 0; i < count; i++) {
      this.#element(types >>> 4);
      this.#element(types & 0x0f);
    }
  }

  /** In a list, a truth value is a byte. */
  #element(type: number): void {
    if (type === THRIFT.yes || type === THRIFT.no) this.#byte();
    else this.#skip(type);
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
    }
    throw this.bad('a number without an end');
  }

  #byte(): number {
    this.#budget.work(WORK);
    const byte = this.#bytes[this.#at];
    if (byte === undefined)
      throw new AssayError('truncated', 'a structure of Thrift does not end', { offset: this.#at });
    this.#at++;
    return byte;
  }

  #take(length: number): void {
    if (length > this.#bytes.length - this.#at) throw this.bad('a number that does not end');
    this.#at += length;
  }
}

import type { SourceRange } from '../../core/bytes/index.ts';

/** Pages grow with the message; longer content is a part of its own. */
const MIN_PAGE = 64;
const MAX_PAGE = 16 * 1024;
const MAX_COPIED = 1024;
const NONE = new Uint8Array(0);
const UTF8 = new TextEncoder();

/** Writes the fields of one message: small values into pages, large ones as references to a source. */
export class ProtoWriter {
  /** Bytes of the message. */
  size = 0;
  readonly #parts: (Uint8Array | SourceRange)[] = [];
  #page: Uint8Array = NONE;
  #used = 0;

  /** A number of a signed or unsigned 64-bit field, or of an enum. */
  varint(number: number, value: number | bigint): void {
    this.#tag(number, 0);
    this.#varint(value);
  }

  float(number: number, value: number): void {
    this.#tag(number, 5);
    this.#room(4);
    new DataView(this.#page.buffer, this.#page.byteOffset + this.#used, 4).setFloat32(0, value, true);
    this.#advance(4);
  }

  text(number: number, value: string): void {
    this.bytes(number, UTF8.encode(value));
  }

  bytes(number: number, value: Uint8Array): void {
    this.#tag(number, 2);
    this.#varint(value.length);
    this.#append(value);
  }

  /** Content that stays in its source until the message is written. */
  range(number: number, value: SourceRange): void {
    this.#tag(number, 2);
    this.#varint(value.length);
    this.fields(value);
  }

  /** Whole fields, tags included, that stay in their source until the message is written. */
  fields(value: SourceRange): void {
    if (value.length === 0) return;
    this.#flush();
    this.#parts.push(value);
    this.size += value.length;
  }

  /** A packed list; nothing when it is empty. */
  packedFloats(number: number, values: Float32Array): void {
    if (values.length === 0) return;
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    for (const [index, value] of values.entries()) view.setFloat32(index * 4, value, true);
    this.bytes(number, bytes);
  }

  packedVarints(number: number, values: Iterable<number | bigint>): void {
    const list = new ProtoWriter();
    for (const value of values) list.#varint(value);
    if (list.size > 0) this.message(number, list);
  }

  message(number: number, content: ProtoWriter): void {
    this.#tag(number, 2);
    this.#varint(content.size);
    for (const part of content.parts()) {
      if (part instanceof Uint8Array) this.#append(part);
      else this.fields(part);
    }
  }

  parts(): readonly (Uint8Array | SourceRange)[] {
    this.#flush();
    return this.#parts;
  }

  #tag(number: number, wire: number): void {
    this.#varint(number * 8 + wire);
  }

  #varint(value: number | bigint): void {
    this.#room(10);
    const page = this.#page;
    let at = this.#used;
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      let left = value;
      for (; left > 0x7f; left = Math.floor(left / 128)) page[at++] = (left % 128) | 0x80;
      page[at++] = left;
    } else {
      let left = BigInt.asUintN(64, BigInt(value));
      for (; left > 0x7fn; left >>= 7n) page[at++] = Number(left & 0x7fn) | 0x80;
      page[at++] = Number(left);
    }
    this.#advance(at - this.#used);
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length > MAX_COPIED) {
      this.#flush();
      this.#parts.push(bytes);
      this.size += bytes.length;
      return;
    }
    this.#room(bytes.length);
    this.#page.set(bytes, this.#used);
    this.#advance(bytes.length);
  }

  #advance(bytes: number): void {
    this.#used += bytes;
    this.size += bytes;
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#page.length) return;
    this.#flush();
    this.#page = new Uint8Array(Math.max(bytes, Math.min(MAX_PAGE, Math.max(MIN_PAGE, this.size))));
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#parts.push(this.#page.subarray(0, this.#used));
    this.#page = this.#page.subarray(this.#used);
    this.#used = 0;
  }
}

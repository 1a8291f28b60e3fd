import { type ByteSource, checkRange } from '../core/bytes/index.ts';
import { AssayError } from '../core/index.ts';

const EMPTY = new Uint8Array(0);

/**
 * Walks over a source in order. Values are taken without waiting from what is buffered; `has` tells whether they are buffered,
 * and `fill` reads them, so that a loop waits once for each block, not once for each value.
 */
export class ByteReader {
  readonly #source: ByteSource;
  readonly #block: number;
  #bytes: Uint8Array = EMPTY;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Offset of the buffer's first byte in the source, and of the next byte within the buffer. */
  #base = 0;
  #at = 0;

  /** @param block bytes to read at once: few where each is fetched. */
  constructor(source: ByteSource, start = 0, block = 256 * 1024) {
    this.#source = source;
    this.#base = start;
    this.#block = block;
  }

  get offset(): number {
    return this.#base + this.#at;
  }

  get left(): number {
    return this.#source.size - this.offset;
  }

  has(length: number): boolean {
    return this.#at + length <= this.#bytes.length;
  }

  /** @throws AssayError `truncated` when fewer than `length` bytes are left. */
  async fill(length: number): Promise<void> {
    if (this.has(length)) return;
    const offset = this.offset;
    checkRange(this.#source, offset, length);
    const wanted = Math.min(Math.max(length, this.#block), this.#source.size - offset);
    this.#bytes = this.#source.readNow(offset, wanted) ?? (await this.#source.read(offset, wanted));
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    this.#base = offset;
    this.#at = 0;
  }

  /** @throws AssayError `truncated` when the range leaves the source. */
  skip(length: number): void {
    checkRange(this.#source, this.offset, length);
    if (this.#at + length <= this.#bytes.length) this.#at += length;
    else this.#jump(this.offset + length);
  }

  #jump(offset: number): void {
    this.#base = offset;
    this.#at = 0;
    this.#bytes = EMPTY;
    this.#view = new DataView(new ArrayBuffer(0));
  }

  #take(length: number): number {
    if (!this.has(length)) throw new AssayError('internal', 'read beyond the filled bytes', { offset: this.offset });
    const at = this.#at;
    this.#at += length;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16be(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u32be(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** @throws AssayError `malformed` above 2^53: no length, count or offset of a file is. */
  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value))
      throw new AssayError('malformed', `the number ${value} is larger than any file`, { offset: this.offset - 8 });
    return value;
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The buffered bytes from here on, without moving. */
  buffered(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}

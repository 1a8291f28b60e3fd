import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';

const MAX_WORD = 64;

/** Reads numbers and texts as `torch.DiskFile` does, in binary (little-endian, longs of 8 bytes) or as text (lib/TH/THDiskFile.c). */
export class Torch7Input {
  readonly #reader: ByteReader;
  readonly #source: ByteSource;
  readonly #budget: FileBudget;
  readonly #isText: boolean;

  constructor(source: ByteSource, isText: boolean, budget: FileBudget) {
    this.#source = source;
    this.#reader = new ByteReader(source);
    this.#isText = isText;
    this.#budget = budget;
  }

  get offset(): number {
    return this.#reader.offset;
  }

  async integer(): Promise<number> {
    if (this.#isText) return await this.#number(/^[+-]?\d{1,10}$/);
    await this.#fill(4);
    return this.#reader.u32() | 0;
  }

  async long(): Promise<number> {
    if (this.#isText) return await this.#number(/^[+-]?\d{1,16}$/);
    await this.#fill(8);
    const bytes = this.#reader.bytes(8);
    const value = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true));
    if (!Number.isSafeInteger(value)) throw this.bad(`the number ${value}`);
    return value;
  }

  async double(): Promise<void> {
    if (this.#isText)
      await this.#number(/^[+-]?(?:\d[\d.]*(?:e[+-]?\d{1,4})?|\.\d+|inf(?:inity)?|-?nan(?:\(\w*\))?)$/i, true);
    else {
      await this.#fill(8);
      this.#reader.skip(8);
    }
  }

  /** @returns the first characters */
  async text(length: number, kept: number): Promise<string> {
    if (length < 0 || length > this.#reader.left)
      throw this.bad(`a text of ${length} bytes, but ${this.#reader.left} are left`, 'truncated');
    const head = Math.min(length, kept);
    await this.#fill(head);
    const text = Buffer.from(this.#reader.bytes(head)).toString('latin1');
    this.#reader.skip(length - head);
    if (this.#isText && length > 0) await this.#lineEnd();
    return text;
  }

  /** Skips the elements of a storage. @param raw they are bytes also in a file of text */
  async elements(count: number, size: number, raw: boolean): Promise<void> {
    if (!Number.isSafeInteger(count) || count < 0 || count > this.#reader.left / (this.#isText ? 1 : size))
      throw this.bad(`${count} elements, but ${this.#reader.left} bytes are left`, 'truncated');
    if (!this.#isText || raw) {
      this.#reader.skip(count * (this.#isText ? 1 : size));
      if (this.#isText && count > 0) await this.#lineEnd();
      return;
    }
    for (let i = 0; i < count; i++) await this.double();
  }

  async #fill(length: number): Promise<void> {
    this.#budget.work(1);
    if (!this.#reader.has(length)) await this.#reader.fill(length);
  }

  async #number(pattern: RegExp, any = false): Promise<number> {
    let word = '';
    for (;;) {
      const byte = this.#reader.left > 0 ? await this.#peek() : undefined;
      const isSpace = byte === undefined || byte === 0x20 || (byte >= 9 && byte <= 13);
      if (isSpace && (word !== '' || byte === undefined)) break;
      this.#reader.skip(1);
      if (!isSpace) word += String.fromCharCode(byte ?? 0);
      if (word.length > MAX_WORD) throw this.bad('a number that is too long');
    }
    await this.#lineEnd();
    if (!pattern.test(word))
      throw this.bad(`${JSON.stringify(word)} in place of a number`, word === '' ? 'truncated' : 'malformed');
    return any ? 0 : Number(word);
  }

  async #peek(): Promise<number> {
    await this.#fill(1);
    return this.#reader.buffered()[0] ?? 0;
  }

  async #lineEnd(): Promise<void> {
    if (this.#reader.left > 0 && (await this.#peek()) === 0x0a) this.#reader.skip(1);
  }

  bad(what: string, code: 'malformed' | 'truncated' = 'malformed'): AssayError {
    return new AssayError(code, `not a Torch7 object: ${what}`, { subject: this.#source.name, offset: this.offset });
  }
}

import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';

/** How numbers are written: `X` as in XDR (big-endian), `B` little-endian, `A` as text. */
export type RdsEncoding = 'X' | 'B' | 'A';

const NA = -(2 ** 31);
const MAX_WORD = 128;
const BLOCK = 256 * 1024;

/** Reads numbers and texts of R's serialization, in any of its encodings (src/main/serialize.c of R 4.2, `InInteger`, `InString`, `InWord`). */
export class RdsInput {
  readonly encoding: RdsEncoding;
  readonly #reader: ByteReader;
  readonly #source: ByteSource;
  readonly #budget: FileBudget;

  constructor(source: ByteSource, start: number, encoding: RdsEncoding, budget: FileBudget) {
    this.#source = source;
    this.#reader = new ByteReader(source, start, BLOCK);
    this.encoding = encoding;
    this.#budget = budget;
  }

  get offset(): number {
    return this.#reader.offset;
  }

  get left(): number {
    return this.#reader.left;
  }

  async integer(): Promise<number> {
    this.#budget.work(1);
    if (this.encoding !== 'A') {
      if (!this.#reader.has(4)) await this.#reader.fill(4);
      return (this.encoding === 'X' ? this.#reader.u32be() : this.#reader.u32()) | 0;
    }
    const word = await this.#word();
    if (word === 'NA') return NA;
    const value = /^[+-]?\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
    if (!(Math.abs(value) < 2 ** 31)) throw this.bad(`the integer ${JSON.stringify(word.slice(0, 40))}`);
    return value;
  }

  async skipSpace(): Promise<void> {
    while (this.encoding === 'A' && this.#reader.left > 0) {
      if (!this.#reader.has(1)) await this.#reader.fill(1);
      if (!isSpace(this.#reader.buffered()[0] ?? 0)) return;
      this.#reader.skip(1);
      this.#budget.work(1);
    }
  }

  /** Skips numbers. @param size bytes of each in binary @param words words of each as text */
  async skip(count: number, size: number, words: number): Promise<void> {
    if (this.encoding !== 'A') {
      if (count > this.left / size) throw this.bad(`${count} elements, but ${this.left} bytes are left`, 'truncated');
      this.#reader.skip(count * size);
      return;
    }
    if (count * words > this.left) throw this.bad(`${count} elements, but ${this.left} bytes are left`, 'truncated');
    for (let i = 0; i < count * words; i++) {
      const word = await this.#word();
      if (!/^(?:NA|NaN|-?Inf|[+-]?[\d.a-fA-FxXpPeE+-]{1,64})$/.test(word))
        throw this.bad('an element that is not a number');
    }
  }

  /** @param kept characters that are returned */
  async text(length: number, kept: number): Promise<string> {
    if (length > this.left) throw this.bad(`a text of ${length} bytes, but ${this.left} bytes are left`, 'truncated');
    if (this.encoding === 'A') return await this.#escaped(length, kept);
    const head = Math.min(length, kept);
    if (!this.#reader.has(head)) await this.#reader.fill(head);
    const text = Buffer.from(this.#reader.bytes(head)).toString('latin1');
    this.#reader.skip(length - head);
    return text;
  }

  async #word(): Promise<string> {
    let word = '';
    for (;;) {
      const byte = await this.#byte();
      if (byte === undefined) {
        if (word === '') throw this.bad('the end of the file in place of a value', 'truncated');
        return word;
      }
      if (isSpace(byte)) {
        if (word !== '') return word;
      } else if (word.length >= MAX_WORD) throw this.bad('a word that is too long');
      else word += String.fromCharCode(byte);
    }
  }

  async #byte(): Promise<number | undefined> {
    this.#budget.work(1);
    if (this.#reader.left === 0) return undefined;
    if (!this.#reader.has(1)) await this.#reader.fill(1);
    return this.#reader.u8();
  }

  /** A text on a line of its own; what is not plain ASCII is escaped. */
  async #escaped(length: number, kept: number): Promise<string> {
    let byte = length > 0 ? await this.#byte() : undefined;
    while (byte !== undefined && isSpace(byte)) byte = await this.#byte();
    let text = '';
    for (let i = 0; i < length; i++) {
      if (i > 0) byte = await this.#byte();
      if (byte === undefined) throw this.bad('the file ends within a text', 'truncated');
      const code = byte === BACKSLASH ? await this.#escape() : byte;
      if (text.length < kept) text += String.fromCharCode(code);
    }
    return text;
  }

  /** Three octal digits, or one character. */
  async #escape(): Promise<number> {
    const first = await this.#byte();
    if (first === undefined) throw this.bad('the file ends within a text', 'truncated');
    if (first < 0x30 || first > 0x37) return first;
    let code = first - 0x30;
    for (let i = 0; i < 2; i++) {
      const [next] = this.#reader.left > 0 ? await this.#source.read(this.#reader.offset, 1) : [];
      if (next === undefined || next < 0x30 || next > 0x37) break;
      code = code * 8 + next - 0x30;
      await this.#byte();
    }
    return code & 0xff;
  }

  bad(what: string, code: 'malformed' | 'truncated' = 'malformed'): AssayError {
    return new AssayError(code, `not an R object: ${what}`, { subject: this.#source.name, offset: this.offset });
  }
}

const BACKSLASH = 0x5c;

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

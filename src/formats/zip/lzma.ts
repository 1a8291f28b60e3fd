import { type ByteSource, checkRange } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';

/** The stream has an end mark, and its length need not be known (APPNOTE 4.4.4). */
export const FLAG_LZMA_END = 2;

const PROPERTIES = 5;

/**
 * A member of method 14 as the `.lzma` file it would be: the archive's own header (4.3.9 of APPNOTE: version, length,
 * properties) replaced by properties and length.
 * @throws AssayError `truncated`, `unsupported` where the properties are of another length.
 */
export async function lzmaAlone(member: ByteSource, size: number | undefined, endMark: boolean): Promise<ByteSource> {
  const own = await member.read(0, 4 + PROPERTIES);
  if ((own[2] ?? 0) !== PROPERTIES || own[3] !== 0)
    throw new AssayError('unsupported', 'LZMA properties of a wrong length', { subject: member.name });
  const head = new Uint8Array(PROPERTIES + 8).fill(0xff);
  head.set(own.subarray(4), 0);
  if (!endMark && size !== undefined) new DataView(head.buffer).setBigUint64(PROPERTIES, BigInt(size), true);
  return new PrefixedSource(head, member, own.length);
}

/** Bytes in memory, then those of a source from an offset on. Closing it leaves the source open. */
class PrefixedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #head: Uint8Array;
  readonly #rest: ByteSource;
  readonly #from: number;

  constructor(head: Uint8Array, rest: ByteSource, from: number) {
    this.name = rest.name;
    this.size = head.length + rest.size - from;
    this.#head = head;
    this.#rest = rest;
    this.#from = from;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    const rest = Math.max(0, offset + length - this.#head.length);
    const own = this.#head.subarray(offset, offset + length);
    if (rest === 0) return own;
    const bytes = this.#rest.readNow(this.#from + Math.max(0, offset - this.#head.length), rest);
    return bytes === undefined ? undefined : Buffer.concat([own, bytes]);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const rest = Math.max(0, offset + length - this.#head.length);
    const own = this.#head.subarray(offset, offset + length);
    if (rest === 0) return own;
    return Buffer.concat([own, await this.#rest.read(this.#from + Math.max(0, offset - this.#head.length), rest)]);
  }

  unchanged(): Promise<boolean> {
    return this.#rest.unchanged();
  }

  async close(): Promise<void> {}
}

import { type ByteSource, checkRange } from '../../core/bytes/index.ts';

/** Another source with the bytes from `from` to `to` left out. */
export class SplicedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #parent: ByteSource;
  readonly #from: number;
  readonly #gap: number;

  constructor(parent: ByteSource, from: number, to: number) {
    checkRange(parent, from, to - from);
    this.name = parent.name;
    this.size = parent.size - (to - from);
    this.#parent = parent;
    this.#from = from;
    this.#gap = to - from;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    if (offset + length <= this.#from) return this.#parent.readNow(offset, length);
    if (offset >= this.#from) return this.#parent.readNow(offset + this.#gap, length);
    return undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    if (offset + length <= this.#from) return this.#parent.read(offset, length);
    if (offset >= this.#from) return this.#parent.read(offset + this.#gap, length);
    const before = await this.#parent.read(offset, this.#from - offset);
    const after = await this.#parent.read(this.#from + this.#gap, length - before.length);
    return Buffer.concat([before, after]);
  }

  unchanged(): Promise<boolean> {
    return this.#parent.unchanged();
  }

  async close(): Promise<void> {}
}

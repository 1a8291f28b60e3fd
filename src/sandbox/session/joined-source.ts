import { type ByteSource, checkRange } from '../../core/bytes/index.ts';

/** A file of the model, as the runtime is told of it: the model itself has an empty name. */
export interface SessionFile {
  readonly name: string;
  readonly source: ByteSource;
}

/** Several sources one behind the other. Closing it leaves them open. */
export class JoinedSource implements ByteSource {
  readonly name = 'model';
  readonly size: number;
  readonly #files: readonly SessionFile[];

  constructor(files: readonly SessionFile[]) {
    this.#files = files;
    this.size = files.reduce((sum, { source }) => sum + source.size, 0);
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    const found = this.#find(offset, length);
    return found?.source.readNow(found.at, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const found = this.#find(offset, length);
    if (found !== undefined) return found.source.read(found.at, length);
    const bytes = new Uint8Array(length);
    let start = 0;
    for (const { source } of this.#files) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + source.size);
      if (from < to) bytes.set(await source.read(from - start, to - from), from - offset);
      start += source.size;
    }
    return bytes;
  }

  async unchanged(): Promise<boolean> {
    const all = await Promise.all(this.#files.map(({ source }) => source.unchanged()));
    return all.every((one) => one);
  }

  async close(): Promise<void> {}

  /** The source that holds the whole range, when one does. */
  #find(offset: number, length: number): { readonly source: ByteSource; readonly at: number } | undefined {
    let start = 0;
    for (const { source } of this.#files) {
      if (offset >= start && offset + length <= start + source.size) return { source, at: offset - start };
      start += source.size;
    }
    return undefined;
  }
}

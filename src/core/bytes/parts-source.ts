import { type ByteSource, checkRange } from './byte-source.ts';

/** Bytes of a source that are read only when they are used. */
export interface SourceRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

interface Placed {
  readonly start: number;
  readonly end: number;
  readonly part: Uint8Array | SourceRange;
}

/**
 * Bytes in memory and ranges of other sources, one behind the other, as one source: what is written is read from where it lies.
 * Closing it leaves the others open.
 */
export class PartsSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #placed: readonly Placed[];

  constructor(parts: Iterable<Uint8Array | SourceRange>, name: string) {
    this.name = name;
    const placed: Placed[] = [];
    let at = 0;
    for (const part of parts) {
      if (part.length === 0) continue;
      placed.push({ start: at, end: at + part.length, part });
      at += part.length;
    }
    this.size = at;
    this.#placed = placed;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    const placed = this.#placed[this.#indexAt(offset)];
    if (placed === undefined || offset + length > placed.end) return length === 0 ? new Uint8Array(0) : undefined;
    const { part, start } = placed;
    return part instanceof Uint8Array
      ? part.subarray(offset - start, offset - start + length)
      : part.source.readNow(part.offset + offset - start, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const now = this.readNow(offset, length);
    if (now !== undefined) return now;
    const end = offset + length;
    const bytes = new Uint8Array(length);
    for (let at = offset, index = this.#indexAt(offset); at < end; index++) {
      const placed = this.#placed[index];
      if (placed === undefined) break;
      const to = Math.min(end, placed.end);
      bytes.set(await partOf(placed, at, to - at), at - offset);
      at = to;
    }
    return bytes;
  }

  async readOnce(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const placed = this.#placed[this.#indexAt(offset)];
    if (placed === undefined) return new Uint8Array(0);
    const most = Math.min(length, placed.end - offset);
    const { part, start } = placed;
    if (part instanceof Uint8Array) return part.subarray(offset - start, offset - start + most);
    const at = part.offset + offset - start;
    return part.source.readNow(at, most) ?? part.source.readOnce?.(at, most) ?? part.source.read(at, most);
  }

  async unchanged(): Promise<boolean> {
    for (const { part } of this.#placed) {
      if (!(part instanceof Uint8Array) && !(await part.source.unchanged())) return false;
    }
    return true;
  }

  async close(): Promise<void> {}

  /** The part that holds the byte at `offset`. */
  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#placed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#placed[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function partOf({ part, start }: Placed, at: number, length: number): Uint8Array | Promise<Uint8Array> {
  if (part instanceof Uint8Array) return part.subarray(at - start, at - start + length);
  const offset = part.offset + at - start;
  return part.source.readNow(offset, length) ?? part.source.read(offset, length);
}

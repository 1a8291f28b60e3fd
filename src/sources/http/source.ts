import { type ByteSource, checkRange } from '../../core/bytes/index.ts';
import { FIRST_RANGE, type RangeReader } from './range.ts';

/** Bytes of a cached block, and of the smallest request. */
const BLOCK = 8 * 1024;
/** Bytes of the largest request. */
const MAX_REQUEST = 4 * 1024 * 1024;
/** Bytes that a request grows to while reads go on in order. */
const MAX_AHEAD = 1024 * 1024;
/** Blocks that one source keeps: 16 MiB. */
const MAX_BLOCKS = 2048;

/**
 * A file on a server, read in ranges. Scattered reads fetch a block each, so that a headers-only parse of a large file costs
 * little; reads in order fetch further ahead each time.
 */
export class HttpSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #ranges: RangeReader;
  readonly #signal: AbortSignal | undefined;
  readonly #blocks = new Map<number, Uint8Array>();
  #ahead = BLOCK;
  #lastEnd = 0;
  /** One request at a time: a read that waits may find its bytes came with the one before. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(ranges: RangeReader, name: string, signal?: AbortSignal) {
    this.#ranges = ranges;
    this.#signal = signal;
    this.name = name;
    this.size = ranges.size;
    this.#keep(0, ranges.first);
    this.#lastEnd = ranges.first.length;
  }

  /** Bytes that came over the network. */
  get bytesRead(): number {
    return this.#ranges.bytesRead;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    const first = Math.floor(offset / BLOCK);
    const at = offset - first * BLOCK;
    if (at + length <= BLOCK)
      return length === 0 ? new Uint8Array(0) : this.#blocks.get(first)?.subarray(at, at + length);
    if (length > MAX_AHEAD) return undefined;
    for (let index = first; index * BLOCK < offset + length; index++) if (!this.#blocks.has(index)) return undefined;
    const bytes = new Uint8Array(length);
    this.#copyCached(bytes, offset, 0);
    return bytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const now = this.readNow(offset, length);
    if (now !== undefined) return now;
    const turn = this.#queue.then(() => this.#gather(offset, length));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  unchanged(): Promise<boolean> {
    return this.#ranges.unchanged();
  }

  async close(): Promise<void> {
    await this.#queue;
    this.#blocks.clear();
  }

  async #gather(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (true) {
      done = this.#copyCached(bytes, offset, done);
      if (done === length) return bytes;
      const { start, end } = this.#plan(offset + done, offset + length);
      const fetched = await this.#ranges.read(start, end, this.#signal);
      this.#keep(start, fetched);
      this.#lastEnd = end;
      // Straight from what came: a read larger than the cache would lose its first blocks before it copies them.
      const from = offset + done - start;
      const part = fetched.subarray(from, from + length - done);
      bytes.set(part, done);
      done += part.length;
    }
  }

  /** What to fetch for `[from, to)`, of which the first byte is missing: whole blocks, up to the next one at hand. */
  #plan(from: number, to: number): { start: number; end: number } {
    const inTail = to > this.size - FIRST_RANGE && this.#lastEnd < this.size - FIRST_RANGE;
    const start = (inTail ? Math.min(blockStart(from), blockStart(this.size - FIRST_RANGE)) : blockStart(from)) || 0;
    const inOrder = start <= this.#lastEnd && this.#lastEnd <= from;
    this.#ahead = inOrder ? Math.min(this.#ahead * 2, MAX_AHEAD) : BLOCK;
    const want = Math.max(to, start + this.#ahead);
    let end = Math.min(Math.ceil(want / BLOCK) * BLOCK, start + MAX_REQUEST, this.size);
    if (inTail) end = Math.min(start + MAX_REQUEST, this.size);
    for (let at = blockStart(from) + BLOCK; !inTail && at < end; at += BLOCK)
      if (this.#blocks.has(at / BLOCK)) end = at;
    return { start, end };
  }

  /** Fills `bytes` from `done` on with blocks at hand; returns how far that went. */
  #copyCached(bytes: Uint8Array, offset: number, done: number): number {
    let at = done;
    while (at < bytes.length) {
      const index = Math.floor((offset + at) / BLOCK);
      const block = this.#blocks.get(index);
      if (block === undefined) break;
      this.#blocks.delete(index);
      this.#blocks.set(index, block);
      const within = offset + at - index * BLOCK;
      const part = block.subarray(within, within + bytes.length - at);
      bytes.set(part, at);
      at += part.length;
    }
    return at;
  }

  /** `start` is the start of a block; a last block that is cut short is kept only at the end of the file. */
  #keep(start: number, fetched: Uint8Array): void {
    for (let at = 0; at < fetched.length; at += BLOCK) {
      const block = fetched.slice(at, at + BLOCK);
      if (block.length === BLOCK || start + at + block.length === this.size)
        this.#blocks.set((start + at) / BLOCK, block);
    }
    for (const index of this.#blocks.keys()) {
      if (this.#blocks.size <= MAX_BLOCKS) return;
      this.#blocks.delete(index);
    }
  }
}

function blockStart(offset: number): number {
  return Math.max(0, Math.floor(offset / BLOCK) * BLOCK);
}

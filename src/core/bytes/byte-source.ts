import { AssayError } from '../errors.ts';
import type { SharedFile } from './shared-file.ts';

/** Bytes of known length that can be read at any offset. Every reader parses from one of these. */
export interface ByteSource {
  /** Where the bytes come from, for messages. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes at `offset`. The view stays valid, and must not be written to.
   * @throws AssayError `truncated` when the range leaves the source; `changed`, `network`, `unreadable` from below.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same when it needs no waiting; `undefined` when it does. */
  readNow(offset: number, length: number): Uint8Array | undefined;
  /**
   * For one pass in order: between 1 and `length` bytes at `offset`, not kept, and valid only until the next call. Costs no
   * memory however long the pass; sources without it are read in copies.
   */
  readOnce?(offset: number, length: number): Promise<Uint8Array>;
  /** The open file behind this source, which another thread of this process can read; absent when the source is not a file. */
  share?(): SharedFile;
  /** False when the bytes of the source have changed since it was opened. */
  unchanged(): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws AssayError `truncated` when `[offset, offset + length)` is not within `size`. */
export function checkRange(source: { name: string; size: number }, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new AssayError('malformed', `impossible range ${offset}+${length}`, { subject: source.name });
  }
  if (offset + length > source.size) {
    throw new AssayError('truncated', `needs bytes ${offset} to ${offset + length}, but ends at ${source.size}`, {
      subject: source.name,
      offset,
    });
  }
}

/** A source over bytes in memory. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  readNow(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.readNow(offset, length);
  }

  async unchanged(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}

/** A window of another source: a stored member of an archive. Closing it leaves the parent open. */
export class SliceSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly parent: ByteSource;
  readonly start: number;

  /** @throws AssayError `truncated` when the window leaves the parent. */
  constructor(parent: ByteSource, start: number, size: number, name: string) {
    checkRange(parent, start, size);
    this.parent = parent;
    this.start = start;
    this.size = size;
    this.name = name;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    return this.parent.readNow(this.start + offset, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    return this.parent.read(this.start + offset, length);
  }

  async readOnce(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const { parent, start } = this;
    return parent.readOnce === undefined
      ? parent.read(start + offset, length)
      : parent.readOnce(start + offset, length);
  }

  unchanged(): Promise<boolean> {
    return this.parent.unchanged();
  }

  async close(): Promise<void> {}
}

/** The bytes of `source` from `start` to `end` in order, in chunks of at most `chunkSize`, each valid until the next. */
export async function* chunks(
  source: ByteSource,
  start = 0,
  end = source.size,
  chunkSize = 1024 * 1024,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const length = Math.min(chunkSize, end - at);
    const chunk = source.readNow(at, length) ?? (await (source.readOnce?.(at, length) ?? source.read(at, length)));
    yield chunk;
    at += chunk.length;
  }
}

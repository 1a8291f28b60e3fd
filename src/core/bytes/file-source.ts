import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  read as readCallback,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { AssayError } from '../errors.ts';
import { codeOrText, isFileMissing, systemCode } from '../system-error.ts';
import { type ByteSource, checkRange } from './byte-source.ts';
import type { SharedFile } from './shared-file.ts';

const read = promisify(readCallback);

/** Bytes of one cached block. */
export const BLOCK_SIZE = 1024 * 1024;
/** Blocks one source keeps: the hash may lag this far behind the parse without a second read. */
const MAX_BLOCKS = 16;
/** Buffers that passes in order share between reading and hashing. */
const MAX_LENT = 8;
/**
 * Such buffers that are kept for the next file: the garbage collector frees shared memory late, and each buffer would be
 * allocated again.
 */
const MAX_SPARE = 32;
const spare: Uint8Array[] = [];

/** A buffer of the passes in order. It is free again when neither the reader nor the sink holds it. */
interface Lent {
  readonly buffer: Uint8Array;
  index: number;
  length: number;
  holders: number;
}

/** Receives the bytes of a file in order, also those that another reader read first. */
export interface BlockSink {
  /** Receives a block, calls `done` when it no longer needs the bytes, and resolves when it can take another block. */
  write(bytes: Uint8Array, done: () => void): Promise<void> | void;
}

/**
 * A local file, opened once. Reads go through a bounded cache of blocks; a sink (a hash) sees each block once, in order, as
 * parsing brings it in, and `drain` reads only the blocks that no reader requested.
 */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  /** Bytes that came from the file system. */
  bytesRead = 0;
  readonly #path: string;
  readonly #fd: number;
  /** Absent where another thread opened the file. */
  readonly #stat: Stats | undefined;
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #loading = new Map<number, Promise<Uint8Array>>();
  readonly #buffers: Lent[] = [];
  #lent: Lent | undefined;
  #wake: (() => void) | undefined;
  #sink: BlockSink | undefined;
  #sinkNext = 0;
  #closed = false;

  private constructor(path: string, fd: number, size: number, stat?: Stats) {
    this.#path = path;
    this.#fd = fd;
    this.#stat = stat;
    this.name = path;
    this.size = size;
  }

  /** @throws AssayError `not-found`, `unreadable` (permissions, a device, a pipe, a socket). */
  static open(path: string): FileSource {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw openError(path, error);
    }
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      closeSync(fd);
      throw new AssayError('unreadable', 'is not a regular file', { subject: path, hint: 'give a file or a folder' });
    }
    return new FileSource(path, fd, stat.size, stat);
  }

  /** The same open file, read by this thread. */
  static shared({ path, fd, size }: SharedFile): FileSource {
    return new FileSource(path, fd, size);
  }

  share(): SharedFile {
    return { path: this.#path, fd: this.#fd, size: this.size };
  }

  /** Sends every block to `sink` in order, from the first. */
  attach(sink: BlockSink): void {
    this.#sink = sink;
  }

  /** Brings the sink to the end of the file. */
  async drain(signal?: AbortSignal): Promise<void> {
    while (this.#sink !== undefined && this.#sinkNext < this.#blockCount()) {
      signal?.throwIfAborted();
      if (this.#blocks.has(this.#sinkNext)) await this.#feed();
      else if (this.size <= BLOCK_SIZE) this.#small();
      // A pass in order may have stopped at this block before the sink came to it.
      else if (this.#lent?.index === this.#sinkNext) await this.#show(this.#lent, this.#sink);
      else this.#lent = await this.#lend(this.#sinkNext);
    }
  }

  async readOnce(offset: number, length: number): Promise<Uint8Array> {
    const now = this.readNow(offset, Math.min(length, BLOCK_SIZE - (offset % BLOCK_SIZE)));
    if (now !== undefined) return now;
    const index = Math.floor(offset / BLOCK_SIZE);
    if (this.#lent?.index !== index) this.#lent = await this.#lend(index);
    const at = offset - index * BLOCK_SIZE;
    return this.#lent.buffer.subarray(at, Math.min(this.#lent.length, at + length));
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    if (length === 0) return new Uint8Array(0);
    if (this.size <= BLOCK_SIZE) return this.#small().subarray(offset, offset + length);
    const index = Math.floor(offset / BLOCK_SIZE);
    const block = this.#blocks.get(index);
    const at = offset - index * BLOCK_SIZE;
    return block !== undefined && at + length <= block.length ? block.subarray(at, at + length) : undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const now = this.readNow(offset, length);
    if (now !== undefined) return now;
    const first = Math.floor(offset / BLOCK_SIZE);
    const last = Math.floor((offset + length - 1) / BLOCK_SIZE);
    if (first === last) {
      const block = await this.#block(first);
      return block.subarray(offset - first * BLOCK_SIZE, offset - first * BLOCK_SIZE + length);
    }
    const bytes = new Uint8Array(length);
    for (let index = first; index <= last; index++) {
      const block = await this.#block(index);
      const from = Math.max(offset, index * BLOCK_SIZE);
      const to = Math.min(offset + length, index * BLOCK_SIZE + block.length);
      bytes.set(block.subarray(from - index * BLOCK_SIZE, to - index * BLOCK_SIZE), from - offset);
    }
    return bytes;
  }

  async unchanged(): Promise<boolean> {
    // Compares by name, which may lead to another file by now: then a loader would open other bytes than those that were
    // judged. If it leads to the same file, the open file is compared as well.
    try {
      return this.#stat !== undefined && sameFile(this.#stat, statSync(this.#path));
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#loading.size > 0) await Promise.allSettled(this.#loading.values());
    this.#blocks.clear();
    this.#giveBack();
    if (this.#stat !== undefined) closeSync(this.#fd);
  }

  #blockCount(): number {
    return Math.ceil(this.size / BLOCK_SIZE);
  }

  /** A file of one block is read in one call without leaving the thread. */
  #small(): Uint8Array {
    const cached = this.#blocks.get(0);
    if (cached !== undefined) return cached;
    this.#checkOpen();
    const block = new Uint8Array(this.size);
    for (let at = 0; at < this.size; ) {
      const n = this.#readNow(block, at);
      if (n === 0) throw this.#shrunk(at);
      at += n;
    }
    this.bytesRead += this.size;
    this.#blocks.set(0, block);
    return block;
  }

  #readNow(block: Uint8Array, at: number): number {
    try {
      return readSync(this.#fd, block, at, this.size - at, at);
    } catch (error) {
      throw readError(this.#path, error);
    }
  }

  async #block(index: number): Promise<Uint8Array> {
    const cached = this.#blocks.get(index);
    if (cached !== undefined) {
      this.#blocks.delete(index);
      this.#blocks.set(index, cached);
      return cached;
    }
    let loading = this.#loading.get(index);
    if (loading === undefined) {
      loading = this.#load(index).finally(() => this.#loading.delete(index));
      this.#loading.set(index, loading);
    }
    return loading;
  }

  async #load(index: number): Promise<Uint8Array> {
    const block = shared(Math.min(BLOCK_SIZE, this.size - index * BLOCK_SIZE));
    await this.#fill(block, index, block.length);
    this.#blocks.set(index, block);
    this.#evict();
    await this.#feed();
    return block;
  }

  async #fill(block: Uint8Array, index: number, length: number): Promise<void> {
    this.#checkOpen();
    const start = index * BLOCK_SIZE;
    for (let at = 0; at < length; ) {
      const { bytesRead } = await read(this.#fd, block, at, length - at, start + at).catch((error: unknown) => {
        throw readError(this.#path, error);
      });
      if (bytesRead === 0) throw this.#shrunk(start + at);
      at += bytesRead;
    }
    this.bytesRead += length;
  }

  /** A block for one use, in a buffer that is reused; the sink gets it, too, when it is the next block of the sink. */
  async #lend(index: number): Promise<Lent> {
    if (this.#lent !== undefined) this.#release(this.#lent);
    this.#lent = undefined;
    const lent = await this.#freeBuffer();
    lent.holders = 1;
    lent.index = index;
    lent.length = Math.min(BLOCK_SIZE, this.size - index * BLOCK_SIZE);
    await this.#fill(lent.buffer, index, lent.length);
    if (this.#sink !== undefined && index === this.#sinkNext) await this.#show(lent, this.#sink);
    return lent;
  }

  async #show(lent: Lent, sink: BlockSink): Promise<void> {
    this.#sinkNext++;
    lent.holders++;
    await sink.write(lent.buffer.subarray(0, lent.length), () => this.#release(lent));
  }

  async #freeBuffer(): Promise<Lent> {
    for (;;) {
      const free = this.#buffers.find((lent) => lent.holders === 0);
      if (free !== undefined) return free;
      if (this.#buffers.length < MAX_LENT) {
        const lent = { buffer: spare.pop() ?? shared(BLOCK_SIZE), index: -1, length: 0, holders: 0 };
        this.#buffers.push(lent);
        return lent;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #release(lent: Lent): void {
    lent.holders--;
    if (lent.holders === 0) this.#wake?.();
  }

  /** A buffer that the sink still reads is not reused. */
  #giveBack(): void {
    if (this.#lent !== undefined) this.#release(this.#lent);
    this.#lent = undefined;
    for (const { buffer, holders } of this.#buffers.splice(0)) {
      if (holders === 0 && spare.length < MAX_SPARE) spare.push(buffer);
    }
  }

  /** Evicts the oldest first, and blocks that the sink still needs last. */
  #evict(): void {
    for (const index of this.#blocks.keys()) {
      if (this.#blocks.size <= MAX_BLOCKS) return;
      if (this.#sink === undefined || index < this.#sinkNext) this.#blocks.delete(index);
    }
    for (const index of [...this.#blocks.keys()].slice(0, -1)) {
      if (this.#blocks.size <= MAX_BLOCKS) return;
      this.#blocks.delete(index);
    }
  }

  async #feed(): Promise<void> {
    while (this.#sink !== undefined) {
      const block = this.#blocks.get(this.#sinkNext);
      if (block === undefined) return;
      this.#sinkNext++;
      await this.#sink.write(block, () => undefined);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new AssayError('internal', 'read after close', { subject: this.#path });
  }

  #shrunk(at: number): AssayError {
    return new AssayError('changed', `ended at byte ${at} while it was read, but had ${this.size} bytes before`, {
      subject: this.#path,
      hint: 'scan it again when nothing writes to it',
    });
  }
}

/** Memory that a hashing thread reads as well: exactly the parsed bytes. */
function shared(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

function sameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

function readError(path: string, error: unknown): AssayError {
  return new AssayError('unreadable', `cannot be read (${codeOrText(error)})`, {
    subject: path,
    hint: 'check the disk',
    cause: error,
  });
}

function openError(path: string, error: unknown): AssayError {
  const code = systemCode(error);
  if (isFileMissing(error)) {
    return new AssayError('not-found', 'no such file or folder', {
      subject: path,
      hint: 'check the path',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AssayError('unreadable', 'permission denied', {
      subject: path,
      hint: 'grant read permission, or run as another user',
      cause: error,
    });
  }
  return new AssayError('unreadable', `cannot be opened (${String(code ?? error)})`, { subject: path, cause: error });
}

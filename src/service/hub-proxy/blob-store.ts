import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, systemCode } from '../../core/index.ts';
import { ServiceError } from '../problems/index.ts';
import { Semaphore } from './semaphore.ts';

/** Bytes by their digest. */
export interface StoredBlob {
  /** Hex. */
  readonly sha256: string;
  readonly size: number;
}

/** Where the bytes of a blob come from. */
export type Download = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Downloads of one process at a time; the others wait. */
const AT_ONCE = 8;
/** Of the disk: the registry writes to it, too. */
const SPARE_BYTES = 256 * 1024 * 1024;
const SPARE_SHARE = 0.02;
const READ_BYTES = 1024 * 1024;
/** The age of files of abandoned downloads: an active download writes more often. */
const STALE_MS = 3_600_000;

/**
 * Files on disk, each named by its verified SHA-256. Each tenant has its own, since knowledge of a digest must not give access
 * to the bytes of another tenant.
 */
export class BlobStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #freeBytes: FreeBytes;
  readonly #semaphore = new Semaphore(AT_ONCE);
  readonly #filling = new Map<string, Promise<void>>();
  /** Files that were read since this process began, in the state in which they were found right. */
  readonly #checks = new Map<string, Promise<boolean>>();
  readonly #stop = new AbortController();
  /** Files that go last, by their digests. */
  #kept: ReadonlySet<string> = new Set();
  /** Bytes that downloads under way will take. */
  #coming = 0;

  private constructor(folder: string, maxBytes: number, freeBytes: FreeBytes) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#freeBytes = freeBytes;
  }

  /** @param maxBytes what it takes on disk, unless one file alone takes more */
  static async open(folder: string, maxBytes: number, freeBytes: FreeBytes = freeOf): Promise<BlobStore> {
    const store = new BlobStore(folder, maxBytes, freeBytes);
    await mkdir(store.#temporary, { recursive: true, mode: 0o700 });
    for (const name of await readdir(store.#temporary)) {
      const path = join(store.#temporary, name);
      const known = await stat(path).catch(() => undefined);
      if (known !== undefined && Date.now() - known.mtimeMs > STALE_MS) await rm(path, { force: true });
    }
    return store;
  }

  /** The file, to be closed by the caller; `undefined` when it is not here. */
  async find({ sha256, size }: StoredBlob): Promise<FileHandle | undefined> {
    const path = join(this.#folder, sha256);
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      if (await this.#isRight(file, sha256, size)) return file;
    } catch (error) {
      await file.close();
      throw error;
    }
    // The file was changed, by a person or a disk error.
    await file.close();
    await rm(path, { force: true });
    return undefined;
  }

  /** Whether its bytes are those of its name: read once, and again when it is another file or was written to. */
  async #isRight(file: FileHandle, sha256: string, size: number): Promise<boolean> {
    const known = await file.stat();
    if (known.size !== size) return false;
    const state = stateOf(sha256, known);
    const check = this.#checks.get(state) ?? digestOf(file, this.#stop.signal).then((digest) => digest === sha256);
    this.#checks.set(state, check);
    const isRight = await check.catch((error: unknown) => {
      this.#checks.delete(state);
      throw error;
    });
    if (!isRight) this.#checks.delete(state);
    // When it was read last decides what makes room; when it was written stays as it was.
    else await file.utimes(Date.now() / 1000, known.mtimeMs / 1000).catch(() => undefined);
    return isRight;
  }

  /**
   * Downloads a missing file; concurrent requests for the same file wait for the same download. @throws AssayError `mismatch`,
   * ...
   * @param ahead nobody waits for it: it takes no room of files that are kept
   */
  fill(blob: StoredBlob, download: Download, ahead = false): Promise<void> {
    const known = this.#filling.get(blob.sha256);
    if (known !== undefined) return known;
    const filling = this.#semaphore
      .use(() => this.#fetch(blob, download, ahead))
      .finally(() => this.#filling.delete(blob.sha256));
    this.#filling.set(blob.sha256, filling);
    return filling;
  }

  /** Sets the blobs that are removed last when the store is full. */
  keep(digests: ReadonlySet<string>): void {
    this.#kept = digests;
  }

  /** Whether the file is there; it is not read. */
  async has({ sha256, size }: StoredBlob): Promise<boolean> {
    const known = await stat(join(this.#folder, sha256)).catch(() => undefined);
    return known?.size === size;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#filling.values());
  }

  get #temporary(): string {
    return join(this.#folder, 'incoming');
  }

  async #fetch(blob: StoredBlob, download: Download, ahead: boolean): Promise<void> {
    this.#coming += blob.size;
    const path = join(this.#temporary, randomUUID());
    try {
      await this.#makeRoom(ahead);
      await write(path, blob, download(this.#stop.signal));
      this.#checks.set(stateOf(blob.sha256, await stat(path)), Promise.resolve(true));
      await rename(path, join(this.#folder, blob.sha256));
    } catch (error) {
      throw isFull(error) ? noRoom(error) : error;
    } finally {
      this.#coming -= blob.size;
      await rm(path, { force: true });
    }
  }

  /**
   * Removes the least recently used files, those that are kept last. Current readers continue: a file exists as long as it is open.
   * @param ahead only files that are not kept make room
   */
  async #makeRoom(ahead: boolean): Promise<void> {
    const files = [];
    for (const name of await readdir(this.#folder)) {
      const known = await stat(join(this.#folder, name)).catch(() => undefined);
      if (known?.isFile() !== true) continue;
      files.push({ name, size: known.size, used: known.atimeMs, kept: this.#kept.has(name) });
    }
    const held = files.reduce((sum, { size }) => sum + size, 0);
    let tooMany = held + this.#coming - this.#maxBytes;
    let lacking = this.#coming - (await this.#freeBytes(this.#folder));
    const movable = ahead ? files.filter(({ kept }) => !kept) : files;
    const room = movable.reduce((sum, { size }) => sum + size, 0);
    if (lacking > room || (ahead && tooMany > room)) throw noRoom();
    for (const { name, size } of movable.sort((a, b) => Number(a.kept) - Number(b.kept) || a.used - b.used)) {
      if (tooMany <= 0 && lacking <= 0) return;
      await rm(join(this.#folder, name), { force: true });
      tooMany -= size;
      lacking -= size;
    }
  }
}

/** Bytes that may be written to the disk of a folder. */
export type FreeBytes = (folder: string) => Promise<number>;

async function freeOf(folder: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return (bavail - Math.min(SPARE_BYTES / bsize, blocks * SPARE_SHARE)) * bsize;
}

function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function noRoom(cause?: unknown): ServiceError {
  const detail = 'the cache of Assay is full; ask the operator of Assay for a larger disk';
  return new ServiceError(503, 'no-room', detail, cause === undefined ? {} : { cause });
}

function stateOf(sha256: string, { ino, mtimeMs }: Stats): string {
  return `${sha256} ${ino} ${Math.floor(mtimeMs)}`;
}

async function digestOf(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(READ_BYTES);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** Writes bytes, and keeps them only when they are complete and have the digest. */
async function write(path: string, { sha256, size }: StoredBlob, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o400);
  try {
    const hash = createHash('sha256');
    let written = 0;
    for await (const chunk of bytes) {
      hash.update(chunk);
      written += chunk.length;
      if (written > size) break;
      await file.writeFile(chunk);
    }
    const found = hash.digest('hex');
    if (written !== size || found !== sha256) {
      throw new AssayError('mismatch', `the bytes have the SHA-256 ${found}, but ${sha256} was assessed`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

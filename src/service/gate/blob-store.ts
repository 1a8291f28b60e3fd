import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '../../core/errors.ts';
import { Slots } from './slots.ts';

/** Bytes by their digest. */
export interface Blob {
  /** Hex. */
  readonly sha256: string;
  readonly size: number;
}

/** Where the bytes of a blob come from. */
export type Download = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Downloads of one process at a time; the others wait. */
const AT_ONCE = 8;
/** What a download left that its process did not live to end. */
const STALE_MS = 24 * 3_600_000;

/**
 * Files on disk, each under the SHA-256 that it was found to have when it was whole: what lies here under a digest has it. Each
 * tenant has its own, since who may name a digest must not thereby get somebody else's bytes.
 */
export class BlobStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #slots = new Slots(AT_ONCE);
  readonly #filling = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  /** Bytes that downloads under way will take. */
  #coming = 0;

  private constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** @param maxBytes what it takes on disk, unless one file alone takes more */
  static async open(folder: string, maxBytes: number): Promise<BlobStore> {
    const store = new BlobStore(folder, maxBytes);
    await mkdir(store.#temporary, { recursive: true, mode: 0o700 });
    for (const name of await readdir(store.#temporary)) {
      const path = join(store.#temporary, name);
      const known = await stat(path).catch(() => undefined);
      if (known !== undefined && Date.now() - known.mtimeMs > STALE_MS) await rm(path, { force: true });
    }
    return store;
  }

  /** The file, to be closed by the caller; `undefined` when it is not here. */
  async find({ sha256, size }: Blob): Promise<FileHandle | undefined> {
    const path = join(this.#folder, sha256);
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    if ((await file.stat()).size === size) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return file;
    }
    // Whoever cut it short: it is not what it was.
    await file.close();
    await rm(path, { force: true });
    return undefined;
  }

  /** Fetches what is not here; those who ask for the same meanwhile wait for the same. @throws AssayError `mismatch`, ... */
  fill(blob: Blob, download: Download): Promise<void> {
    const known = this.#filling.get(blob.sha256);
    if (known !== undefined) return known;
    const filling = this.#slots.use(() => this.#fetch(blob, download)).finally(() => this.#filling.delete(blob.sha256));
    this.#filling.set(blob.sha256, filling);
    return filling;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#filling.values());
  }

  get #temporary(): string {
    return join(this.#folder, 'incoming');
  }

  async #fetch(blob: Blob, download: Download): Promise<void> {
    this.#coming += blob.size;
    const path = join(this.#temporary, randomUUID());
    try {
      await this.#makeRoom();
      await write(path, blob, download(this.#stop.signal));
      await rename(path, join(this.#folder, blob.sha256));
    } finally {
      this.#coming -= blob.size;
      await rm(path, { force: true });
    }
  }

  /** Drops what was not used longest. Who reads it just now goes on: the file lives as long as it is open. */
  async #makeRoom(): Promise<void> {
    const files = [];
    for (const name of await readdir(this.#folder)) {
      const known = await stat(join(this.#folder, name)).catch(() => undefined);
      if (known?.isFile() === true) files.push({ name, size: known.size, used: known.mtimeMs });
    }
    let total = this.#coming + files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.#maxBytes) return;
      await rm(join(this.#folder, name), { force: true });
      total -= size;
    }
  }
}

/** Writes bytes and keeps them only when they are all, and the right ones. */
async function write(path: string, { sha256, size }: Blob, bytes: AsyncIterable<Uint8Array>): Promise<void> {
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
      throw new AssayError('mismatch', `the bytes have the sha256 ${found}, assessed was ${sha256}`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

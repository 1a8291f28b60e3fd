import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { codeOrText } from '../system-error.ts';
import { type ByteSource, MemorySource } from './byte-source.ts';
import { FileSource } from './file-source.ts';
import type { SharedFile } from './shared-file.ts';

/** The bytes that all decompression within one file may still write, shared by all layers. */
export interface ExpansionBudget {
  remaining: number;
  /** Charges memory before it is held, and gives it back. */
  hold?(bytes: number): void;
  release?(bytes: number): void;
}

/** Bytes that are written to a temporary file at a time, at least. */
const WRITE_BYTES = 256 * 1024;
/** Smaller pieces are copied, into buffers of this size. */
const SMALL_PIECE = 4 * 1024;
const TAIL_BYTES = 64 * 1024;

interface TemporaryFile {
  readonly folder: string;
  readonly path: string;
  readonly handle: FileHandle;
}

/** Folders of this process that still hold spooled bytes, removed if it is interrupted. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Makes decompressed bytes readable at random: in memory while they are few, else in a temporary file that closing removes.
 * @param inputSize bytes of the compressed form, for the expansion ratio
 * @throws AssayError `limit` when the budget or the ratio is met, `unreadable` when the temporary file cannot be written.
 */
export async function spool(
  output: AsyncIterable<Uint8Array>,
  name: string,
  inputSize: number,
  budget: ExpansionBudget,
  limits: Limits,
): Promise<ByteSource> {
  const held = new Pieces();
  let size = 0;
  let heldBytes = 0;
  let file: TemporaryFile | undefined;
  const empty = async (into: TemporaryFile) => {
    await append(into, held.take(), name);
    budget.release?.(heldBytes);
    heldBytes = 0;
  };
  try {
    for await (const chunk of output) {
      size += chunk.length;
      charge(chunk.length, size, name, inputSize, budget, limits);
      budget.hold?.(chunk.length);
      held.add(chunk);
      heldBytes += chunk.length;
      if (file === undefined && size <= limits.maxSpoolMemory) continue;
      file ??= await createFile(name);
      // A call for each of many small pieces would take longer than making them.
      if (heldBytes >= WRITE_BYTES) await empty(file);
    }
    if (file === undefined) return new HeldSource(held.take(), name, budget);
    await empty(file);
    await file.handle.close();
    return new SpooledSource(FileSource.open(file.path), file.folder, name);
  } catch (error) {
    budget.release?.(heldBytes);
    await file?.handle.close();
    if (file !== undefined) remove(file.folder);
    throw error;
  }
}

/** Pieces of bytes in order. Small ones are joined as they arrive: each by itself would cost more than its bytes. */
class Pieces {
  #pieces: Uint8Array[] = [];
  #tail = Buffer.alloc(0);
  #used = 0;

  add(piece: Uint8Array): void {
    if (piece.length >= SMALL_PIECE) {
      this.#endTail();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#tail.length) {
      const isFirst = this.#tail.length === 0;
      this.#endTail();
      this.#tail = Buffer.allocUnsafeSlow(isFirst ? SMALL_PIECE : TAIL_BYTES);
    }
    this.#tail.set(piece, this.#used);
    this.#used += piece.length;
  }

  take(): Buffer {
    this.#endTail();
    return Buffer.concat(this.#pieces.splice(0));
  }

  #endTail(): void {
    if (this.#used > 0) this.#pieces.push(this.#tail.subarray(0, this.#used));
    this.#tail = this.#tail.subarray(this.#used);
    this.#used = 0;
  }
}

async function createFile(name: string): Promise<TemporaryFile> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'assay-'));
    folders.add(folder);
    const path = join(folder, 'bytes');
    return { folder, path, handle: await open(path, 'wx', 0o600) };
  } catch (error) {
    if (folder !== undefined) remove(folder);
    throw noRoom(name, error);
  }
}

async function append({ handle }: TemporaryFile, bytes: Uint8Array, name: string): Promise<void> {
  try {
    await handle.writeFile(bytes);
  } catch (error) {
    throw noRoom(name, error);
  }
}

function noRoom(name: string, error: unknown): AssayError {
  return new AssayError('unreadable', `its bytes cannot be written to a temporary file (${codeOrText(error)})`, {
    subject: name,
    hint: 'free some disk space, or set TMPDIR to a folder with space',
    cause: error,
  });
}

function charge(
  bytes: number,
  size: number,
  name: string,
  input: number,
  budget: ExpansionBudget,
  limits: Limits,
): void {
  budget.remaining -= bytes;
  if (budget.remaining < 0) {
    throw new AssayError('limit', `decompresses to more than ${limits.maxExpandedBytes} bytes (maxExpandedBytes)`, {
      subject: name,
    });
  }
  if (size > limits.maxExpandedBytes / 64 && size > input * limits.maxExpansionRatio) {
    throw new AssayError('limit', `expands more than ${limits.maxExpansionRatio} times (maxExpansionRatio)`, {
      subject: name,
    });
  }
}

function remove(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Bytes in memory that were charged, until they are closed. */
class HeldSource extends MemorySource {
  #budget: ExpansionBudget | undefined;

  constructor(bytes: Uint8Array, name: string, budget: ExpansionBudget) {
    super(bytes, name);
    this.#budget = budget;
  }

  override async close(): Promise<void> {
    this.#budget?.release?.(this.size);
    this.#budget = undefined;
  }
}

class SpooledSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: FileSource;
  readonly #folder: string;

  constructor(file: FileSource, folder: string, name: string) {
    this.#file = file;
    this.#folder = folder;
    this.name = name;
    this.size = file.size;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    return this.#file.readNow(offset, length);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#file.read(offset, length);
  }

  share(): SharedFile {
    return this.#file.share();
  }

  unchanged(): Promise<boolean> {
    return this.#file.unchanged();
  }

  async close(): Promise<void> {
    await this.#file.close();
    remove(this.#folder);
  }
}

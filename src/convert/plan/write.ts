import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssayError, codeOrText, throwIfAborted } from '../../core/index.ts';
import type { ConversionPlan } from './plan.ts';

export interface PlanWriteOptions {
  readonly signal: AbortSignal | undefined;
  /** Called for each piece that was written. */
  readonly onBytes?: (path: string, bytes: number) => void;
}

/** Small pieces are joined up to this many bytes before they are written. */
const JOINED_BYTES = 1024 * 1024;

/**
 * Writes every file of a plan into a folder that is empty. Tensors stream from their source.
 * @throws AssayError `unreadable` when a file cannot be written; what reading the tensors throws. Files may be incomplete then:
 *   the caller removes the folder
 */
export async function writePlan(plan: ConversionPlan, folder: string, options: PlanWriteOptions): Promise<void> {
  const { signal, onBytes } = options;
  for (const { path, size, pieces } of plan.files) {
    const target = join(folder, ...path.split('/'));
    await writePieces(target, pieces(signal), size, signal, (bytes) => onBytes?.(path, bytes));
  }
  for (const { path, text } of plan.indexes) {
    const bytes = Buffer.from(text);
    await writePieces(join(folder, ...path.split('/')), [bytes], bytes.length, signal);
  }
}

async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void = () => {},
): Promise<void> {
  const file = await onDisk(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    return await open(path, 'wx', 0o644);
  });
  try {
    const output = new Output(path, file, onBytes);
    for await (const piece of pieces) {
      throwIfAborted(signal);
      await output.add(piece);
    }
    const written = await output.finish();
    if (written !== size)
      throw new AssayError('internal', `wrote ${written} bytes instead of ${size}`, { subject: path });
  } finally {
    await file.close();
  }
}

class Output {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #onBytes: (bytes: number) => void;
  readonly #joined = Buffer.allocUnsafe(JOINED_BYTES);
  #used = 0;
  #written = 0;

  constructor(path: string, file: FileHandle, onBytes: (bytes: number) => void) {
    this.#path = path;
    this.#file = file;
    this.#onBytes = onBytes;
  }

  async add(bytes: Uint8Array): Promise<void> {
    if (this.#used + bytes.length > JOINED_BYTES) await this.#flush();
    if (bytes.length >= JOINED_BYTES) {
      await this.#write(bytes);
      return;
    }
    this.#joined.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** @returns the number of bytes that were written */
  async finish(): Promise<number> {
    await this.#flush();
    return this.#written;
  }

  async #flush(): Promise<void> {
    const bytes = this.#joined.subarray(0, this.#used);
    this.#used = 0;
    await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await onDisk(this.#path, () => this.#file.write(bytes, at, bytes.length - at));
      at += bytesWritten;
      this.#written += bytesWritten;
      this.#onBytes(bytesWritten);
    }
  }
}

/** @throws AssayError `unreadable` for an error of the file system */
async function onDisk<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new AssayError('unreadable', `cannot be written (${codeOrText(error)})`, {
      subject: path,
      hint: 'give a folder with enough space that you may write to',
      cause: error,
    });
  }
}

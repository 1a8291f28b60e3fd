import { type FileHandle, open } from 'node:fs/promises';
import { AssayError, codeOrText } from '../../core/index.ts';
import { elementBytes } from '../tensors/index.ts';
import type { SafetensorsLayout } from './layout.ts';

export interface TensorWriteOptions {
  readonly signal: AbortSignal | undefined;
  /** Called with the number of bytes that were written since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Small tensors are joined up to this many bytes before they are written. */
const JOINED_BYTES = 1024 * 1024;

/**
 * Writes a safetensors file. Tensors stream from their source: no more than a few MiB of them are held.
 * @param path of a file that does not exist
 * @throws AssayError `unreadable` when it cannot be written; what reading the tensors throws. The file is incomplete then
 */
export async function writeSafetensors(
  path: string,
  layout: SafetensorsLayout,
  options: TensorWriteOptions,
): Promise<void> {
  const output = await Output.create(path, options);
  try {
    await output.add(layout.head);
    for (const tensor of layout.tensors)
      for await (const piece of elementBytes(tensor, options.signal)) await output.add(piece);
    await output.finish(layout.size);
  } finally {
    await output.close();
  }
}

class Output {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #options: TensorWriteOptions;
  readonly #joined = Buffer.allocUnsafe(JOINED_BYTES);
  #used = 0;
  #written = 0;

  private constructor(path: string, file: FileHandle, options: TensorWriteOptions) {
    this.#path = path;
    this.#file = file;
    this.#options = options;
  }

  static async create(path: string, options: TensorWriteOptions): Promise<Output> {
    try {
      return new Output(path, await open(path, 'wx', 0o644), options);
    } catch (error) {
      throw unwritable(path, error);
    }
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

  async finish(size: number): Promise<void> {
    await this.#flush();
    if (this.#written !== size)
      throw new AssayError('internal', `wrote ${this.#written} bytes instead of ${size}`, { subject: this.#path });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = this.#joined.subarray(0, this.#used);
    this.#used = 0;
    await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#write1(bytes, at);
      at += bytesWritten;
      this.#written += bytesWritten;
      this.#options.onBytes?.(bytesWritten);
    }
  }

  async #write1(bytes: Uint8Array, at: number) {
    try {
      return await this.#file.write(bytes, at, bytes.length - at);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }
}

function unwritable(path: string, error: unknown): AssayError {
  return new AssayError('unreadable', `cannot be written (${codeOrText(error)})`, {
    subject: path,
    hint: 'give a folder with enough space that you may write to',
    cause: error,
  });
}

import type { ByteSource } from '../../core/bytes/index.ts';
import type { AsyncDisposableStack, FileBudget, Limits } from '../../core/index.ts';
import type { TensorSet } from './tensor.ts';

/** A file of the artifact that is converted. */
export interface InputFile {
  /** Relative to the artifact. */
  readonly path: string;
  readonly source: ByteSource;
}

export interface TensorReadOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** What all parsers of the artifact may cost. */
  readonly budget: FileBudget;
  /** Leave out what is not a tensor, whatever it is, and what cannot be written. */
  readonly salvage: boolean;
  /** Closes temporary files once the tensors are written. */
  readonly resources: AsyncDisposableStack;
}

/** A file format that holds tensors. Adding one is a folder in `convert/` and a line in `convert/sources.ts`. */
export interface TensorFormat {
  readonly id: string;
  readonly title: string;
  /** The library whose tensors they are, as safetensors files name it. */
  readonly framework: 'pt' | 'np' | 'flax' | 'paddle';
  /** Whether a file has this format. `head` is its first bytes, at most 4 KiB of them. */
  matches(file: InputFile, head: Uint8Array): boolean | Promise<boolean>;
  /**
   * The tensors of a file, which stay in it until they are written.
   * @throws AssayError `unsupported`, `malformed`, `truncated`, `limit`, naming the file
   */
  read(file: InputFile, options: TensorReadOptions): Promise<TensorSet>;
}

/** The name of a tensor that is alone in its file: the file's name without folders and extensions. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:gz|bz2|xz|lzma|lz4|z|zlib)$/i, '');
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

import type { InputFile, TensorFormat, TensorReadOptions, TensorSet } from '../tensors/index.ts';

/** One file that a checkpoint of several files becomes. */
export interface ShardedOutput {
  /** Relative to the artifact, of the safetensors file. */
  readonly path: string;
  /** The files whose tensors it holds. */
  readonly from: readonly string[];
  readonly set: TensorSet;
}

export interface ShardedResult {
  readonly outputs: readonly ShardedOutput[];
  /** The file that tells which tensor stands where. */
  readonly index?: { readonly path: string; readonly text: string };
}

/** A checkpoint whose tensors stand in several files. */
export interface ShardedCheckpoint extends Pick<TensorFormat, 'id' | 'title' | 'framework'> {
  /** Every file that belongs to it. None of them is converted alone. */
  readonly files: readonly InputFile[];
  /**
   * @throws AssayError `unsupported`, `malformed`, `truncated`, `limit`, naming the file
   */
  read(options: TensorReadOptions): Promise<ShardedResult>;
}

/** Files by their paths. */
export function byPath(files: readonly InputFile[]): ReadonlyMap<string, InputFile> {
  return new Map(files.map((file) => [file.path, file]));
}

/** The folder of a path, with its slash; nothing for a file at the top. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The name of a path in its folder. */
export function baseNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

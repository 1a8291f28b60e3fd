import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layOut } from '../../src/convert/safetensors/layout.ts';
import { tensorFormatOf } from '../../src/convert/sources.ts';
import { elementBytes } from '../../src/convert/tensors/elements.ts';
import type { InputFile, TensorReadOptions } from '../../src/convert/tensors/format.ts';
import type { TensorSet } from '../../src/convert/tensors/tensor.ts';
import { AsyncDisposableStack } from '../../src/core/async-disposable-stack.ts';
import { FileBudget } from '../../src/core/budget.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts';

export interface ConvertOptions {
  readonly salvage?: boolean;
  readonly limits?: Partial<Limits>;
}

export interface Converted {
  readonly format: string | undefined;
  /** The safetensors file. */
  readonly bytes: Buffer;
  readonly set: TensorSet;
}

/** Runs `body` with the options that a reader of tensors takes, and closes what it opened. */
export async function withReadOptions<T>(
  size: number,
  { salvage = false, limits: changed = {} }: ConvertOptions,
  body: (options: TensorReadOptions) => Promise<T>,
): Promise<T> {
  const limits = { ...DEFAULT_LIMITS, ...changed };
  const resources = new AsyncDisposableStack();
  try {
    return await body({ limits, signal: undefined, budget: new FileBudget(limits, size), salvage, resources });
  } finally {
    await resources.disposeAsync();
  }
}

/** Converts one file in memory. */
export async function convertBytes(path: string, bytes: Uint8Array, options: ConvertOptions = {}): Promise<Converted> {
  const file = { path, source: new MemorySource(bytes, path) };
  return await withReadOptions(bytes.length, options, async (read) => {
    const format = await tensorFormatOf(file);
    if (format === undefined) throw new Error(`${path} is not a format that holds tensors`);
    const set = await format.read(file, read);
    return { format: format.id, bytes: await written(set), set };
  });
}

/** The safetensors file of some tensors. */
export async function written(set: TensorSet): Promise<Buffer> {
  const layout = layOut(set.tensors, {});
  const pieces: Uint8Array[] = [layout.head];
  for (const tensor of layout.tensors)
    for await (const piece of elementBytes(tensor, undefined)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** The files of a folder below `fixtures/convert`, as sources. */
export async function fixtureFiles(folder: string): Promise<InputFile[]> {
  const root = join('fixtures', 'convert', folder);
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(
    files.sort().map(async (file) => {
      const path = file.slice(root.length + 1);
      return { path, source: new MemorySource(await readFile(file), path) };
    }),
  );
}

import { AssayError, FileBudget, version } from '../../core/index.ts';
import { type ShardedCheckpoint, shardedCheckpoints } from '../distributed/index.ts';
import {
  type ConversionPlan,
  type ConvertibleFile,
  convertedName,
  type PlannedFile,
  type PlanOptions,
  refuseEqualNames,
  type SkippedFile,
} from '../plan/index.ts';
import { layOut, layoutBytes, totalBytes } from '../safetensors/index.ts';
import { tensorFormatOf } from '../sources.ts';
import type { TensorFormat, TensorSet } from '../tensors/index.ts';
import { verifyTensors } from '../verify/index.ts';

/** Written bytes for each byte of the source, and beside it: views of one storage become tensors of their own. */
const MAX_GROWTH = 4;
const GROWTH_BASE = 64 * 1024 * 1024;

/**
 * Reads the headers of an artifact's files and lays out what will be written; no tensor is read.
 * @param files those that may be converted
 * @throws AssayError `unsupported` when a file holds what safetensors does not have; `usage` when two files would have one name;
 *   `limit`, `malformed`, `truncated` naming the file
 */
export async function planSafetensors(
  files: readonly ConvertibleFile[],
  options: PlanOptions,
): Promise<ConversionPlan> {
  const planned: PlannedFile[] = [];
  const indexes: { path: string; text: string }[] = [];
  const skipped: SkippedFile[] = [];
  const sharded = shardedCheckpoints(files);
  for (const checkpoint of sharded) {
    const { outputs, index } = await readSharded(checkpoint, files, options);
    planned.push(...outputs);
    if (index !== undefined) indexes.push(index);
  }
  const taken = new Set(sharded.flatMap((checkpoint) => checkpoint.files.map(({ path }) => path)));
  for (const file of files.filter(({ path }) => !taken.has(path))) {
    const one = await planFile(file, options);
    if (typeof one === 'string') skipped.push({ path: file.path, why: one });
    else planned.push(one);
  }
  refuseEqualNames(planned);
  return { files: planned, indexes, skipped };
}

async function readSharded(checkpoint: ShardedCheckpoint, files: readonly ConvertibleFile[], options: PlanOptions) {
  const parts = new Set(checkpoint.files.map(({ path }) => path));
  const given = files.filter(({ path }) => parts.has(path));
  const size = given.reduce((bytes, { source }) => bytes + source.size, 0);
  const budget = new FileBudget(options.limits, size);
  try {
    const salvage = given.some((file) => file.salvage);
    const { outputs, index } = await checkpoint.read({ ...options, budget, salvage });
    const planned = outputs.map(({ path, from, set }) => laidOut(path, from, checkpoint, set, size, options));
    return { outputs: planned, index };
  } finally {
    budget.close();
  }
}

/** @returns why a file is not converted, for one without tensors */
async function planFile(file: ConvertibleFile, options: PlanOptions): Promise<PlannedFile | string> {
  const { path, source, salvage } = file;
  const format = await tensorFormatOf(file);
  if (format === undefined) return 'it is not a format that holds tensors';
  const budget = new FileBudget(options.limits, source.size);
  try {
    const set = await format.read(file, { ...options, budget, salvage });
    return set.tensors.length === 0
      ? 'it holds no tensors'
      : laidOut(convertedName(path, 'safetensors'), [path], format, set, source.size, options);
  } finally {
    budget.close();
  }
}

/** @param size bytes of the source */
function laidOut(
  path: string,
  from: readonly string[],
  format: Pick<TensorFormat, 'title' | 'framework'>,
  { tensors, leftOut }: TensorSet,
  size: number,
  { sourceDigest, limits }: PlanOptions,
): PlannedFile {
  const bytes = totalBytes(tensors);
  // Compressed sources hold more than their size: what was expanded is bounded already.
  const held = [...new Set(tensors.map((tensor) => tensor.bytes))].reduce((sum, source) => sum + source.size, 0);
  if (bytes > Math.max(size, Math.min(held, limits.maxExpandedBytes)) * MAX_GROWTH + GROWTH_BASE)
    throw new AssayError('limit', `its tensors would take ${bytes} bytes, more than ${MAX_GROWTH} times the source`, {
      subject: from[0] ?? path,
    });
  const layout = layOut(tensors, {
    format: format.framework,
    'assay.version': version(),
    ...(sourceDigest === undefined ? {} : { 'assay.source': sourceDigest }),
  });
  return {
    path,
    from,
    title: format.title,
    tensors: tensors.length,
    leftOut,
    size: layout.size,
    pieces: (signal) => layoutBytes(layout, signal),
    compare: (written, signal) => verifyTensors(layout.tensors, written, { limits, signal }),
  };
}

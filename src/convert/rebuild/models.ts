import { type AssayError, FileBudget, isContentError } from '../../core/index.ts';
import { type OnnxModel, readOnnx } from '../../formats/onnx/index.ts';
import { HUGGINGFACE } from '../huggingface/index.ts';
import type { OnnxFolder, OnnxReadOptions } from '../onnx-source/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { compareGraphs, type GraphComparison } from './compare/index.ts';

/** What is known of an ONNX model that stands beside the configuration and the weights of a model. */
export type RebuildResult = { readonly path: string } & (
  | ({ readonly kind: 'compared' } & GraphComparison)
  /** It was not compared: the model has no template, or a file cannot be read. */
  | { readonly kind: 'refused'; readonly error: AssayError }
);

export interface RebuildOptions extends Omit<OnnxReadOptions, 'budget' | 'salvage' | 'inputShape'> {
  readonly onResult: (result: RebuildResult) => void;
}

/**
 * Compares each ONNX model with the one that is rebuilt from the config.json and the weights in its folder, or in the nearest folder
 * around it. Nothing runs, and tensors are read in tiles.
 * @param graphs paths of the ONNX models among the files
 * @returns how many models with a configuration and weights there are
 */
export async function rebuildModels(
  files: readonly InputFile[],
  graphs: ReadonlySet<string>,
  { onResult, ...options }: RebuildOptions,
): Promise<number> {
  const folders = await HUGGINGFACE.find(files);
  const byPath = new Map(files.map((file) => [file.path, file]));
  for (const path of [...graphs].sort()) {
    const [file, folder] = [byPath.get(path), nearest(folders, path)];
    if (file !== undefined && folder !== undefined) onResult(await compared(file, folder, byPath, options));
  }
  return folders.length;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The model whose folder is the innermost around a file. */
function nearest(folders: readonly OnnxFolder[], path: string): OnnxFolder | undefined {
  const around = folders.filter((folder) => path.startsWith(folderOf(folder.path)));
  return around.sort((a, b) => b.path.length - a.path.length)[0];
}

async function compared(
  file: InputFile,
  folder: OnnxFolder,
  byPath: ReadonlyMap<string, InputFile>,
  options: Omit<RebuildOptions, 'onResult'>,
): Promise<RebuildResult> {
  const { path, source } = file;
  const external = (location: string) => byPath.get(folderOf(path) + location)?.source;
  const size = [file, ...folder.files].reduce((sum, one) => sum + one.source.size, 0);
  const budget = new FileBudget(options.limits, size);
  try {
    const { model, unread } = await readOnnx(source, { limits: options.limits, budget });
    const planned = await folder.plan({ ...options, budget, salvage: false });
    const comparison = await compareGraphs(model, planned.graph.model(), { budget, external });
    return { path, kind: 'compared', ...withUnread(comparison, model, unread.length) };
  } catch (error) {
    if (!isContentError(error)) throw error;
    return { path, kind: 'refused', error };
  } finally {
    budget.close();
  }
}

/** Fields that our reader does not know may mean something to another one. */
function withUnread(comparison: GraphComparison, { producerName }: OnnxModel, unread: number): GraphComparison {
  if (unread === 0) return comparison;
  const why = `${unread} of its fields are not known`;
  const unclear = [...comparison.unclear, { node: producerName, op: 'model', why, isChoice: false }];
  return { ...comparison, result: comparison.result === 'same' ? 'unclear' : comparison.result, unclear };
}

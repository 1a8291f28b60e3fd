import { type AssayError, FileBudget, isContentError } from '../../core/index.ts';
import type { OnnxFolder } from '../onnx-source/index.ts';
import {
  type ConversionPlan,
  convertedName,
  type PlannedFile,
  type PlanOptions,
  refuseEqualNames,
  type SkippedFile,
} from '../plan/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { completePlan, runnableModel } from './plan.ts';
import { onnxFoldersOf, onnxSourceOf } from './sources.ts';
import { modelFiles, type WrittenModel } from './written.ts';

/** The files of a model, by the path of what it was made from; what is verified is the first. */
export type WriteModel = (model: WrittenModel, budget: FileBudget) => Promise<readonly [PlannedFile, ...PlannedFile[]]>;

/**
 * Makes the ONNX model of each file that holds one.
 * @throws AssayError what the first file throws when none can be converted, naming the class that stopped it; `usage` when two
 *   would have one name
 */
export function planOnnxFiles(files: readonly InputFile[], options: PlanOptions): Promise<ConversionPlan> {
  return planModels(files, options, async (model) => modelFiles({ ...model, path: convertedName(model.path, 'onnx') }));
}

/** The same for each format that is made of ONNX models. */
export async function planModels(
  files: readonly InputFile[],
  options: PlanOptions,
  write: WriteModel,
): Promise<ConversionPlan> {
  const planned: PlannedFile[] = [];
  const indexes: ConversionPlan['indexes'][number][] = [];
  const skipped: SkippedFile[] = [];
  let first: AssayError | undefined;
  const convert = async ({ path, files: from, plan }: OnnxFolder) => {
    try {
      const { files: made, vectoriser } = await planModel({ path, files: from, plan }, options, write);
      planned.push(...made);
      if (vectoriser !== undefined) indexes.push({ path: vectoriserName(path), text: vectoriser });
    } catch (error) {
      if (!isContentError(error)) throw error;
      first ??= error;
      skipped.push({ path: from[0]?.path ?? path, why: error.message });
    }
  };
  const { folders, others } = await onnxFoldersOf(files);
  for (const folder of folders) await convert(folder);
  for (const file of others) {
    const kind = await onnxSourceOf(file);
    if (kind === undefined) skipped.push({ path: file.path, why: 'it is not a model that is converted to ONNX' });
    else await convert({ path: file.path, files: [file], plan: (reading) => kind.plan(file, reading) });
  }
  if (planned.length === 0 && first !== undefined) throw first;
  refuseEqualNames(planned);
  return { files: planned, indexes, skipped };
}

function vectoriserName(path: string): string {
  return convertedName(path, 'onnx').replace(/\.onnx$/, '.vectoriser.json');
}

interface PlannedModelFiles {
  readonly files: readonly PlannedFile[];
  readonly vectoriser: string | undefined;
}

async function planModel(
  { path, files, plan }: OnnxFolder,
  options: PlanOptions,
  write: WriteModel,
): Promise<PlannedModelFiles> {
  const { sourceDigest, ...reading } = options;
  const size = files.reduce((sum, file) => sum + file.source.size, 0);
  const budget = new FileBudget(options.limits, size);
  try {
    const planned = completePlan(await plan({ ...reading, budget, salvage: false }), {
      ...(sourceDigest === undefined ? {} : { sourceDigest }),
    });
    const { model, source, vectoriser } = planned;
    const version = source.version === undefined ? '' : ` ${source.version}`;
    const title = `${source.class} (${source.library}${version})`;
    const [main, ...others] = await write({ path, from: files.map((file) => file.path), title, model }, budget);
    const first = options.verify === true ? { ...main, model: await runnableModel(planned, budget) } : main;
    return { files: [first, ...others], vectoriser };
  } finally {
    budget.close();
  }
}

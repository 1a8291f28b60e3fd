import { type AssayError, FileBudget, isContentError } from '../../core/index.ts';
import type { OnnxSource } from '../onnx-source/index.ts';
import {
  type ConversionPlan,
  convertedName,
  type PlannedFile,
  type PlanOptions,
  refuseEqualNames,
  type SkippedFile,
} from '../plan/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { planOnnx, runnableModel } from './plan.ts';
import { onnxSourceOf } from './sources.ts';
import { modelFiles, type WrittenModel } from './written.ts';

/** The files of a model, by the path of the file that it was made from; what is verified is the first. */
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
  for (const file of files) {
    const kind = await onnxSourceOf(file);
    if (kind === undefined) {
      skipped.push({ path: file.path, why: 'it is not a model that is converted to ONNX' });
      continue;
    }
    try {
      const { files: made, vectoriser } = await planFile(file, kind, options, write);
      planned.push(...made);
      if (vectoriser !== undefined) indexes.push({ path: vectoriserName(file.path), text: vectoriser });
    } catch (error) {
      if (!isContentError(error)) throw error;
      first ??= error;
      skipped.push({ path: file.path, why: error.message });
    }
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

async function planFile(
  file: InputFile,
  kind: OnnxSource,
  options: PlanOptions,
  write: WriteModel,
): Promise<PlannedModelFiles> {
  const { sourceDigest, ...reading } = options;
  const budget = new FileBudget(options.limits, file.source.size);
  try {
    const info = sourceDigest === undefined ? {} : { sourceDigest };
    const plan = await planOnnx(file, kind, { ...reading, budget, salvage: false, info });
    const { model, source, vectoriser } = plan;
    const version = source.version === undefined ? '' : ` ${source.version}`;
    const title = `${source.class} (${source.library}${version})`;
    const [main, ...others] = await write({ path: file.path, from: [file.path], title, model }, budget);
    const first = options.verify === true ? { ...main, model: await runnableModel(plan, budget) } : main;
    return { files: [first, ...others], vectoriser };
  } finally {
    budget.close();
  }
}

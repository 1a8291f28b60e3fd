import { AssayError, FileBudget } from '../../core/index.ts';
import { layOut, type SafetensorsLayout } from '../safetensors/index.ts';
import { tensorFormatOf } from '../sources.ts';
import {
  type InputFile,
  type LeftOut,
  type TensorFormat,
  type TensorReadOptions,
  writtenBytes,
} from '../tensors/index.ts';
import { outputName } from './names.ts';

export interface PlanOptions extends Omit<TensorReadOptions, 'budget'> {
  /** Goes into the metadata of every file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** One file that will be written. */
export interface PlannedFile {
  /** Relative to the output folder. */
  readonly path: string;
  /** The file of the artifact whose tensors it holds. */
  readonly from: string;
  readonly format: Pick<TensorFormat, 'id' | 'title'>;
  readonly layout: SafetensorsLayout;
  readonly leftOut: readonly LeftOut[];
}

export interface ConversionPlan {
  readonly files: readonly PlannedFile[];
  /** Files of the artifact that are not converted, and why. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/** Written bytes for each byte of the source, and beside it: views of one storage become tensors of their own. */
const MAX_GROWTH = 4;
const GROWTH_BASE = 64 * 1024 * 1024;

/**
 * Reads the headers of an artifact's files and lays out what will be written; no tensor is read.
 * @param files those that may be converted
 * @throws AssayError `unsupported` when no file holds tensors, or one holds what safetensors does not have; `usage` when two files
 *   would have one name; `limit`, `malformed`, `truncated` naming the file
 */
export async function planSafetensors(files: readonly InputFile[], options: PlanOptions): Promise<ConversionPlan> {
  const planned: PlannedFile[] = [];
  const skipped: { path: string; why: string }[] = [];
  for (const file of files) {
    const format = await tensorFormatOf(file);
    if (format === undefined) {
      skipped.push({ path: file.path, why: 'it is not a format that holds tensors' });
      continue;
    }
    const one = await planFile(file, format, options);
    if (one === undefined) skipped.push({ path: file.path, why: 'it holds no tensors' });
    else planned.push(one);
  }
  if (planned.length === 0) throw nothingToConvert(skipped);
  refuseEqualNames(planned);
  return { files: planned, skipped };
}

async function planFile(
  file: InputFile,
  format: TensorFormat,
  { metadata, ...options }: PlanOptions,
): Promise<PlannedFile | undefined> {
  const budget = new FileBudget(options.limits, file.source.size);
  try {
    const { tensors, leftOut } = await format.read(file, { ...options, budget });
    if (tensors.length === 0) return undefined;
    const bytes = tensors.reduce((sum, tensor) => sum + writtenBytes(tensor), 0);
    const most = file.source.size * MAX_GROWTH + GROWTH_BASE;
    if (bytes > most)
      throw new AssayError('limit', `its tensors would take ${bytes} bytes, more than ${MAX_GROWTH} times the file`, {
        subject: file.path,
      });
    const layout = layOut(tensors, { format: format.framework, ...metadata });
    return { path: outputName(file.path), from: file.path, format, layout, leftOut };
  } finally {
    budget.close();
  }
}

function nothingToConvert(skipped: ConversionPlan['skipped']): AssayError {
  const [first, ...others] = skipped;
  if (first === undefined) return new AssayError('unsupported', 'there is no file to convert');
  if (others.length > 0) return new AssayError('unsupported', `none of ${skipped.length} files holds tensors`);
  return new AssayError('unsupported', `cannot be converted to safetensors: ${first.why}`, { subject: first.path });
}

function refuseEqualNames(planned: readonly PlannedFile[]): void {
  const known = new Map<string, string>();
  for (const { path, from } of planned) {
    const other = known.get(path);
    if (other !== undefined)
      throw new AssayError('usage', `${other} and ${from} would both become ${path}`, {
        hint: 'convert one file at a time, each into its own folder',
      });
    known.set(path, from);
  }
}

import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { AssayError, codeOrText, FileBudget, isContentError } from '../../core/index.ts';
import { writeOnnx } from '../../formats/onnx/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';
import { planOnnx } from './plan.ts';
import { onnxSourceOf } from './sources.ts';

/** One model that will be written. */
export interface PlannedOnnx {
  /** Relative to the output folder, `/` between its parts. */
  readonly path: string;
  readonly from: string;
  /** What it was made from, for people: `sklearn.linear_model.Ridge (scikit-learn 1.9.1)`. */
  readonly title: string;
  readonly tensors: number;
  readonly bytes: ByteSource;
}

export interface OnnxFilesPlan {
  readonly files: readonly PlannedOnnx[];
  /** Files of the artifact that are not converted, and why. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

export interface OnnxFilesOptions extends Omit<TensorReadOptions, 'budget' | 'salvage'> {
  readonly sourceDigest: string | undefined;
}

const EXTENSION = /\.(?:pkl|pickle|joblib|sav|model|bin)$/i;

/**
 * Makes the ONNX model of each file that holds one.
 * @throws AssayError `unsupported` when no file does, naming the class that stopped it; `usage` when two would have one name
 */
export async function planOnnxFiles(files: readonly InputFile[], options: OnnxFilesOptions): Promise<OnnxFilesPlan> {
  const planned: PlannedOnnx[] = [];
  const skipped: { path: string; why: string }[] = [];
  let first: AssayError | undefined;
  for (const file of files) {
    const kind = await onnxSourceOf(file);
    if (kind === undefined) {
      skipped.push({ path: file.path, why: 'it is not a model that is converted to ONNX' });
      continue;
    }
    try {
      planned.push(await planFile(file, options));
    } catch (error) {
      if (!isContentError(error)) throw error;
      first ??= error;
      skipped.push({ path: file.path, why: error.message });
    }
  }
  if (planned.length === 0) throw first ?? nothing(skipped);
  const names = new Set(planned.map(({ path }) => path));
  if (names.size < planned.length)
    throw new AssayError('usage', 'two models would have one name', { hint: 'convert one file at a time' });
  return { files: planned, skipped };
}

async function planFile(file: InputFile, { sourceDigest, ...options }: OnnxFilesOptions): Promise<PlannedOnnx> {
  const budget = new FileBudget(options.limits, file.source.size);
  try {
    const info = sourceDigest === undefined ? {} : { sourceDigest };
    const { model, source } = await planOnnx(file, { ...options, budget, salvage: false, info });
    const path = `${file.path.replace(EXTENSION, '')}.onnx`;
    const written = writeOnnx(model, { externalName: 'tensors.data' });
    if (written.external !== undefined)
      throw new AssayError('limit', 'its ONNX model would have more than 2 GiB', { subject: file.path });
    const version = source.version === undefined ? '' : ` ${source.version}`;
    const title = `${source.class} (${source.library}${version})`;
    return { path, from: file.path, title, tensors: model.graph.initializers.length, bytes: written.model };
  } finally {
    budget.close();
  }
}

function nothing(skipped: OnnxFilesPlan['skipped']): AssayError {
  const [first, ...others] = skipped;
  if (first === undefined) return new AssayError('unsupported', 'there is no file to convert');
  if (others.length > 0) return new AssayError('unsupported', `none of ${skipped.length} files is converted to ONNX`);
  return new AssayError('unsupported', 'is not a model that is converted to ONNX', {
    subject: first.path,
    hint: 'pickles and joblib files of scikit-learn are',
  });
}

/** Writes every model of a plan into a folder that is empty. @throws AssayError `unreadable`. Files may be incomplete then */
export async function writeOnnxFiles(
  plan: OnnxFilesPlan,
  folder: string,
  onBytes: (path: string, bytes: number) => void,
): Promise<void> {
  for (const { path, bytes } of plan.files) {
    const target = join(folder, ...path.split('/'));
    try {
      await mkdir(dirname(target), { recursive: true });
      const file = await open(target, 'wx', 0o644);
      try {
        for await (const piece of chunks(bytes)) {
          await file.appendFile(piece);
          onBytes(path, piece.length);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof AssayError) throw error;
      throw new AssayError('unreadable', `cannot be written (${codeOrText(error)})`, { subject: target, cause: error });
    }
  }
}

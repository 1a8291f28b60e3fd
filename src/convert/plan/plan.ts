import type { ByteSource } from '../../core/bytes/index.ts';
import type { ConversionVerification } from '../../core/conversion/index.ts';
import { AssayError } from '../../core/index.ts';
import type { RunnableModel } from '../../formats/arrays/index.ts';
import type { InputFile, LeftOut, TensorReadOptions } from '../tensors/index.ts';

export interface PlanOptions extends Omit<TensorReadOptions, 'budget' | 'salvage'> {
  /** The tree digest of the artifact, for the metadata of what is written; `undefined` when it is not known. */
  readonly sourceDigest: string | undefined;
  /** Whether the written files will be verified. */
  readonly verify?: boolean;
  /** The shape of the input of a model without the batch, where its file does not contain it. */
  readonly inputShape?: readonly number[] | undefined;
}

/** A file that may be converted, and how much of it. */
export interface ConvertibleFile extends InputFile {
  readonly salvage: boolean;
}

/** One file that will be written. */
export interface PlannedFile {
  /** Relative to the output folder, `/` between its parts. */
  readonly path: string;
  /** The files of the artifact that it is made from. */
  readonly from: readonly string[];
  /** What they are, for people. */
  readonly title: string;
  readonly tensors: number;
  readonly leftOut: readonly LeftOut[];
  /** Bytes of the file, and the pieces that they are written in. */
  readonly size: number;
  pieces(signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
  /** What a model takes and gives, so that it can be verified; absent for files that are not run. */
  readonly model?: RunnableModel;
  /** The path of the ONNX model that is run to verify it; its own when absent. */
  readonly runs?: string;
  /** The path of the model whose tensors it holds. */
  readonly dataOf?: string;
  /** Written to verify another file, and not published. */
  readonly hidden?: true;
  /** Compares the written file with its source, where no run is needed for it. */
  compare?(written: ByteSource, signal: AbortSignal | undefined): Promise<ConversionVerification>;
}

/** A file of the artifact that is not converted, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly why: string;
}

export interface ConversionPlan {
  /** Empty when nothing can be converted: `skipped` says why. */
  readonly files: readonly PlannedFile[];
  /** Texts beside them: which tensor stands where, or how texts become what a model takes. */
  readonly indexes: readonly { readonly path: string; readonly text: string }[];
  readonly skipped: readonly SkippedFile[];
}

/** @throws AssayError `usage` when two files would have one name */
export function refuseEqualNames(planned: readonly Pick<PlannedFile, 'path' | 'from'>[]): void {
  const known = new Map<string, string>();
  for (const { path, from } of planned) {
    const other = known.get(path);
    const [first = path] = from;
    if (other !== undefined)
      throw new AssayError('usage', `${other} and ${first} would both become ${path}`, {
        hint: 'convert one file at a time, each into its own folder',
      });
    known.set(path, first);
  }
}

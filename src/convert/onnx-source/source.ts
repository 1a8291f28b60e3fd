import type { OutputTolerance, RunnableOutput } from '../../formats/arrays/index.ts';
import type { GraphBuilder, OnnxModel } from '../../formats/onnx/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';

export interface PlannedOutput extends RunnableOutput {
  readonly type: 'float32' | 'int64' | 'string';
}

/** What a model was made from. */
export interface ModelSource {
  /** Its class, as it is documented: `sklearn.linear_model.Ridge`. */
  readonly class: string;
  readonly library: string;
  /** The version of the library that saved it, when the file says so. */
  readonly version: string | undefined;
}

/** A model before it has its properties. */
export interface PlannedModel {
  readonly graph: GraphBuilder;
  readonly outputs: readonly PlannedOutput[];
  readonly source: ModelSource;
  /** How texts become the terms that the model takes, as JSON. */
  readonly vectoriser?: string | undefined;
}

export interface OnnxReadOptions extends TensorReadOptions {
  /** The shape of the input without the batch, for a model whose file does not contain it. */
  readonly inputShape?: readonly number[] | undefined;
}

/** A kind of model that is converted to ONNX. Adding one is a folder in `convert/` and a line in `convert/to-onnx/sources.ts`. */
export interface OnnxSource {
  readonly id: string;
  readonly title: string;
  /** Whether a file may be one. `head` is its first bytes, at most 4 KiB of them. */
  matches(file: InputFile, head: Uint8Array): boolean | Promise<boolean>;
  /** @throws AssayError `unsupported`, `malformed`, `truncated`, `limit`, naming the file */
  plan(file: InputFile, options: OnnxReadOptions): Promise<PlannedModel>;
}

/** A model whose files stand in a folder. */
export interface OnnxFolder {
  /** Of the model, without an extension. */
  readonly path: string;
  /** Every file that belongs to it. None of them is converted alone. */
  readonly files: readonly InputFile[];
  /** @throws AssayError `unsupported`, `malformed`, `truncated`, `limit`, naming the file */
  plan(options: OnnxReadOptions): Promise<PlannedModel>;
}

/** A kind of model that is more than one file. Adding one is a folder in `convert/` and a line in `convert/to-onnx/sources.ts`. */
export interface OnnxFolderSource {
  readonly id: string;
  readonly title: string;
  /** The models among some files. */
  find(files: readonly InputFile[]): Promise<readonly OnnxFolder[]>;
}

export interface PlannedInput {
  readonly name: string;
  readonly type: 'float32' | 'int64' | 'string';
  readonly shape: readonly (number | string)[];
}

export interface OnnxPlan {
  readonly model: OnnxModel;
  readonly inputs: readonly PlannedInput[];
  readonly outputs: readonly PlannedOutput[];
  readonly source: ModelSource;
  readonly vectoriser?: string | undefined;
  readonly tolerances: readonly OutputTolerance[];
}

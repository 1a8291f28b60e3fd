import type { GraphDifference } from '../../convert/index.ts';
import type { SharedFile } from '../../core/bytes/index.ts';
import type { Limits } from '../../core/index.ts';
import type { WireError } from '../parsers/index.ts';

/** What the thread of a rebuild is given. */
export interface RebuildOrder {
  readonly files: readonly { readonly path: string; readonly file: SharedFile }[];
  /** Paths of the ONNX models. */
  readonly graphs: readonly string[];
  readonly limits: Limits;
}

/** What is known of one ONNX model. */
export interface RebuiltGraph {
  readonly path: string;
  readonly result: 'same' | 'different' | 'unclear' | 'refused';
  readonly differences: readonly GraphDifference[];
  /** Why it could not be compared, or not to the end. */
  readonly why: readonly string[];
  /** Whether a file contradicts itself, or is too large: it is not merely another form. */
  readonly broken: boolean;
  readonly outputs: readonly string[];
}

export type FromRebuild =
  | { readonly kind: 'graph'; readonly graph: RebuiltGraph }
  | { readonly kind: 'done'; readonly models: number }
  | { readonly kind: 'failed'; readonly error: WireError };

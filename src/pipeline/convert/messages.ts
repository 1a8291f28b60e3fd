import type { SharedFile } from '../../core/bytes/index.ts';
import type { Limits } from '../../core/index.ts';
import type { WireError } from '../parsers/index.ts';

/** The formats that can be written. */
export type ConvertibleTarget = 'safetensors' | 'onnx';

/** What the thread of a conversion is given. */
export interface ConvertOrder {
  readonly target: ConvertibleTarget;
  readonly files: readonly { readonly path: string; readonly file: SharedFile; readonly salvage: boolean }[];
  /** An empty folder that receives the files. */
  readonly folder: string;
  /** The tree digest of the artifact, when it is known. */
  readonly sourceDigest: string | undefined;
  readonly version: string;
  readonly limits: Limits;
}

/** A file that the thread writes. */
export interface WrittenFile {
  readonly path: string;
  readonly from: readonly string[];
  readonly format: string;
  readonly size: number;
  readonly tensors: number;
  readonly leftOut: readonly { readonly path: string; readonly what: string }[];
}

export interface SkippedFile {
  readonly path: string;
  readonly why: string;
}

export type FromConverter =
  | {
      readonly kind: 'planned';
      readonly files: readonly WrittenFile[];
      readonly indexes: readonly string[];
      readonly skipped: readonly SkippedFile[];
    }
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: WireError };

import type { LeftOut, SkippedFile } from '../../convert/index.ts';
import type { SharedFile } from '../../core/bytes/index.ts';
import type { ConversionTarget, ConversionVerification } from '../../core/conversion/index.ts';
import type { Limits } from '../../core/index.ts';
import type { RunnableModel } from '../../formats/arrays/index.ts';
import type { WireError } from '../parsers/index.ts';

/** What the thread of a conversion is given. */
export interface ConvertOrder {
  readonly target: ConversionTarget;
  readonly files: readonly { readonly path: string; readonly file: SharedFile; readonly salvage: boolean }[];
  /** An empty folder that receives the files. */
  readonly folder: string;
  readonly sourceDigest: string | undefined;
  readonly verify: boolean;
  /** The bytes that all files may have together. */
  readonly maxOutputBytes: number | undefined;
  readonly inputShape: readonly number[] | undefined;
  readonly limits: Limits;
}

/** A file that the thread writes. */
export interface WrittenFile {
  readonly path: string;
  readonly from: readonly string[];
  readonly title: string;
  readonly size: number;
  readonly tensors: number;
  readonly leftOut: readonly LeftOut[];
  readonly model?: RunnableModel;
  readonly runs?: string;
  readonly dataOf?: string;
}

/** What the thread writes and what it does not, once it knows. */
export interface Announcement {
  readonly files: readonly WrittenFile[];
  /** Files that are written to verify the others, and not published. */
  readonly hidden: readonly WrittenFile[];
  readonly indexes: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

export type FromConverter =
  | ({ readonly kind: 'planned' } & Announcement)
  | { readonly kind: 'bytes'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'compared'; readonly path: string; readonly verification: ConversionVerification }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: WireError };

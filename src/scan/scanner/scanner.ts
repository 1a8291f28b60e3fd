import type { Check, CoverageKind } from '../../core/assessment/index.ts';
import type { ByteSource } from '../../core/bytes/index.ts';
import type { FileBudget, Limits } from '../../core/index.ts';
import type { Format } from '../../formats/index.ts';
import type { LoaderSet } from '../../formats/pickle/index.ts';
import type { GlobalPolicy } from '../lists/index.ts';
import type { FileFact } from './code-facts.ts';
import type { Rule } from './rule.ts';
import type { StorageRecords } from './storage-records.ts';

/**
 * The kind of container around a pickle, where it changes what the pickle may do: PyTorch's name storages by persistent id,
 * TorchScript's also name classes whose source stands in the archive, and which no Python imports.
 */
export type Within = 'torch' | 'torchscript';

/**
 * Which names resolve: `any`; those of modules that are called as Python calls them, in bytes without the mark of a pickle; or
 * those that Python, a listed library or the artifact has, in files named as text or media, which no loader of pickles opens.
 */
export type NameRule = 'any' | 'identifiers' | 'known';

/** What a scanner is given to look at: a file, or a member of one. */
export interface ScanTarget {
  readonly source: ByteSource;
  readonly format: Format;
  /** Path of the file in the artifact. */
  readonly file: string;
  /** Path within the file's containers, `!` between them; absent for the file itself. */
  readonly member?: string;
  /** 0 for a file, one more for each container around. */
  readonly depth: number;
  readonly within?: Within;
  /** The loaders that read this content when they load the file; others read it once it is extracted. */
  readonly loaders: LoaderSet;
  /** Storages beside a pickle that its persistent ids may name. */
  readonly records?: StorageRecords;
  /**
   * `near`: a full read costs nothing. `far`: every byte is downloaded, so only the bytes that a verdict needs are read.
   */
  readonly distance: 'near' | 'far';
}

export interface Report {
  readonly rule: Rule;
  readonly message: string;
  /** What the finding is about, for its fingerprint: a global's name, a member's path. Never an offset. */
  readonly subject: string;
  readonly offset?: number;
  readonly line?: number;
  readonly evidence?: string;
  /** Whose readings it is of; of all, when absent. */
  readonly loaders?: LoaderSet;
}

/** Bytes of another file of the artifact that belong to a model. */
export interface ReferredBytes {
  /** The path in the artifact. */
  readonly path: string;
  /** Sorted, and disjoint; the file may end before them. `all`: whatever the file holds. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[] | 'all';
  /** Tensors of a model, when absent; values of a distributed checkpoint, or those of variables of TensorFlow. */
  readonly holds?: 'checkpoint' | 'variables';
  /** The rule that a file breaks which is not as the model says; that of what it holds, when absent. */
  readonly rule?: Rule;
}

/** How a scanner reports. One context for each target; offsets are relative to that target. */
export interface ScanContext {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly globals: GlobalPolicy;
  /** Adds a finding; its rule decides the verdict. */
  report(report: Report): void;
  /** Records how bytes of this target were covered. Bytes that no scanner covers make the verdict `unknown`. */
  cover(start: number, end: number, kind: CoverageKind, why?: string): void;
  /** The parse did not reach the end: verdict `unknown`, with the reason, for the loaders that read so far; for all, when absent. */
  incomplete(reason: string, loaders?: LoaderSet): void;
  /** The format is known, but no scanner judges it: verdict `not-assessed`, and this check. */
  notAssessed(check: Check): void;
  /** A global that a pickle here can resolve, "module.name", and the loaders that do. */
  imported(name: string, loaders: LoaderSet): void;
  /** A reading of the bytes as a pickle imports, calls or changes something: its findings count. */
  acts(loaders: LoaderSet): void;
  /** Which names a pickle in these bytes may resolve. */
  readonly names: NameRule;
  /**
   * Scans a member of this container with all scanners, whatever its format turns out to be. The member's coverage of a
   * stored range of this target counts for this target. Closes `source`.
   */
  member(source: ByteSource, name: string, options?: MemberOptions): Promise<MemberResult>;
  /** What this file may still cost. Loops that are not linear in its bytes charge it, and so do buffers before they are made. */
  readonly budget: FileBudget;
  /** The content identifies the format more exactly than the magic: a zip is a `torch-zip`, a pickle a `joblib`. */
  identified(formatId: string): void;
  /** The file needs bytes of another one, which is judged as a part of it once all files are scanned. */
  refersTo(bytes: ReferredBytes): void;
  /** Names every member of this container, for findings across files (a shadowed module). */
  lists(names: readonly string[]): void;
  /** What the content says of code or of tensors, to be judged once all files are scanned. */
  tells(fact: FileFact): void;
}

export interface MemberOptions {
  readonly within?: Within;
  /** The loaders that open a container of this kind and read this member; the same as of the container, when absent. */
  readonly loaders?: LoaderSet;
  readonly records?: StorageRecords;
  /** The start of the member's stored bytes in this target; absent when it was decompressed. */
  readonly storedAt?: number;
}

export interface MemberResult {
  readonly format: string;
}

/** Judges one threat family over formats. */
export interface Scanner {
  readonly id: string;
  readonly formats: readonly string[];
  readonly rules: readonly Rule[];
  /**
   * Judges one file or member. Content errors (`truncated`, `malformed`, `unsupported`, `limit`, `sandbox`) thrown out of
   * it become `unknown`; every other error ends the scan.
   */
  scanFile(target: ScanTarget, context: ScanContext): Promise<void>;
}

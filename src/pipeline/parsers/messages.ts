import type { Check, CoverageRange, Finding, Reading, Verdict } from '../../core/assessment/index.ts';
import type { SharedFile } from '../../core/bytes/index.ts';
import { AssayError, type ClaimedDigest, type ErrorCode, isAssayError, type Limits } from '../../core/index.ts';
import type { LoaderSet } from '../../formats/pickle/index.ts';
import type { HashPlan, PlannedDigests } from '../../integrity/hash/index.ts';
import type { SandboxBounds } from '../../sandbox/index.ts';
import type { DeclaredLibrary } from '../../scan/advisories/list/index.ts';
import type { Allowance, RuleBundle } from '../../scan/lists/index.ts';
import type { PlacedFact, ReferredBytes } from '../../scan/scanner/index.ts';
import type { FileDeclaration } from '../declared.ts';

/** The settings by which the files of one assessment are parsed. */
export interface ParseSettings {
  /** Another assessment has another. */
  readonly id: number;
  readonly limits: Limits;
  readonly rules: { readonly bundle: RuleBundle; readonly digest: string } | undefined;
  readonly allowances: readonly Allowance[];
  /** Modules that the artifact itself would provide, as far as they are known. */
  readonly provided: ReadonlySet<string>;
  /** How files are hashed, besides by SHA-256. */
  readonly plans: readonly HashPlan[];
  /** Whether the caller sees each scanned target. */
  readonly shows: boolean;
  /** Whether the caller is told how many bytes were read. */
  readonly tells: boolean;
  /** What parsers share: see `Board`. */
  readonly board: SharedArrayBuffer;
  /** Bytes that a file may hold while other files are parsed. */
  readonly share: number;
}

/** Where a parser gets the bytes of a file from. */
export type OrderedBytes =
  /** An open file, which is read by its descriptor. */
  | { readonly kind: 'file'; readonly file: SharedFile }
  | { readonly kind: 'bytes'; readonly name: string; readonly bytes: Uint8Array }
  /** Only the caller can read it, and is asked. */
  | { readonly kind: 'asked'; readonly name: string; readonly size: number };

export interface ParseOrder {
  readonly path: string;
  readonly size: number;
  readonly distance: 'near' | 'far';
  readonly claimed: ClaimedDigest | undefined;
  readonly bytes: OrderedBytes;
  /** A parser crashed on the file: it is only hashed. */
  readonly lost: string | undefined;
}

/** The result of a parser for one file. */
export interface ParsedFile {
  readonly format: string;
  readonly verdict: Verdict;
  readonly imports: readonly string[];
  readonly readings: readonly Reading[];
  readonly reasons: readonly string[];
  readonly coverage: {
    readonly ranges: readonly CoverageRange[];
    readonly gaps: readonly { readonly start: number; readonly end: number }[];
  };
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
  readonly refers: readonly ReferredBytes[];
  readonly libraries: readonly DeclaredLibrary[];
  readonly code: readonly PlacedFact[];
  /** Empty when not every byte was hashed. */
  readonly digests: readonly PlannedDigests[];
  readonly declaration: FileDeclaration | undefined;
  /** Modules that the content of the file would provide. */
  readonly provides: readonly string[];
  readonly bytesRead: number;
  /** Under which bounds the parser's children ran so far. */
  readonly bounds: readonly SandboxBounds[];
}

export type ParseOutcome =
  | { readonly kind: 'parsed'; readonly file: ParsedFile }
  | { readonly kind: 'failed'; readonly error: WireError };

/** What is scanned, while it is open: as `Target`, without what cannot be sent. */
export interface ShownTarget {
  readonly source: { readonly name: string; readonly size: number };
  readonly format: { readonly id: string; readonly title: string; readonly extensions: readonly string[] };
  readonly file: string;
  readonly member: string | undefined;
  readonly depth: number;
  readonly within: 'torch' | 'torchscript' | undefined;
  readonly loaders: LoaderSet;
  readonly distance: 'near' | 'far';
}

export type ToParser =
  | { readonly kind: 'settings'; readonly settings: ParseSettings }
  /** Files, one after the other; `slot` is this parser's place on the board. */
  | { readonly kind: 'parse'; readonly slot: number; readonly orders: readonly ParseOrder[] }
  | Answer
  | Ask
  | { readonly kind: 'seen'; readonly call: number; readonly error: WireError | undefined }
  | { readonly kind: 'stop' };

export type FromParser =
  /** JSON of `ParseOutcome[]`: many small objects cross sooner as one text. */
  | { readonly kind: 'parsed'; readonly outcomes: string }
  | Ask
  | Answer
  | { readonly kind: 'progress'; readonly index: number; readonly bytes: number }
  | {
      readonly kind: 'show';
      readonly call: number;
      readonly target: ShownTarget;
      readonly format: string;
      readonly storedAt: number | undefined;
      readonly findings: readonly Finding[];
    };

/** Bytes that the other side is asked for: of the file at `of` in the batch, or of what is shown. */
export interface Ask {
  readonly kind: 'ask';
  readonly call: number;
  readonly of: number;
  readonly offset: number;
  readonly length: number;
}

/** They may be more than was asked for, when the others are at hand as well. */
export interface Answer {
  readonly kind: 'answer';
  readonly call: number;
  readonly start: number;
  readonly bytes: Uint8Array | undefined;
  readonly error: WireError | undefined;
}

/** An error on its way to another thread. */
export interface WireError {
  /** Absent for a defect. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly subject: string | undefined;
  readonly offset: number | undefined;
  readonly stack: string | undefined;
}

export function toWire(error: unknown): WireError {
  if (isAssayError(error)) {
    const { code, message, hint, subject, offset, stack } = error;
    return { code, message, hint, subject, offset, stack };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: undefined, message, hint: undefined, subject: undefined, offset: undefined, stack };
}

export function fromWire({ code, message, hint, subject, offset, stack }: WireError): AssayError {
  return new AssayError(code ?? 'internal', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(subject === undefined ? {} : { subject }),
    ...(offset === undefined ? {} : { offset }),
    ...(stack === undefined ? {} : { cause: stack }),
  });
}

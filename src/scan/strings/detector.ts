import type { DeclaredLibrary } from '../advisories/list/index.ts';
import type { Rule, ScanContext } from '../scanner/index.ts';
import type { Needle } from './needles.ts';
import type { SearchWindow } from './window.ts';

/** What a detector found: a finding without its place. */
export interface DetectedString {
  readonly rule: Rule;
  readonly message: string;
  /** What the finding is about, for its fingerprint; never a secret itself. */
  readonly subject: string;
  readonly evidence?: string;
  /** Where what was found ends in the window: needles before that are a part of it. */
  readonly end: number;
}

/** Looks at the text around each needle. Costs no more than a constant, whatever the text is. */
export interface StringDetector {
  readonly needles: readonly (string | Needle)[];
  /** @param at the start of the needle */
  detect(window: SearchWindow, at: number): DetectedString | undefined;
}

/** Looks for what a file says of the library that saved it or is to load it. */
export interface LibraryDetector {
  readonly needles: readonly string[];
  detect(window: SearchWindow, at: number): DeclaredLibrary | undefined;
}

/** Looks at a run of characters without spaces and quotes, in `[start, end)` of a window. */
export type RunDetector = (
  window: SearchWindow,
  start: number,
  end: number,
  context: ScanContext,
) => Promise<DetectedString | undefined>;

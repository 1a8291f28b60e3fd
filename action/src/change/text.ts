import type { GitBlob } from '../git/index.ts';

/** A text file of the change, and what it was before. */
export interface ChangedText {
  readonly path: string;
  readonly blob: GitBlob;
  readonly before: GitBlob | undefined;
}

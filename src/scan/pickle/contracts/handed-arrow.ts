import type { SpelledBytes } from './spelled-bytes.ts';

/** An array of Arrow's as a stream makes it: numbers that native code trusts, and the buffers that they lead into. */
export interface HandedArrow {
  readonly type: string;
  readonly length: number;
  readonly nullCount: number;
  readonly offset: number;
  readonly buffers: readonly (SpelledBytes | undefined)[];
  /** Where the stream makes it. */
  readonly at: number;
}

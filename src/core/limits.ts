/** Bounds on what hostile input may cost (CWE-400, CWE-770). Meeting one makes a verdict `unknown`, never `clean`. */
export interface Limits {
  /** Containers within containers (a zip in a tar in a gz is 3). */
  readonly maxDepth: number;
  /** Members of one archive. */
  readonly maxMembers: number;
  /** Files of one artifact. */
  readonly maxFiles: number;
  /** Bytes that all decompression within one file may write. */
  readonly maxExpandedBytes: number;
  /** Expanded bytes for each compressed byte, looked at once `maxExpandedBytes / 64` were written. */
  readonly maxExpansionRatio: number;
  /** Decompressed bytes kept in memory before they go to a temporary file. */
  readonly maxSpoolMemory: number;
  /** Bytes of one header that has to be held whole (safetensors, zip directory, JSON). */
  readonly maxHeaderBytes: number;
  /** Entries of a pickle's memo, values on its stack, and cells of its tuples and calls. */
  readonly maxPickleMemo: number;
  readonly maxPickleStack: number;
  readonly maxPickleCells: number;
  /** Distinct globals and streams of one pickle file. */
  readonly maxPickleGlobals: number;
  readonly maxPickleStreams: number;
  /** Findings kept for one file; the rest are counted. */
  readonly maxFindings: number;
  /** Wall clock for one file. */
  readonly maxFileMs: number;
  /** The sandbox: resident memory, CPU seconds, wall clock. */
  readonly sandboxMemoryBytes: number;
  readonly sandboxCpuSeconds: number;
  readonly sandboxWallMs: number;
}

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

export const DEFAULT_LIMITS: Limits = {
  maxDepth: 8,
  maxMembers: 100_000,
  maxFiles: 100_000,
  maxExpandedBytes: 16 * GiB,
  maxExpansionRatio: 1_100,
  maxSpoolMemory: 8 * MiB,
  maxHeaderBytes: 128 * MiB,
  maxPickleMemo: 16_777_216,
  maxPickleStack: 16_777_216,
  maxPickleCells: 33_554_432,
  maxPickleGlobals: 65_536,
  maxPickleStreams: 1_000_000,
  maxFindings: 200,
  maxFileMs: 60_000,
  sandboxMemoryBytes: 512 * MiB,
  sandboxCpuSeconds: 60,
  sandboxWallMs: 60_000,
};

/**
 * Bounds on what hostile input may cost (CWE-400, CWE-770). Reaching one makes a verdict `unknown`, never `clean`. Counted
 * limits come first, so that a verdict is the same on every machine; the wall clock is the last resort, for defects of Assay.
 */
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
  /**
   * Units of work of one file: a byte of instructions that is run, a value or a character that is looked at. Each file may do
   * `fileWorkBase`, and `fileWorkPerByte` more for each byte it has or expands to, at most `maxFileWork` in all.
   */
  readonly maxFileWork: number;
  readonly fileWorkBase: number;
  readonly fileWorkPerByte: number;
  /** Bytes of buffers, typed arrays and tables that one file may hold at a time. */
  readonly maxFileMemory: number;
  /** The same for all files that are parsed at a time. Files wait for it, so it does not influence a verdict. */
  readonly maxScanMemory: number;
  /** MiB of the heap of one parser. */
  readonly maxParserHeap: number;
  /** Entries of a pickle's memo, values on its stack, and cells of its tuples and calls. */
  readonly maxPickleMemo: number;
  readonly maxPickleStack: number;
  readonly maxPickleCells: number;
  /** Bytes of one line of a pickle. */
  readonly maxPickleLine: number;
  /** Distinct globals and streams of one pickle file. */
  readonly maxPickleGlobals: number;
  readonly maxPickleStreams: number;
  /** Other readings that are followed of one stream, and copies of a machine that are made for them in one file. */
  readonly maxReadings: number;
  readonly maxForks: number;
  /** Findings kept for one file; the rest are counted. */
  readonly maxFindings: number;
  /** Milliseconds of wall clock for one file: ten times what the counted bounds allow on a slow machine, and more. */
  readonly maxFileMs: number;
  /**
   * Milliseconds after which a parser that does not end by itself is killed: after the time limit of a file, and after a
   * request to stop.
   */
  readonly parserGraceMs: number;
  readonly parserStopMs: number;
  /** The sandbox: bytes of resident memory, seconds of CPU time, milliseconds of wall clock. */
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
  maxFileWork: 4_000_000_000,
  fileWorkBase: 4_000_000,
  fileWorkPerByte: 16,
  maxFileMemory: 384 * MiB,
  maxScanMemory: 768 * MiB,
  maxParserHeap: 512,
  maxPickleMemo: 16_777_216,
  maxPickleStack: 16_777_216,
  maxPickleCells: 33_554_432,
  maxPickleLine: 16 * MiB,
  maxPickleGlobals: 65_536,
  maxPickleStreams: 1_000_000,
  maxReadings: 64,
  maxForks: 1_024,
  maxFindings: 200,
  maxFileMs: 1_200_000,
  parserGraceMs: 2_000,
  parserStopMs: 250,
  sandboxMemoryBytes: 512 * MiB,
  sandboxCpuSeconds: 60,
  sandboxWallMs: 60_000,
};

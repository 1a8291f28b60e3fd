import { DEFAULT_LIMITS, type Limits } from '../../../../core/index.ts';
import type { GlossaryEntry } from './term.ts';

const LIMITS: Readonly<Record<keyof Limits, string>> = {
  maxDepth: 'Containers within containers',
  maxMembers: 'Members of one archive',
  maxFiles: 'Files of one artifact',
  maxExpandedBytes: 'Bytes that all decompression within one file may write',
  maxExpansionRatio: 'Expanded bytes for each compressed byte',
  maxSpoolMemory: 'Decompressed bytes that are kept in memory before they go to a temporary file',
  maxHeaderBytes: 'Bytes of one header that has to be held whole',
  maxFileWork:
    'Units of work of one file: bytes of instructions that are run, values and characters that are looked at',
  fileWorkBase: 'Units of work that every file may do, whatever its size',
  fileWorkPerByte: 'Further units of work for each byte that a file has or expands to',
  maxFileMemory: 'Bytes of buffers and tables that one file may hold at a time',
  maxScanMemory: 'The same for all files that are parsed at a time; files wait for it',
  maxParserHeap: 'MiB of the heap of one parser',
  maxPickleMemo: "Entries of a pickle's memo",
  maxPickleStack: 'Values on the stack of a pickle',
  maxPickleCells: 'Cells of the tuples and calls of a pickle',
  maxPickleLine: 'Bytes of one line of a pickle',
  maxPickleGlobals: 'Distinct globals of one pickle file',
  maxPickleStreams: 'Streams of one pickle file',
  maxReadings: 'Other readings that are followed of one stream',
  maxForks: 'Copies of a machine that are made for other readings in one file',
  maxFindings: 'Findings that are kept for one file; the rest are counted',
  maxFileMs: 'Milliseconds for one file',
  parserGraceMs: 'Milliseconds after which a parser is killed that does not end at the time limit of a file',
  parserStopMs: 'Milliseconds after which a parser is killed that does not end when it is told to stop',
  sandboxMemoryBytes: 'Bytes of memory of a sandboxed process',
  sandboxCpuSeconds: 'Seconds of processor time of a sandboxed process',
  sandboxWallMs: 'Milliseconds that a sandboxed process may run',
};

export function limitTerms(): GlossaryEntry[] {
  return (Object.keys(LIMITS) as (keyof Limits)[]).map((id) => ({
    id,
    kind: 'limit',
    title: LIMITS[id],
    explanation: `At most ${DEFAULT_LIMITS[id].toLocaleString('en')}. What is beyond a limit is not read, and the file is unknown: never clean.`,
    remedy:
      'A file of a real program stays far below the limits. Report one that does not, or use a copy in another format.',
  }));
}

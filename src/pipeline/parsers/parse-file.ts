import { type ByteSource, FileSource, MemorySource } from '../../core/bytes/index.ts';
import { FileBudget, type MemoryPool } from '../../core/index.ts';
import { claimPlan, type HashThreads, startDigest } from '../../integrity/hash/index.ts';
import { boundsSeen } from '../../sandbox/index.ts';
import { providedModules } from '../../scan/index.ts';
import type { GlobalPolicy } from '../../scan/lists/index.ts';
import { readDeclaration } from '../declared.ts';
import type { FileClocks } from '../file-clocks.ts';
import { bytesReadOf } from '../file-progress.ts';
import { type FileScanResult, type OnTarget, scanSource } from '../file-scan.ts';
import type { ParsedFile, ParseOrder, ParseSettings } from './messages.ts';

/** What the files that one parser works on share. */
export interface ParserParts {
  readonly settings: ParseSettings;
  readonly globals: GlobalPolicy;
  readonly threads: HashThreads;
  readonly clocks: FileClocks;
  readonly memory: MemoryPool;
  /** Fires when the caller wants no more. */
  readonly stop: AbortSignal;
  readonly onTarget: OnTarget | undefined;
}

/** Scans and hashes one file: its bytes are read once. The caller, who opened it, compares its identity before and after. */
export async function parseFile(source: ByteSource, order: ParseOrder, parts: ParserParts): Promise<ParsedFile> {
  const provides = new Set<string>();
  const near = order.distance === 'near';
  const plans = [...parts.settings.plans, ...(order.claimed === undefined ? [] : [claimPlan(order.claimed)])];
  const digest = near ? startDigest(source, parts.threads, plans) : undefined;
  const scan = order.lost === undefined ? await scanInTime(source, order, parts, provides) : undefined;
  const declaration = await readDeclaration(order.path, source);
  const digests = await digest?.finish(parts.stop);
  return {
    ...(scan === undefined ? lostParts(order) : scannedParts(scan, source.size)),
    digests: digests ?? [],
    declaration,
    provides: [...provides],
    // A file of the disk that is searched after its parse is read twice in part: from memory, mostly.
    bytesRead: Math.min(bytesReadOf(source), source.size),
    bounds: [...boundsSeen()],
  };
}

type ScannedParts = Pick<
  ParsedFile,
  | 'format'
  | 'verdict'
  | 'imports'
  | 'readings'
  | 'reasons'
  | 'refers'
  | 'libraries'
  | 'code'
  | 'coverage'
  | 'findings'
  | 'checks'
>;

function scannedParts(scan: FileScanResult, size: number): ScannedParts {
  const { format, verdict, imports, readings, reasons, refers, findings, checks, coverage, libraries, code } = scan;
  const read = { ranges: coverage.ranges(), gaps: coverage.gaps(size) };
  return { format, verdict, imports, readings, reasons, refers, libraries, code, findings, checks, coverage: read };
}

function lostParts({ size, lost }: ParseOrder): ScannedParts {
  const coverage = { ranges: [], gaps: size > 0 ? [{ start: 0, end: size }] : [] };
  const reasons = lost === undefined ? [] : [lost];
  return {
    format: 'unknown',
    verdict: 'unknown',
    imports: [],
    readings: [],
    reasons,
    refers: [],
    libraries: [],
    code: [],
    findings: [],
    checks: [],
    coverage,
  };
}

/** The scan under its wall clock, which the parser looks at where it waits; its supervisor ends it where it does not. */
async function scanInTime(
  source: ByteSource,
  order: ParseOrder,
  { settings, globals, clocks, stop, memory, onTarget }: ParserParts,
  provides: Set<string>,
): Promise<FileScanResult> {
  const clock = clocks.start();
  try {
    return await scanSource(source, {
      path: order.path,
      limits: settings.limits,
      signal: clock.signal,
      globals,
      distance: order.distance,
      budget: new FileBudget(settings.limits, source.size, memory),
      onTarget,
      onNames: (names) => {
        for (const module of providedModules(names.filter(isImportable))) provides.add(module);
      },
    });
  } catch (error) {
    // Out of time, not stopped from outside: the reason is a limit, and the file is `unknown`.
    if (clock.signal.aborted && !stop.aborted) throw clock.signal.reason;
    throw error;
  } finally {
    clocks.stop(clock);
  }
}

/** A module at the top of an archive: what `sys.path` would find if it were put there. */
function isImportable(name: string): boolean {
  return !name.includes('/') || /^[^/]+\/__init__\.pyc?$/.test(name);
}

/** The source of an order whose bytes are at hand. */
export function sourceOf(bytes: Exclude<ParseOrder['bytes'], { kind: 'asked' }>): ByteSource {
  return bytes.kind === 'file' ? FileSource.shared(bytes.file) : new MemorySource(bytes.bytes, bytes.name);
}

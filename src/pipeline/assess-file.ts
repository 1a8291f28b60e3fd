import type { ArtifactFile } from '../core/artifact.ts';
import type { DigestBasis, FileAssessment } from '../core/assessment.ts';
import type { ByteSource } from '../core/byte-source.ts';
import type { Check } from '../core/check.ts';
import { type AssayError, isAssayError, throwIfAborted } from '../core/errors.ts';
import type { OnEvent } from '../core/events.ts';
import type { Finding } from '../core/finding.ts';
import type { Limits } from '../core/limits.ts';
import { claimPlan, keepsClaim, startDigest } from '../integrity/digest.ts';
import { type HashPlan, type PlannedDigests, wholeDigest } from '../integrity/hash-plan.ts';
import type { HashThreads } from '../integrity/hash-threads.ts';
import type { GlobalPolicy } from '../scan/pickle/globals.ts';
import { providedModules } from '../scan/provided-modules.ts';
import { type FileDeclaration, readDeclaration } from './declared.ts';
import type { FileClocks } from './file-clocks.ts';
import { bytesReadOf, reportBytes } from './file-progress.ts';
import { type FileScanResult, type OnTarget, scanSource } from './file-scan.ts';

/** What the files of one assessment share. */
export interface Shared {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: OnEvent | undefined;
  readonly globals: GlobalPolicy;
  /** Modules that the artifact itself would provide; grows with what archives list. */
  readonly provided: Set<string>;
  readonly threads: HashThreads;
  readonly clocks: FileClocks;
  /** How files are hashed, besides by SHA-256: what a signature asks for. */
  readonly plans: readonly HashPlan[];
  readonly onTarget: OnTarget | undefined;
}

export interface FileChecks {
  readonly path: string;
  readonly checks: readonly Check[];
}

export interface AssessedFile {
  readonly file: FileAssessment;
  readonly findings: readonly Finding[];
  readonly checks: FileChecks;
  /** Empty when not every byte was hashed. */
  readonly digests: readonly PlannedDigests[];
  /** What it says of the model, if it is a file that does. */
  readonly declaration: FileDeclaration | undefined;
  readonly bytesRead: number;
  /** False when the file could not be read to the end. */
  readonly complete: boolean;
}

/** Opens, scans and hashes one file. Its bytes are read once, its identity compared before and after. */
export async function assessFile(file: ArtifactFile, shared: Shared): Promise<AssessedFile> {
  shared.onEvent?.({ kind: 'file-start', path: file.path, size: file.size });
  try {
    const source = await file.open(shared.signal);
    const progress = reportBytes(source, file, shared.onEvent);
    try {
      return await assessSource(source, file, shared);
    } finally {
      clearInterval(progress);
      await source.close();
    }
  } catch (error) {
    throwIfAborted(shared.signal);
    if (!isAssayError(error) || error.code === 'internal' || error.code === 'aborted') throw error;
    return unread(file, error);
  } finally {
    shared.onEvent?.({ kind: 'file-end', path: file.path });
  }
}

async function assessSource(source: ByteSource, file: ArtifactFile, shared: Shared): Promise<AssessedFile> {
  const near = file.distance === 'near';
  const plans = [...shared.plans, ...(file.claimed === undefined ? [] : [claimPlan(file.claimed)])];
  const digest = near ? startDigest(source, shared.threads, plans) : undefined;
  const scan = await scanInTime(source, file, shared);
  const declaration = await readDeclaration(file.path, source);
  const digests = await digest?.finish(shared.signal);
  const reasons = [...scan.reasons];
  const checks = [...scan.checks, ...checksumCheck(file, digests)];
  const changed = !(await source.unchanged());
  if (changed) reasons.unshift('the file changed while it was scanned');
  return {
    file: {
      path: file.path,
      size: source.size,
      format: scan.format,
      ...digestOf(file, digests && wholeDigest(digests, 'sha256')),
      verdict: changed && scan.verdict !== 'malicious' ? 'unknown' : scan.verdict,
      imports: scan.imports,
      reasons,
      coverage: { ranges: scan.coverage.ranges(), gaps: scan.coverage.gaps(source.size) },
    },
    findings: scan.findings,
    checks: { path: file.path, checks },
    digests: digests ?? [],
    declaration,
    bytesRead: bytesReadOf(source),
    complete: !changed,
  };
}

/** The scan under its wall clock: a file that takes longer is `unknown`. */
async function scanInTime(source: ByteSource, file: ArtifactFile, shared: Shared): Promise<FileScanResult> {
  const { limits, globals, provided, clocks, onTarget } = shared;
  throwIfAborted(shared.signal);
  const clock = clocks.start();
  try {
    return await scanSource(source, {
      path: file.path,
      limits,
      signal: clock.signal,
      globals,
      distance: file.distance,
      onTarget,
      onNames: (names) => {
        for (const module of providedModules(names.filter(isImportable))) provided.add(module);
      },
    });
  } catch (error) {
    // Out of time, not stopped from outside: the reason is a limit, and the file is `unknown`.
    if (clock.signal.aborted && shared.signal?.aborted !== true) throw clock.signal.reason;
    throw error;
  } finally {
    clocks.stop(clock);
  }
}

/** A module at the top of an archive: what `sys.path` would find if it were put there. */
function isImportable(name: string): boolean {
  return !name.includes('/') || /^[^/]+\/__init__\.pyc?$/.test(name);
}

function digestOf(
  file: ArtifactFile,
  computed: string | undefined,
): { sha256: string | null; digestBasis: DigestBasis } {
  if (computed !== undefined) return { sha256: computed, digestBasis: 'computed' };
  if (file.claimed?.algorithm === 'sha256') return { sha256: file.claimed.hex, digestBasis: 'claimed' };
  return { sha256: null, digestBasis: 'none' };
}

function checksumCheck(file: ArtifactFile, digests: readonly PlannedDigests[] | undefined): Check[] {
  const id = 'integrity.checksum';
  if (file.claimed === undefined) return [];
  if (digests === undefined) {
    return [
      {
        id,
        status: 'not-assessed',
        detail: 'the announced digest is claimed, not computed: only the ranges a verdict needs were fetched',
      },
    ];
  }
  const kept = keepsClaim(digests, file.claimed);
  return [
    {
      id,
      status: kept ? 'pass' : 'fail',
      detail: kept ? 'the bytes have the announced digest' : 'the bytes do not have the announced digest',
    },
  ];
}

function unread(file: ArtifactFile, error: AssayError): AssessedFile {
  const mend = error.mend === undefined ? '' : `; ${error.mend}`;
  return {
    file: {
      path: file.path,
      size: file.size,
      format: 'unknown',
      sha256: null,
      digestBasis: 'none',
      verdict: 'unknown',
      imports: [],
      reasons: [`${error.message}${mend}`],
      coverage: { ranges: [], gaps: file.size > 0 ? [{ start: 0, end: file.size }] : [] },
    },
    findings: [],
    checks: {
      path: file.path,
      checks: error.code === 'mismatch' ? [{ id: 'integrity.checksum', status: 'fail', detail: error.message }] : [],
    },
    digests: [],
    declaration: undefined,
    bytesRead: 0,
    complete: error.code === 'limit',
  };
}

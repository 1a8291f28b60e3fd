import { availableParallelism } from 'node:os';
import type { Artifact, ArtifactFile } from '../core/artifact.ts';
import type { Assessment, FileAssessment, Ruleset } from '../core/assessment.ts';
import type { Check } from '../core/check.ts';
import { throwIfAborted } from '../core/errors.ts';
import type { OnEvent } from '../core/events.ts';
import type { Finding } from '../core/finding.ts';
import { DEFAULT_LIMITS, type Limits } from '../core/limits.ts';
import { severityRank } from '../core/severity.ts';
import { HashThreads } from '../integrity/hash-threads.ts';
import { treeDigest } from '../integrity/tree-digest.ts';
import { boundsSeen } from '../sandbox/sandbox.ts';
import { pointerNotes } from '../scan/lfs-pointer.ts';
import { type Allowance, createGlobalPolicy } from '../scan/pickle/globals.ts';
import { providedModules } from '../scan/provided-modules.ts';
import { BUILT_IN_LISTS, type RuleLists } from '../scan/rule-lists.ts';
import { rulesetOf } from '../scan/ruleset.ts';
import { applyLists } from '../scan/ruleset-apply.ts';
import { type AssessedFile, assessFile, type FileChecks, type Shared } from './assess-file.ts';
import { joinDeclarations } from './declared.ts';
import { FileClocks } from './file-clocks.ts';
import type { OnTarget } from './file-scan.ts';
import { inLanes, lanesFor } from './lanes.ts';
import { manifestChecks } from './manifest-check.ts';
import { judgeScanned, openSignatureToScan, type ScannedSignature } from './scan-signature.ts';
import type { SignatureRequest } from './signature.ts';

export interface AssessOptions {
  readonly limits?: Limits;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
  /** Those of this program, when absent. */
  readonly lists?: RuleLists;
  /** The organisation's own. */
  readonly allowances?: readonly Allowance[];
  /** Whose signature is believed; without it, one that lies in the artifact is told of and not assessed. */
  readonly signature?: SignatureRequest;
  /** Shown everything that is scanned, files and members, while it is open: to quote from it. */
  readonly onTarget?: OnTarget;
}

/**
 * Scans every file of an artifact, the largest first, a lane a core up to a few. Does not close the artifact.
 * @throws AssayError `aborted`, `internal`. A file that cannot be read makes the assessment incomplete, not an error.
 */
export async function assess(artifact: Artifact, options: AssessOptions = {}): Promise<Assessment> {
  const started = performance.now();
  const signature = await openSignatureToScan(artifact, options.signature);
  const { allowances = [], lists = BUILT_IN_LISTS } = options;
  const provided = providedModules(artifact.files.map((file) => file.path));
  const known = provided.size;
  const lanes = lanesFor(availableParallelism());
  const threads = new HashThreads(lanes);
  const limits = options.limits ?? DEFAULT_LIMITS;
  const clocks = new FileClocks(limits.maxFileMs, options.signal);
  const shared = {
    limits,
    signal: options.signal,
    onEvent: options.onEvent,
    globals: createGlobalPolicy({ lists, allowances, provided }),
    provided,
    threads,
    clocks,
    plans: signature.plans,
    onTarget: options.onTarget,
  };
  const bytesTotal = artifact.files.reduce((sum, file) => sum + file.size, 0);
  options.onEvent?.({ kind: 'artifact', ref: artifact.ref, files: artifact.files.length, bytes: bytesTotal });
  try {
    const order = [...artifact.files].sort((a, b) => b.size - a.size);
    const assessed = await inLanes(order, lanes, (file: ArtifactFile) => {
      throwIfAborted(options.signal);
      return assessFile(file, shared);
    });
    await againIfShadowed(order, assessed, shared, provided.size > known);
    const signed = await judgeScanned(signature, artifact, assessed);
    const scanned = assessed.map(({ file }) => file);
    const manifests = await manifestChecks(artifact.files, scanned, options.signal);
    const durationMs = performance.now() - started;
    const summary = summarise(
      artifact,
      assessed,
      { ...signed, checks: [...signed.checks, ...manifests] },
      { bytesTotal, durationMs, ruleset: rulesetOf(allowances, lists) },
    );
    return applyLists(summary, lists);
  } finally {
    clocks.close();
    await threads.close();
  }
}

/**
 * Archives told of modules that they would provide only when they were scanned: what imports anything is judged again, so that
 * no verdict depends on which file came first.
 */
async function againIfShadowed(
  order: readonly ArtifactFile[],
  assessed: AssessedFile[],
  shared: Shared,
  grown: boolean,
): Promise<void> {
  if (!grown) return;
  for (const [i, file] of order.entries()) {
    const before = assessed[i];
    if (before === undefined || before.file.imports.length === 0) continue;
    throwIfAborted(shared.signal);
    const after = await assessFile(file, shared);
    assessed[i] = { ...after, bytesRead: before.bytesRead + after.bytesRead };
  }
}

interface Totals {
  readonly bytesTotal: number;
  readonly durationMs: number;
  readonly ruleset: Ruleset;
}

function summarise(
  artifact: Artifact,
  assessed: readonly AssessedFile[],
  signed: ScannedSignature,
  totals: Totals,
): Assessment {
  const sorted = [...assessed].sort((a, b) => comparePaths(a.file.path, b.file.path));
  const files = sorted.map(({ file }) => file);
  const own = joinDeclarations(
    artifact,
    sorted.flatMap(({ declaration }) => declaration ?? []),
  );
  return {
    artifact: { ref: artifact.ref, pinned: artifact.pinned, digest: digestOf(files) },
    status: sorted.every((one) => one.complete) ? 'complete' : 'incomplete',
    files,
    findings: [
      ...sorted.flatMap((one) => [...one.findings].sort(compareFindings)),
      ...own.findings,
      ...signed.findings,
    ],
    checks: [...mergeChecks(sorted.map((one) => one.checks)), ...signed.checks],
    signatures: signed.signatures,
    declared: own.declared,
    ruleset: totals.ruleset,
    notes: [...artifact.notes, ...own.notes, ...pointerNotes(files), ...sandboxNotes()],
    stats: {
      files: files.length,
      bytesTotal: totals.bytesTotal,
      bytesRead: sorted.reduce((sum, one) => sum + one.bytesRead, 0),
      durationMs: totals.durationMs,
    },
  };
}

/** Codecs ran under weaker bounds than they should: a report says so. */
function sandboxNotes(): string[] {
  if (!boundsSeen().has('watchdog')) return [];
  return ['this machine has no ulimit: decoders were bounded in memory and time by the watchdog alone'];
}

function digestOf(files: readonly FileAssessment[]): string | null {
  const hashed = files.flatMap(({ path, size, sha256 }) => (sha256 === null ? [] : [{ path, size, sha256 }]));
  return hashed.length === files.length && files.length > 0 ? treeDigest(hashed) : null;
}

/** One check an id over all files: `fail` if any file fails it, and so on down to `pass`. */
function mergeChecks(perFile: readonly FileChecks[]): Check[] {
  const order = ['pass', 'not-assessed', 'error', 'fail'] as const;
  const merged = new Map<string, { check: Check; paths: string[] }>();
  for (const { path, checks } of perFile) {
    for (const check of checks) {
      const known = merged.get(check.id);
      const worse = known === undefined || order.indexOf(check.status) > order.indexOf(known.check.status);
      if (worse) merged.set(check.id, { check, paths: [path] });
      else if (known.check.status === check.status) known.paths.push(path);
    }
  }
  return [...merged.values()].map(({ check, paths }) => ({ ...check, detail: `${check.detail} (${place(paths)})` }));
}

function place(paths: readonly string[]): string {
  return paths.length === 1 ? (paths[0] ?? '') : `${paths[0]} and ${paths.length - 1} more`;
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    severityRank(b.severity) - severityRank(a.severity) ||
    (a.offset ?? 0) - (b.offset ?? 0) ||
    comparePaths(a.fingerprint, b.fingerprint)
  );
}

function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

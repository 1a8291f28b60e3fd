import { availableParallelism } from 'node:os';
import {
  type Assessment,
  type Check,
  type FileAssessment,
  type Finding,
  type Ruleset,
  severityRank,
} from '../core/assessment/index.ts';
import {
  type Artifact,
  type ArtifactFile,
  AssayError,
  DEFAULT_LIMITS,
  type Limits,
  type OnEvent,
} from '../core/index.ts';
import { treeDigest } from '../integrity/hash/index.ts';
import { boundsSeen } from '../sandbox/index.ts';
import { hubFindings, pointerNotes, providedModules } from '../scan/index.ts';
import { type Allowance, BUILT_IN_LISTS, type RuleLists } from '../scan/lists/index.ts';
import type { CodeApproval } from '../scan/repository/index.ts';
import { applyLists, rulesetOf } from '../scan/rules/index.ts';
import { type AssessedFile, assessFiles, type FileChecks, type Shared } from './assess-file.ts';
import { batchesOf } from './batches.ts';
import { joinDeclarations } from './declared.ts';
import type { OnTarget } from './file-scan.ts';
import { localIdentities } from './identity.ts';
import { concurrencyFor, mapConcurrent } from './map-concurrent.ts';
import { type ParserPool, type ParseSettings, sharedParsers } from './parsers/index.ts';
import { type RebuildMode, rebuildChecks } from './rebuild/index.ts';
import {
  conversionChecks,
  judgeScanned,
  manifestChecks,
  openSignatureToScan,
  type ScannedSignature,
  type SignatureRequest,
} from './signature/index.ts';

export interface AssessOptions {
  readonly limits?: Limits;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
  /** The lists of this program, when absent. */
  readonly lists?: RuleLists;
  /** The allowances of the organisation. */
  readonly allowances?: readonly Allowance[];
  /** Code that the organisation approves by its digest. */
  readonly approvedCode?: readonly CodeApproval[];
  /** The trusted signers; without them, a signature in the artifact is reported but not assessed. */
  readonly signature?: SignatureRequest;
  /** Called with every scanned file and member while it is open, to quote from it. */
  readonly onTarget?: OnTarget;
  /**
   * Whether ONNX models are compared with those that are rebuilt from the configuration and the weights beside them, which reads every
   * weight; they are not, when absent.
   */
  readonly rebuild?: RebuildMode | undefined;
  /** The parsers that this thread shares, when absent. */
  readonly parsers?: ParserPool;
}

/**
 * Scans every file of an artifact on other threads, the largest first, a parser a core up to a few. Does not close the artifact.
 * @throws AssayError `aborted`, `internal`. A file that cannot be read makes the assessment incomplete, not an error.
 */
export async function assess(artifact: Artifact, options: AssessOptions = {}): Promise<Assessment> {
  const started = performance.now();
  const before = options.rebuild === undefined ? undefined : await localIdentities(artifact.files);
  const signature = await openSignatureToScan(artifact, options.signature);
  const { allowances = [], approvedCode = [], lists = BUILT_IN_LISTS } = options;
  const provided = providedModules(artifact.files.map((file) => file.path));
  const known = provided.size;
  const { signal, onEvent, onTarget, limits = DEFAULT_LIMITS } = options;
  const parsers = options.parsers ?? sharedParsers(concurrencyFor(availableParallelism()));
  const settings = () =>
    parsers.settings({
      limits,
      rules: rulesOf(lists),
      allowances,
      provided: new Set(provided),
      plans: signature.plans,
      shows: onTarget !== undefined,
      tells: onEvent !== undefined,
    });
  const shared = { signal, onEvent, onTarget, parsers, provided, settings: settings() };
  const bytesTotal = artifact.files.reduce((sum, file) => sum + file.size, 0);
  onEvent?.({ kind: 'artifact', ref: artifact.ref, files: artifact.files.length, bytes: bytesTotal });
  const order = [...artifact.files].sort((a, b) => b.size - a.size);
  const scannedAlone = await assessAll(order, shared);
  if (provided.size > known) await againShadowed(order, scannedAlone, { ...shared, settings: settings() });
  const referred = await withReferred(artifact.files, scannedAlone, signal);
  const assessed = await withCode(artifact, referred, approvedCode);
  const signed = await judgeScanned(signature, artifact, assessed);
  const scanned = assessed.map(({ file }) => file);
  const manifests = await manifestChecks(artifact.files, scanned, signal);
  const { converters, later = false } = options.signature ?? {};
  const { checks: converted, conversion } = await conversionChecks(artifact.files, scanned, {
    converters,
    later,
    signal,
  });
  const rebuilt = await rebuiltGraphs(artifact.files, scanned, before, options);
  const durationMs = performance.now() - started;
  const summary = summarise(
    artifact,
    assessed,
    {
      ...signed,
      checks: [...signed.checks, ...manifests, ...converted, ...rebuilt.checks],
      findings: [...signed.findings, ...rebuilt.findings, ...hubFindings(artifact.files)],
    },
    { bytesTotal, durationMs, ruleset: rulesetOf(allowances, lists, approvedCode) },
  );
  const advised = { ...summary, findings: [...summary.findings, ...(await advisedOf(assessed, summary, lists))] };
  return applyLists(conversion === undefined ? advised : { ...advised, conversion }, lists);
}

/** What advisories say of the versions and the content of files. */
async function advisedOf(
  assessed: readonly AssessedFile[],
  { findings }: Assessment,
  { loaders }: RuleLists,
): Promise<Finding[]> {
  const { advisoryFindings } = await import('../scan/advisories/index.ts');
  const files = assessed.map(({ file: { path, format }, libraries }) => {
    const own = findings.filter(({ file }) => file === path);
    return { path, format, libraries, rules: new Set(own.map(({ ruleId }) => ruleId)) };
  });
  return advisoryFindings(files, loaders);
}

async function rebuiltGraphs(
  files: readonly ArtifactFile[],
  scanned: readonly FileAssessment[],
  before: ReadonlyMap<string, string> = new Map(),
  { rebuild: mode, limits = DEFAULT_LIMITS, signal }: AssessOptions,
): Promise<{ readonly checks: readonly Check[]; readonly findings: readonly Finding[] }> {
  if (mode === undefined) return { checks: [], findings: [] };
  return await rebuildChecks(files, scanned, { mode, before, limits, signal });
}

/** Files that belong to others are judged with them. */
async function withReferred(
  files: readonly ArtifactFile[],
  assessed: readonly AssessedFile[],
  signal: AbortSignal | undefined,
): Promise<readonly AssessedFile[]> {
  if (assessed.every(({ refers }) => refers.length === 0)) return assessed;
  const { joinReferred } = await import('./referred-files.ts');
  return await joinReferred(files, assessed, signal);
}

/** What makes programs run the code of an artifact is judged once all files are scanned. */
async function withCode(
  artifact: Artifact,
  assessed: readonly AssessedFile[],
  approvals: readonly CodeApproval[],
): Promise<readonly AssessedFile[]> {
  // Tensors alone are compared with nothing.
  if (assessed.every(({ code }) => code.every(({ fact }) => fact.kind === 'tensors'))) return assessed;
  const { joinCode } = await import('./joined-code.ts');
  return joinCode(artifact, assessed, approvals);
}

async function assessAll(order: readonly ArtifactFile[], shared: Shared): Promise<AssessedFile[]> {
  const batches = await mapConcurrent(batchesOf(order), shared.parsers.count, (files) => assessFiles(files, shared));
  return batches.flat();
}

/**
 * The modules that an archive would provide are known only after its scan: files with imports are judged again, so that no
 * verdict depends on the order of files.
 */
async function againShadowed(order: readonly ArtifactFile[], assessed: AssessedFile[], shared: Shared): Promise<void> {
  const importing = [...order.keys()].filter((i) => (assessed[i]?.file.imports.length ?? 0) > 0);
  const again = await assessAll(
    importing.flatMap((i) => order[i] ?? []),
    shared,
  );
  for (const [at, i] of importing.entries()) {
    const [before, after] = [assessed[i], again[at]];
    if (before !== undefined && after !== undefined)
      assessed[i] = { ...after, bytesRead: before.bytesRead + after.bytesRead };
  }
}

/** The data from which a parser makes the same lists; `undefined` for the lists of this program. */
function rulesOf({ bundle, content }: RuleLists): ParseSettings['rules'] {
  if (bundle === undefined) return undefined;
  if (content === undefined) throw new AssayError('internal', 'the rules of a bundle have no content');
  return { bundle: content, digest: bundle };
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

/** A note that codecs ran under weaker bounds than intended. */
function sandboxNotes(): string[] {
  if (!boundsSeen().has('watchdog')) return [];
  return ['this machine has no ulimit: only the watchdog bounded the memory and time of decoders'];
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

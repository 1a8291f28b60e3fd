import type { Assessment } from '../../core/assessment/index.ts';
import type { ChainState, ToldScan, ToldVersion } from '../chain-state/index.ts';
import { chainState, chainStateIn, faultOf, isClosing } from '../chain-state/index.ts';
import type { KeptScan, Reuse, ScanInput } from '../kept-records.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { assessmentOfRow, isExact, labelOf, newestAssessmentRow, type VersionRow, versionRow } from '../rows/index.ts';
import { type Change, type Context, type Reader, read } from '../store/index.ts';
import { haveSameShape, scanShape } from './shape.ts';

/** Versions of the same shape that are looked at: the newest. */
const MAX_CANDIDATES = 5;
/** What the place that serves files says of them changes by the day. */
const OF_THE_SOURCE = 'hub.verdict.';

/**
 * Scans of the tenant whose result holds for these files, if their bytes are the same: by the same program, rules and options,
 * complete, young enough, of bytes that nobody closed, and as the audit log covers them.
 */
export async function keptScans(
  context: Context,
  by: Principal,
  input: ScanInput,
  maxAgeMs: number,
): Promise<readonly KeptScan[]> {
  return read(context, by, async (db) => {
    const rows = await db
      .selectFrom('assessments')
      .innerJoin('versions', 'versions.id', 'assessments.version')
      .select('assessments.version')
      .where('assessments.shape', '=', scanShape(by.tenant, input.files))
      .where('versions.tenant', '=', by.tenant)
      .orderBy('assessments.seq', 'desc')
      .limit(MAX_CANDIDATES)
      .execute();
    if (rows.length === 0) return [];
    const state = await chainState(context, by.tenant);
    const since = context.now().getTime() - maxAgeMs;
    const found: KeptScan[] = [];
    for (const id of new Set(rows.map(({ version }) => version))) {
      const held = await heldScan(db, state, await versionRow(db, by.tenant, id), { input, since });
      if (held !== undefined) found.push(held.kept);
    }
    return found;
  });
}

/**
 * The assessment of a kept scan, as that of another reading of the same bytes. It is found and checked again within the change, so
 * that nothing comes between.
 * @throws RegistryError `conflict` when it cannot be taken any more
 */
export async function takenScan(context: Context, change: Change, reuse: Reuse): Promise<Assessment> {
  const { kept, input, ref, maxAgeMs } = reuse;
  const { db, tenant, now } = change;
  const found = await db
    .selectFrom('assessments')
    .innerJoin('versions', 'versions.id', 'assessments.version')
    .select('assessments.version')
    .where('assessments.id', '=', kept.assessment)
    .where('versions.tenant', '=', tenant)
    .executeTakeFirst();
  const row = found === undefined ? undefined : await versionRow(db, tenant, found.version);
  const state = await chainStateIn(context, change);
  const since = now.getTime() - maxAgeMs;
  const held = row === undefined ? undefined : await heldScan(db, state, row, { input, since });
  if (row === undefined || held?.kept.assessment !== kept.assessment || held.kept.digest !== kept.digest)
    throw new RegistryError('conflict', 'the kept scan cannot be taken any more: the job is scanned');
  const { assessment, at, job } = held;
  // Of a result that was taken itself, where it first came from.
  const cached = assessment.cached ?? { at, from: labelOf(row), job };
  const note = `the result of the scan of ${cached.from} at ${cached.at} was taken: the same bytes, by the same rules and options`;
  return {
    ...assessment,
    artifact: { ref, pinned: input.pinned, digest: row.digest },
    cached,
    notes: assessment.cached === undefined ? [...assessment.notes, note] : assessment.notes,
  };
}

interface Held {
  readonly kept: KeptScan;
  readonly assessment: Assessment;
  readonly at: string;
  readonly job: string;
}

interface Wanted {
  readonly input: ScanInput;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The newest assessment of a version, which is the one that the audit log covers; `undefined` when it may not be taken. */
async function heldScan(
  db: Reader,
  state: ChainState,
  version: VersionRow,
  { input, since }: Wanted,
): Promise<Held | undefined> {
  const told = state.version(labelOf(version));
  if (!isTold(told, input) || state.barsOf(version.digest).some(isClosing)) return undefined;
  if ((await faultOf(state, db, version)) !== undefined) return undefined;
  const row = await newestAssessmentRow(db, version.id);
  if (row.job === null || row.job !== told.scan.job) return undefined;
  const { assessment } = assessmentOfRow(row);
  const isSameReference = isExact(input.pinned) && told.refs.includes(input.pinned);
  const at = told.scan.at;
  const isYoung = Date.parse(assessment.cached?.at ?? at) >= since;
  if (!isYoung || assessment.artifact.digest !== version.digest) return undefined;
  if (!isWhole(assessment, isSameReference) || !isOfInput(assessment, input)) return undefined;
  const kept = { assessment: row.id, digest: version.digest, isSameReference };
  return { kept, assessment, at, job: row.job };
}

/** The log tells that a worker made the newest assessment by the same program, rules and options, and covers it. */
function isTold(told: ToldVersion | undefined, { key }: ScanInput): told is ToldVersion & { readonly scan: ToldScan } {
  return told !== undefined && told.seal !== null && told.scan?.key === key;
}

/** Nothing of it may come out otherwise another time: a limit that was met, a part that was missing, what a source says today. */
function isWhole({ status, files, checks, findings }: Assessment, isSameReference: boolean): boolean {
  return (
    status === 'complete' &&
    files.length > 0 &&
    files.every(
      ({ verdict, reasons, digestBasis }) =>
        verdict !== 'unknown' && reasons.length === 0 && (digestBasis === 'computed' || isSameReference),
    ) &&
    checks.every((check) => check.status !== 'error') &&
    findings.every(({ ruleId }) => !ruleId.startsWith(OF_THE_SOURCE))
  );
}

function isOfInput({ ruleset, files }: Assessment, input: ScanInput): boolean {
  if (ruleset.digest !== input.ruleset || !haveSameShape(files, input.files)) return false;
  const known = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  return input.files.every(({ path, sha256 }) => sha256 === null || known.get(path) === sha256);
}

import { sql } from 'kysely';
import type { Assessment } from '../../core/assessment/index.ts';
import type { Lineage } from '../api/index.ts';
import { checkRecords, sealVersion } from '../chain-state/index.ts';
import { decideVersion } from '../decisions/index.ts';
import type { Reuse, ScanInput } from '../kept-records.ts';
import { scanShape, takenScan } from '../kept-scans/index.ts';
import { checkDigest, checkLine, checkLineage, checkModelName, checkReference, nameOf } from '../names.ts';
import type { Principal, StoredAssessment } from '../records.ts';
import type { Registered, Registration } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import {
  decisionOfRow,
  isExact,
  labelOf,
  NO_LINEAGE,
  saysAnything,
  type VersionRow,
  versionOf,
  versionOfRow,
} from '../rows/index.ts';
import { type Change, type Context, change, compiledOnce, insertRow, newId, workChange } from '../store/index.ts';
import { closeVersion } from '../transitions/index.ts';
import { endRegistered, registeredByJob } from './register-job.ts';

/** CWE-770: bounded reports are smaller. */
const MAX_ASSESSMENT = 64 * 1024 * 1024;

export async function register(context: Context, by: Principal, registration: Registration): Promise<Registered> {
  const { job } = registration;
  const checked = check(registration);
  // A job that lost its registration to a power failure is not done either, and is done again.
  return (job === undefined ? change : workChange)(context, by, async (change) => {
    const known = job === undefined ? undefined : await registeredByJob(change, job);
    return known ?? registerIn(context, change, registration, checked);
  });
}

/** The same by the result of a kept scan of the same bytes: the decision is made again. @throws RegistryError as `takenScan` */
export async function registerKept(context: Context, by: Principal, reuse: Reuse): Promise<Registered> {
  return workChange(context, by, async (change) => {
    const known = await registeredByJob(change, reuse.job);
    if (known !== undefined) return known;
    const assessment = await takenScan(context, change, reuse);
    const { model, job, lineage, input, kept } = reuse;
    const registration = { model, assessment, job, scan: input, ...(lineage === undefined ? {} : { lineage }) };
    return registerIn(context, change, registration, { ...check(registration), reused: kept.assessment });
  });
}

/** What is known of a registration before anything is written. */
interface Checked {
  readonly digest: string;
  readonly body: string;
  /** The assessment whose result was taken. */
  readonly reused?: string;
}

function check({ model, assessment, lineage = NO_LINEAGE, job }: Registration): Checked {
  checkModelName(model);
  checkLineage(lineage);
  if (job !== undefined) checkLine(job, 'the job');
  const digest = boundDigest(assessment);
  checkReference(assessment.artifact.ref, 'the reference');
  checkReference(assessment.artifact.pinned, 'the pinned reference');
  const body = JSON.stringify(assessment);
  if (body.length > MAX_ASSESSMENT) throw new RegistryError('too-large', 'the assessment has more than 64 MiB');
  return { digest, body };
}

async function registerIn(
  context: Context,
  change: Change,
  registration: Registration,
  { digest, body, reused }: Checked,
): Promise<Registered> {
  const { model, assessment, lineage = NO_LINEAGE, job, output, quarantine, scan } = registration;
  await ensureModel(change, model);
  const { row, created, isLineageNew } = await ensureVersion(context, change, registration, digest);
  if (created) sealVersion(change, row);
  await addKeys(change, row, assessment.artifact.pinned);
  const stored = await storeAssessment(change, row, { assessment, body, job: job ?? null, scan });
  const action = created ? 'version.registered' : 'version.assessed';
  const { ruleset, artifact } = assessment;
  change.record(action, labelOf(row), {
    digest,
    pinned: artifact.pinned,
    ruleset,
    ...(isLineageNew ? { lineage } : {}),
    ...(job === undefined ? {} : { job }),
    ...(scan === undefined ? {} : { scan: scan.key }),
    ...(reused === undefined ? {} : { reused }),
  });
  const { decisions } = await decideVersion(context, change, row, stored, created);
  const candidate = decisions.get('candidate');
  if (candidate === undefined) throw new RegistryError('internal', 'there is no decision');
  // A known version keeps its stage: these are the bytes that were judged before.
  const closed =
    created && quarantine !== undefined
      ? await closeVersion(context, change, row, 'quarantined', quarantine)
      : undefined;
  if (job !== undefined) await endRegistered(change, job, row.id, output);
  const refs = isExact(artifact.pinned) ? [artifact.pinned] : [];
  return {
    version: closed ?? (created ? versionOf(row, refs, []) : await versionOfRow(change.db, row)),
    created,
    assessment: stored,
    decision: decisionOfRow(candidate),
    storedBytes: Buffer.byteLength(body),
  };
}

/** The digest, when it is of bytes that were read, or that a pinned commit of the Hub announced. */
function boundDigest({ artifact, files }: Assessment): string {
  const { digest, pinned } = artifact;
  if (digest === null) {
    throw new RegistryError('no-digest', 'the bytes have no digest', {
      hint: 'scan it so that every file is fully read',
    });
  }
  checkDigest(digest);
  const computed = files.every(({ digestBasis }) => digestBasis === 'computed');
  if (computed || (pinned.startsWith('hf://') && isExact(pinned))) return digest;
  throw new RegistryError('no-digest', 'the digest was only announced, not computed from the bytes', {
    hint: 'scan it so that every file is fully read, or by a commit of the Hub',
  });
}

async function ensureModel({ db, tenant, at, by }: Change, name: string): Promise<void> {
  const row = { tenant, name, description: '', created_at: at, created_by: nameOf(by) };
  await insertRow(db, 'models', row, { ifNew: true });
}

const versionsLike = compiledOnce({ tenant: 'text', model: 'text', digest: 'text' }, (db, { tenant, model, digest }) =>
  db
    .selectFrom('versions')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('model', '=', model)
    .where('digest', '=', digest),
);

const lastNumber = compiledOnce({ tenant: 'text', model: 'text' }, (db, { tenant, model }) =>
  db
    .selectFrom('versions')
    .select('number')
    .where('tenant', '=', tenant)
    .where('model', '=', model)
    .orderBy('number', 'desc')
    .limit(sql.lit(1)),
);

async function ensureVersion(
  context: Context,
  change: Change,
  { model, assessment, lineage = NO_LINEAGE }: Registration,
  digest: string,
): Promise<{ readonly row: VersionRow; readonly created: boolean; readonly isLineageNew: boolean }> {
  const { db, tenant } = change;
  const isSaid = saysAnything(lineage);
  const text = JSON.stringify(lineage);
  const [known] = await versionsLike(db, { tenant, model, digest });
  if (known !== undefined) {
    await checkRecords(context, change, known);
    // The first scan of the bytes may not have known their base models; a lineage that was once stated remains.
    if (!isSaid || saysAnything(JSON.parse(known.lineage) as Lineage))
      return { row: known, created: false, isLineageNew: false };
    await db.updateTable('versions').set({ lineage: text }).where('id', '=', known.id).execute();
    return { row: { ...known, lineage: text }, created: false, isLineageNew: true };
  }
  const [last] = await lastNumber(db, { tenant, model });
  const row = {
    id: newId(),
    tenant,
    seq: change.next(),
    model,
    number: (last?.number ?? 0) + 1,
    digest,
    ref: assessment.artifact.ref,
    stage: 'candidate',
    stage_reason: '',
    lineage: text,
    created_at: change.at,
    created_by: nameOf(change.by),
  };
  await insertRow(db, 'versions', row);
  return { row, created: true, isLineageNew: isSaid };
}

async function addKeys({ db, tenant }: Change, { id: version, digest }: VersionRow, pinned: string): Promise<void> {
  await insertRow(db, 'version_keys', { tenant, key: digest, version, kind: 'digest' }, { ifNew: true });
  if (!isExact(pinned)) return;
  await insertRow(db, 'version_keys', { tenant, key: pinned, version, kind: 'ref' }, { ifNew: true });
}

async function storeAssessment(
  change: Change,
  { id: version }: VersionRow,
  {
    assessment,
    body,
    job,
    scan,
  }: Pick<Registration, 'assessment'> & {
    readonly body: string;
    readonly job: string | null;
    readonly scan: ScanInput | undefined;
  },
): Promise<StoredAssessment> {
  const { version: ruleset_version, digest: ruleset_digest } = assessment.ruleset;
  const { at } = change;
  const shape = scan === undefined ? null : scanShape(change.tenant, scan.files);
  const row = { id: newId(), version, seq: change.next(), body, ruleset_version, ruleset_digest, job, shape, at };
  await insertRow(change.db, 'assessments', row);
  return { id: row.id, version, assessment, at };
}

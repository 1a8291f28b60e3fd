import { createHash } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { isSignatureError, readBundle } from '../../integrity/envelope/index.ts';
import { PREDICATE_TYPES, readStatement } from '../../integrity/statements/index.ts';
import type { DataBaselineRecord } from '../api/index.ts';
import { checkVersion } from '../chain-state/index.ts';
import type { KeptBaseline } from '../job-records.ts';
import { nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { labelOf, type VersionRow, versionRow } from '../rows/index.ts';
import { JUDGES } from '../rules/index.ts';
import { digestOfStatement } from '../statements/index.ts';
import { type Change, type Context, change, newId, type Reader, read, type Tables } from '../store/index.ts';
import { isSameNamed } from '../tokens/index.ts';

type Row = Selectable<Tables['data_baselines']>;

const KEPT = 'data-baseline.kept';
/** CWE-770: profiles of one version; each may have 16 MiB. */
const MAX_BASELINES = 50;

/**
 * Keeps the profile of checked data with the version that was trained on it: from then on, data of that model is compared with it, as long
 * as the version is approved. Somebody else approves the data than asked for its check.
 * @param profile the bytes that the attestation of the job names
 * @throws RegistryError `not-found`; `forbidden`, `own-request`; `conflict` for data that failed its checks, of another model, or a version
 *   at its end; `bad-attestation` for a profile that the service has not signed; `too-large`
 */
export async function keepDataBaseline(
  context: Context,
  by: Principal,
  { version: id, job, profile }: { readonly version: string; readonly job: string; readonly profile: string },
): Promise<DataBaselineRecord> {
  return change(context, by, async (change) => {
    if (!by.roles.some((role) => JUDGES.includes(role)))
      throw new RegistryError('forbidden', `only a ${JUDGES.join(' or a ')} approves data`);
    const version = await checkVersion(context, change, id);
    if (version.stage === 'quarantined' || version.stage === 'retired')
      throw new RegistryError('conflict', `the version is ${version.stage}: no data is approved for it`);
    const signed = await signedProfile(change, version, job, profile);
    const row: Row = {
      id: newId(),
      tenant: change.tenant,
      seq: change.next(),
      version: version.id,
      job,
      profile,
      created_by: nameOf(by),
      at: change.at,
      ...signed,
    };
    await checkRoom(change, version);
    await change.db.insertInto('data_baselines').values(row).execute();
    const { digest, statement } = row;
    change.record(KEPT, labelOf(version), { baseline: row.id, job, digest, statement });
    return recordOf(row);
  });
}

/**
 * The newest profile that was kept with a version; `undefined` when there is none.
 * @throws RegistryError `not-found`; `broken-log` for a profile whose approval is not in the audit log
 */
export async function dataBaseline(context: Context, by: Principal, id: string): Promise<KeptBaseline | undefined> {
  return read(context, by, async (db) => {
    const version = await versionRow(db, by.tenant, id);
    const row = await db
      .selectFrom('data_baselines')
      .selectAll()
      .where('version', '=', id)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await checkTold(db, version, row);
    return { ...recordOf(row), profile: row.profile };
  });
}

/** @throws RegistryError `broken-log` */
async function checkTold(db: Reader, version: VersionRow, row: Row): Promise<void> {
  const entries = await db
    .selectFrom('audit')
    .select('detail')
    .where('tenant', '=', version.tenant)
    .where('subject', '=', labelOf(version))
    .where('action', '=', sql.lit(KEPT))
    .execute();
  const isTold = entries
    .map(({ detail }) => JSON.parse(detail) as Readonly<Record<string, unknown>>)
    .some(({ baseline, digest, statement }) => {
      return baseline === row.id && digest === row.digest && statement === row.statement;
    });
  if (isTold && digestOf(row.profile) === row.digest && digestOfStatement(row.attestation) === row.statement) return;
  throw new RegistryError(
    'broken-log',
    `the profile that is kept with ${labelOf(version)} is not what the audit log tells`,
    {
      hint: 'run `assay audit-log verify`',
    },
  );
}

/** What the service has signed of a job, whose profile this is. */
async function signedProfile(
  { db, tenant, by }: Change,
  version: VersionRow,
  id: string,
  profile: string,
): Promise<Pick<Row, 'digest' | 'statement' | 'attestation'>> {
  const job = await db
    .selectFrom('jobs')
    .select(['model', 'state', 'outcome', 'created_by'])
    .where('id', '=', id)
    .where('tenant', '=', tenant)
    .where('data', '!=', '')
    .executeTakeFirst();
  if (job === undefined) throw new RegistryError('not-found', 'the check of data does not exist');
  if (job.model !== version.model)
    throw new RegistryError('conflict', `the data was checked for ${job.model}, and not for ${version.model}`);
  if (await isSameNamed(db, by, job.created_by))
    throw new RegistryError('own-request', 'whoever asked for the check of the data cannot approve it', {
      hint: 'another person must approve it',
    });
  if (job.state !== 'done' || job.outcome === 'fail' || job.outcome === 'error')
    throw new RegistryError('conflict', 'the data did not pass its checks', { hint: 'check other data' });
  const run = await db
    .selectFrom('data_runs')
    .select(['statement', 'attestation'])
    .where('job', '=', id)
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  if (run === undefined) throw unsigned('it has not signed the check of the data');
  const digest = digestOf(profile);
  if (attestedProfile(run.attestation) !== digest) throw unsigned('it has signed another profile');
  return { digest, ...run };
}

function attestedProfile(attestation: string): string | undefined {
  try {
    const statement = readStatement(readBundle(Buffer.from(attestation), 'the attestation').envelope.payload);
    if (statement.predicateType !== PREDICATE_TYPES.data) return undefined;
    return `sha256:${statement.predicate.profile.sha256}`;
  } catch (error) {
    if (isSignatureError(error)) return undefined;
    throw error;
  }
}

function unsigned(why: string): RegistryError {
  return new RegistryError('bad-attestation', `the service does not attest this profile: ${why}`, {
    hint: 'check the data again, at a service with an approval key',
  });
}

async function checkRoom({ db }: Change, version: VersionRow): Promise<void> {
  const rows = await db.selectFrom('data_baselines').select('id').where('version', '=', version.id).execute();
  if (rows.length < MAX_BASELINES) return;
  throw new RegistryError('too-large', `the version has ${rows.length} profiles of data already`);
}

function digestOf(profile: string): string {
  return `sha256:${createHash('sha256').update(profile).digest('hex')}`;
}

function recordOf({ id, version, job, digest, statement, created_by: createdBy, at }: Row): DataBaselineRecord {
  return { id, version, job, digest, statement, createdBy, at };
}

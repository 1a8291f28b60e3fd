import type { Registered } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { assessmentOfRow, decisionOfRow, newestDecisions, versionOfRow, versionRow } from '../rows/index.ts';
import { type Change, compiledOnce } from '../store/index.ts';

const jobsLike = compiledOnce({ id: 'text', tenant: 'text' }, (db, { id, tenant }) =>
  db.selectFrom('jobs').select(['state', 'version']).where('id', '=', id).where('tenant', '=', tenant),
);

const endAsDone = compiledOnce(
  { id: 'text', tenant: 'text', version: 'text', ended_at: 'text' },
  (db, { id, tenant, ...end }) =>
    db
      .updateTable('jobs')
      .set({ ...end, state: 'done', lease: null, lease_until_ms: null, error_code: null, error_message: null })
      .where('id', '=', id)
      .where('tenant', '=', tenant),
);

/**
 * The version that a job has already registered: a worker that lost the job may still register. `undefined` when it has not, or
 * the job does not exist.
 * @throws RegistryError `ended` for a job that ended otherwise
 */
export async function registeredByJob({ db, tenant }: Change, id: string): Promise<Registered | undefined> {
  const [job] = await jobsLike(db, { id, tenant });
  if (job === undefined) return undefined;
  if (job.state !== 'running' && job.state !== 'done') throw new RegistryError('ended', 'the job has ended already');
  if (job.version === null) return undefined;
  const row = await versionRow(db, tenant, job.version);
  const assessment = await db
    .selectFrom('assessments')
    .selectAll()
    .where('version', '=', row.id)
    .where('job', '=', id)
    .executeTakeFirstOrThrow();
  const decision = (await newestDecisions(db, row.id)).get('candidate');
  if (decision === undefined) throw new RegistryError('internal', 'there is no decision');
  return {
    version: await versionOfRow(db, row),
    created: false,
    assessment: assessmentOfRow(assessment),
    decision: decisionOfRow(decision),
    storedBytes: Buffer.byteLength(assessment.body),
  };
}

/** A job that has registered its version is done, atomically and once: no worker continues it. */
export async function endRegistered(
  { db, tenant, at }: Change,
  job: string,
  version: string,
  output: string | undefined,
): Promise<void> {
  await endAsDone(db, { id: job, tenant, version, ended_at: at });
  if (output === undefined) return;
  await db.updateTable('jobs').set({ output }).where('id', '=', job).where('tenant', '=', tenant).execute();
}

import type { DataReport } from '../../core/data/index.ts';
import { signStatement } from '../../integrity/attestations/index.ts';
import { isSignatureError } from '../../integrity/envelope/index.ts';
import { createStatement } from '../../integrity/statements/index.ts';
import type { DataEnd, DataRun } from '../job-records.ts';
import type { Principal } from '../records.ts';
import type { ClaimedJob } from '../registry.ts';
import { askToAttestData } from '../signing-requests/index.ts';
import { digestOfStatement } from '../statements/index.ts';
import { type Change, type Context, insertRow, read, workChange } from '../store/index.ts';
import { endAsDone } from './done.ts';
import { rowOfJob } from './jobs.ts';

/** What an attestation of checks is made of. */
export type DataToAttest = Pick<DataEnd, 'report' | 'profile'>;

/**
 * Ends checks of data that were made, with their entry in the audit log: once, and only for who holds the lease.
 * @throws RegistryError `ended` when the job was cancelled, or is somebody else's by now
 */
export async function endData(
  context: Context,
  by: Principal,
  { job, lease }: ClaimedJob,
  end: DataEnd,
): Promise<void> {
  await workChange(context, by, async (change) => {
    const { outcome, evidence, profile } = end;
    await endAsDone(change, { job, lease }, end);
    const toAttest = { report: withoutRows(end.report), profile };
    const attested = context.signsLater
      ? await leaveToSign(change, job.id, toAttest)
      : await attestDataJob(context, change, job.id, toAttest);
    const { model, target } = job;
    change.record('data.ended', model, { job: job.id, target, outcome, ...evidence, ...attested });
  });
}

/** No statement holds rows of the data, or plots. */
function withoutRows(report: DataReport): DataReport {
  return { ...report, checks: report.checks.map((check) => ({ ...check, rows: [], figures: [], measures: [] })) };
}

async function leaveToSign(change: Change, job: string, end: DataToAttest) {
  await askToAttestData(change, job, JSON.stringify(end));
  return { attestedLater: true } as const;
}

/** Signs what checks of data said. @returns the digest of what was signed, or why it was not */
export async function attestDataJob(
  { signer }: Context,
  { db, tenant, now, at }: Change,
  job: string,
  { report, profile }: DataToAttest,
): Promise<{ readonly statement: string } | { readonly notAttested: string }> {
  if (signer === undefined) return { notAttested: 'the service has no key that signs checks of data' };
  try {
    const bundle = await signStatement(createStatement('data', { report, profile, at: now }), signer);
    const attestation = JSON.stringify(bundle);
    const statement = digestOfStatement(attestation);
    await insertRow(db, 'data_runs', { job, tenant, statement, attestation, at }, { ifNew: true });
    return { statement };
  } catch (error) {
    // The job has its result: that the service does not attest it is told.
    if (isSignatureError(error)) return { notAttested: `no attestation can hold it: ${error.message}` };
    throw error;
  }
}

/** @throws RegistryError `not-found` for a job of another tenant */
export async function dataRun(context: Context, by: Principal, job: string): Promise<DataRun | undefined> {
  return read(context, by, async (db) => {
    await rowOfJob(db, by.tenant, job);
    return db
      .selectFrom('data_runs')
      .select(['job', 'attestation', 'statement', 'at'])
      .where('job', '=', job)
      .where('tenant', '=', by.tenant)
      .executeTakeFirst();
  });
}

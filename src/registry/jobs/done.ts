import type { DataEnd } from '../job-records.ts';
import type { ClaimedJob } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import type { Change } from '../store/index.ts';

/** Ends a job with its outcome: once, and only for who holds the lease. @throws RegistryError `ended` */
export async function endAsDone(
  { db, tenant, at }: Change,
  { job, lease }: Pick<ClaimedJob, 'job' | 'lease'>,
  { outcome, output }: Pick<DataEnd, 'outcome' | 'output'>,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('jobs')
    .set({
      state: 'done',
      ended_at: at,
      lease: null,
      lease_until_ms: null,
      outcome,
      output,
      error_code: null,
      error_message: null,
    })
    .where('id', '=', job.id)
    .where('tenant', '=', tenant)
    .where('lease', '=', lease)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new RegistryError('ended', 'the job has ended already');
}

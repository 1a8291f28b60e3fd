import type { TestEnd } from '../job-records.ts';
import type { Principal } from '../records.ts';
import type { ClaimedJob } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { type Context, workChange } from '../store/index.ts';

/**
 * Ends a test that was done, with its entry in the audit log: once, and only for who holds the lease.
 * @throws RegistryError `ended` when the job was cancelled, or is somebody else's by now
 */
export async function endTest(
  context: Context,
  by: Principal,
  { job, lease }: ClaimedJob,
  end: TestEnd,
): Promise<void> {
  await workChange(context, by, async (change) => {
    const { db, tenant, at } = change;
    const { outcome, output, evidence } = end;
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
    change.record('test.ended', job.model, { job: job.id, target: job.target, outcome, ...evidence });
  });
}

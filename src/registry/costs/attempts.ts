import type { Costs } from '../api/index.ts';
import type { AttemptCosts } from '../cost-records.ts';
import { rowOfJob } from '../jobs/index.ts';
import type { Principal } from '../records.ts';
import type { ClaimedJob } from '../registry.ts';
import { type Context, read, unowned } from '../store/index.ts';
import { costsOfRow, SUMS } from './sums.ts';

/** Writes what an attempt has cost so far, over what was written of it before. It does not end the job. */
export async function recordCosts(
  context: Context,
  { job, lease }: ClaimedJob,
  costs: AttemptCosts,
  hasEnded: boolean,
): Promise<void> {
  const figures = {
    at: context.now().toISOString(),
    wall_ms: whole(costs.wallMs),
    cpu_ms: maybeWhole(costs.cpuMs),
    peak_bytes: maybeWhole(costs.peakBytes),
    fetched_bytes: maybeWhole(costs.fetchedBytes),
    stored_bytes: maybeWhole(costs.storedBytes),
    gpu_ms: maybeWhole(costs.gpuMs),
    reused: costs.reused ? 1 : 0,
    ended: hasEnded ? 1 : 0,
  };
  const { id, tenant, model, kind } = job;
  await unowned(() =>
    context.database.work
      .insertInto('costs')
      .values({ attempt: lease, job: id, tenant, model, kind, ...figures })
      .onConflict((conflict) => conflict.column('attempt').doUpdateSet(figures))
      .execute(),
  );
}

/** Of all attempts of a job. @throws RegistryError `not-found` */
export async function jobCosts(context: Context, by: Principal, id: string): Promise<Costs> {
  return read(context, by, async (db) => {
    await rowOfJob(db, by.tenant, id);
    const row = await db
      .selectFrom('costs')
      .select(SUMS)
      .where('job', '=', id)
      .where('tenant', '=', by.tenant)
      .executeTakeFirstOrThrow();
    return costsOfRow(row);
  });
}

/** A process that was taken over may say anything: no figure makes a sum that a database cannot hold. */
function whole(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(0, Math.round(value)), 2 ** 50) : 0;
}

function maybeWhole(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : whole(value);
}

import { type Kysely, sql } from 'kysely';
import type { Context } from './context.ts';
import { jobOfRow, lineageOfRow } from './jobs.ts';
import type { JobProgress, JobState } from './records.ts';
import { type ClaimedJob, type JobEnd, MAX_ATTEMPTS } from './registry.ts';
import { newId, unowned } from './store/change.ts';
import type { Tables } from './store/tables.ts';

/** CWE-770: what a worker says of a failure. */
const MAX_MESSAGE = 2000;
const MAX_CODE = 100;

/**
 * Takes the job that is to be run next, or the one that is named (whatever its pause), in one statement: no two workers take
 * the same.
 */
export async function claimJob(
  context: Context,
  worker: string,
  leaseMs: number,
  id?: string,
): Promise<ClaimedJob | undefined> {
  const { work: db, dialect } = context.database;
  return unowned(async () => {
    const now = context.now();
    await failKillers(db, now);
    const lease = newId();
    const row = await db
      .updateTable('jobs')
      .set(({ eb, fn, val }) => ({
        state: 'running',
        worker,
        lease,
        lease_until_ms: now.getTime() + leaseMs,
        attempts: eb('attempts', '+', 1),
        started_at: fn.coalesce('started_at', val(now.toISOString())),
      }))
      .where('id', '=', ({ selectFrom }) => {
        const free = selectFrom('jobs')
          .select('jobs.id')
          .where((eb) =>
            eb.or([
              id === undefined
                ? eb.and([eb('state', '=', 'queued'), eb('not_before_ms', '<=', now.getTime())])
                : eb('state', '=', 'queued'),
              eb.and([eb('state', '=', 'running'), eb('lease_until_ms', '<=', now.getTime())]),
            ]),
          )
          .$if(id !== undefined, (query) => query.where('jobs.id', '=', id ?? ''))
          .orderBy('priority', 'desc')
          .orderBy('seq')
          .limit(1);
        return dialect === 'postgres' ? free.forUpdate().skipLocked() : free;
      })
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : { job: jobOfRow(row), lease, lineage: lineageOfRow(row) };
  });
}

/** Jobs that were taken too often and never ended. */
async function failKillers(db: Kysely<Tables>, now: Date): Promise<void> {
  await db
    .updateTable('jobs')
    .set({
      state: 'failed',
      ended_at: now.toISOString(),
      lease: null,
      lease_until_ms: null,
      error_code: 'worker-lost',
      error_message: `the worker was lost ${MAX_ATTEMPTS} times`,
    })
    .where('state', '=', 'running')
    .where('lease_until_ms', '<=', now.getTime())
    .where('attempts', '>=', MAX_ATTEMPTS)
    .execute();
}

/** @returns false when the lease was lost, or the job was cancelled. */
export async function heartbeat(
  context: Context,
  { job, lease }: ClaimedJob,
  leaseMs: number,
  progress: JobProgress,
): Promise<boolean> {
  return unowned(async () => {
    const { numUpdatedRows } = await context.database.work
      .updateTable('jobs')
      .set({ lease_until_ms: context.now().getTime() + leaseMs, progress: JSON.stringify(progress) })
      .where('id', '=', job.id)
      .where('lease', '=', lease)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  });
}

/** Ends it, or hands it back, exactly once: the lease is gone then. */
export async function finishJob(context: Context, { job, lease }: ClaimedJob, end: JobEnd): Promise<boolean> {
  return unowned(async () => {
    const now = context.now();
    const { numUpdatedRows } = await context.database.work
      .updateTable('jobs')
      .set({ lease: null, lease_until_ms: null, ...endColumns(end, now) })
      .where('id', '=', job.id)
      .where('lease', '=', lease)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  });
}

function endColumns(end: JobEnd, now: Date) {
  const ended_at = now.toISOString();
  switch (end.kind) {
    case 'done':
      return { state: 'done', ended_at, version: end.version, error_code: null, error_message: null };
    case 'released':
      return { state: 'queued', not_before_ms: 0, attempts: sql<number>`attempts - 1` };
    case 'failed': {
      const error = { error_code: kept(end.code, MAX_CODE), error_message: kept(end.message, MAX_MESSAGE) };
      if (!end.retry) return { state: 'failed', ended_at, ...error };
      const isLast = sql<boolean>`attempts >= ${sql.lit(MAX_ATTEMPTS)}`;
      return {
        ...error,
        state: sql<string>`case when ${isLast} then 'failed' else 'queued' end`,
        ended_at: sql<string | null>`case when ${isLast} then ${sql.val(ended_at)} else null end`,
        not_before_ms: now.getTime() + Math.max(0, end.afterMs ?? 0),
      };
    }
  }
}

/** No database keeps a NUL or half of a pair. */
function kept(text: string, most: number): string {
  return Buffer.from(text.slice(0, most)).toString().replaceAll('\0', '');
}

export async function jobState(context: Context, id: string): Promise<JobState | undefined> {
  const row = await unowned(() =>
    context.database.read.selectFrom('jobs').select('state').where('id', '=', id).executeTakeFirst(),
  );
  return row?.state as JobState | undefined;
}

/** Those that pause included, and those whose worker died. */
export async function queuedJobs(context: Context, limit: number): Promise<string[]> {
  const now = context.now().getTime();
  const rows = await unowned(() =>
    context.database.read
      .selectFrom('jobs')
      .select('id')
      .where(({ eb, or, and }) =>
        or([eb('state', '=', 'queued'), and([eb('state', '=', 'running'), eb('lease_until_ms', '<=', now)])]),
      )
      .orderBy('priority', 'desc')
      .orderBy('seq')
      .limit(limit)
      .execute(),
  );
  return rows.map(({ id }) => id);
}

export async function countJobs(context: Context): Promise<Readonly<Record<JobState, number>>> {
  const rows = await unowned(() =>
    context.database.read
      .selectFrom('jobs')
      .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
      .groupBy('state')
      .execute(),
  );
  const of = (state: JobState) => rows.find((row) => row.state === state)?.count ?? 0;
  return {
    queued: of('queued'),
    running: of('running'),
    done: of('done'),
    failed: of('failed'),
    cancelled: of('cancelled'),
  };
}

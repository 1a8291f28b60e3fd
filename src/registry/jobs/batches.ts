import { sql } from 'kysely';
import type { Batch, JobProgress, JobState } from '../api/index.ts';
import type { BatchStore, CreatedBatch } from '../batch-records.ts';
import type { NewJob } from '../job-records.ts';
import { nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import {
  type Change,
  type Context,
  change,
  insertRow,
  newId,
  type Reader,
  read,
  unowned,
  workChange,
} from '../store/index.ts';
import { type BatchRow, batchRow } from './batch-row.ts';
import { addJobs, cancelOpen, checkJobs, checkOwn } from './jobs.ts';

/** Batches that are ended at a time. */
const AT_ONCE = 100;
const OPEN = ['queued', 'running'] as const;

/**
 * The store knows the parents of jobs, and the queue does not: a flow of BullMQ gives a job one parent, but a shared job is in
 * several batches; a flow never ends when a job was cancelled, and is lost when Redis loses its data.
 */
export function batchStore(context: Context): BatchStore {
  return {
    create: (by, jobs, mostQueued) => createBatch(context, by, jobs, mostQueued),
    get: (by, id) => read(context, by, async (db) => batchOf(db, await batchRow(db, by.tenant, id))),
    cancel: (by, id) => cancelBatch(context, by, id),
    endAll: () => endBatches(context),
  };
}

async function createBatch(
  context: Context,
  by: Principal,
  jobs: readonly NewJob[],
  mostQueued?: number,
): Promise<CreatedBatch> {
  checkJobs(jobs);
  if (jobs.length === 0) throw new RegistryError('invalid', 'a batch has at least one job');
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const created = await addJobs(change, jobs, mostQueued);
    const row = { id: newId(), tenant, created_by: nameOf(by), created_at: at, ended_at: null };
    await insertRow(db, 'batches', row);
    const members = [...new Set(created.map(({ job }) => job.id))];
    await db
      .insertInto('batch_jobs')
      .values(members.map((job) => ({ batch: row.id, job })))
      .execute();
    change.record('batch.created', row.id, { jobs: members.length });
    return { batch: await batchOf(db, row), jobs: created };
  });
}

async function cancelBatch(
  context: Context,
  by: Principal,
  id: string,
): Promise<{ readonly batch: Batch; readonly cancelled: readonly string[] }> {
  return change(context, by, async (change) => {
    const { db, tenant } = change;
    checkOwn(by, (await batchRow(db, tenant, id)).created_by);
    const cancelled = await cancelOpen(change, (jobs) =>
      jobs.where('id', 'in', (eb) => eb.selectFrom('batch_jobs').select('job').where('batch', '=', id)),
    );
    if (cancelled.length === 0) throw new RegistryError('ended', 'the batch has ended already');
    change.record('batch.cancelled', id, { jobs: cancelled.length });
    await endBatch(change, id);
    return { batch: await batchOf(db, await batchRow(db, tenant, id)), cancelled: cancelled.map((job) => job.id) };
  });
}

/** A job ends in many ways, some of which lock no tenant: so batches are checked afterwards, and none is forgotten. */
async function endBatches(context: Context): Promise<void> {
  for (let found = AT_ONCE; found === AT_ONCE; ) {
    const rows = await unowned(() => overdue(context.database.read).execute());
    for (const { id, tenant } of rows) {
      const by: Principal = { tenant, subject: 'assay', issuer: null, roles: [], via: 'local' };
      await workChange(context, by, (change) => endBatch(change, id));
    }
    found = rows.length;
  }
}

/** Those that are open, and whose jobs have all ended: the newest job is asked first, since it mostly ends last. */
function overdue(db: Reader) {
  return db
    .selectFrom('batches')
    .select(['id', 'tenant'])
    .where('ended_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('batch_jobs')
            .innerJoin('jobs', 'jobs.id', 'batch_jobs.job')
            .select('jobs.id')
            .whereRef('batch_jobs.batch', '=', 'batches.id')
            .where('jobs.state', 'in', OPEN)
            .orderBy('batch_jobs.job', 'desc')
            .limit(sql.lit(1)),
        ),
      ),
    )
    .limit(sql.lit(AT_ONCE));
}

/** Only once: a second caller finds it ended. An ended job stays ended, and a batch gets no further jobs. */
async function endBatch(change: Change, id: string): Promise<void> {
  const { db, tenant } = change;
  const row = await batchRow(db, tenant, id);
  const { jobs } = await batchOf(db, row);
  if (row.ended_at !== null || jobs.queued + jobs.running > 0) return;
  const { last } = await membersOf(db, id)
    .select(({ fn }) => fn.max('jobs.ended_at').as('last'))
    .executeTakeFirstOrThrow();
  await db
    .updateTable('batches')
    .set({ ended_at: last ?? change.at })
    .where('id', '=', id)
    .execute();
  const { done, failed, cancelled } = jobs;
  change.record('batch.ended', id, { jobs: done + failed + cancelled, done, failed, cancelled });
}

function membersOf(db: Reader, batch: string) {
  return db
    .selectFrom('batch_jobs')
    .innerJoin('jobs', 'jobs.id', 'batch_jobs.job')
    .where('batch_jobs.batch', '=', batch);
}

async function batchOf(db: Reader, row: BatchRow): Promise<Batch> {
  const { id, tenant, created_by: createdBy, created_at: createdAt, ended_at: endedAt } = row;
  const jobs: Record<JobState, number> = { queued: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
  const progress = { filesDone: 0, files: 0, bytesDone: 0, bytes: 0 };
  for (const job of await membersOf(db, id).select(['jobs.state', 'jobs.progress']).execute()) {
    jobs[job.state as JobState]++;
    const { filesDone, files, bytesDone, bytes } = JSON.parse(job.progress) as JobProgress;
    progress.filesDone += filesDone;
    progress.files += files;
    progress.bytesDone += bytesDone;
    progress.bytes += bytes;
  }
  const state = endedAt === null ? 'open' : 'ended';
  return { id, tenant, state, createdBy, createdAt, endedAt, jobs, progress };
}

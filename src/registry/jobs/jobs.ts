import { type Selectable, sql, type UpdateQueryBuilder, type UpdateResult } from 'kysely';
import type {
  ConversionOptions,
  CreatedJob,
  DataCheckOptions,
  Job,
  JobProgress,
  JobState,
  Lineage,
  ModelTestOptions,
  Page,
} from '../api/index.ts';
import { canonicalJson } from '../audit-chain/index.ts';
import type { JobFilter, NewJob } from '../job-records.ts';
import { checkLine, checkLineage, checkModelName, checkReference, nameOf } from '../names.ts';
import { limitOf, pageOf, seqAfter } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import {
  type Change,
  type Context,
  change,
  compiledOnce,
  insertRow,
  newId,
  type Reader,
  read,
  type Tables,
} from '../store/index.ts';
import { batchRow } from './batch-row.ts';

export type JobRow = Selectable<Tables['jobs']>;

/** Bytes of what is asked of data: an index of PostgreSQL takes no more than 2,704 in a row. */
const MAX_DATA = 1_500;
const MAX_PRIORITY = 1_000_000;
const NO_PROGRESS: JobProgress = { filesDone: 0, files: 0, bytesDone: 0, bytes: 0 };

export async function createJob(context: Context, by: Principal, job: NewJob): Promise<CreatedJob> {
  checkJob(job);
  return change(context, by, (change) => addJob(change, job));
}

export async function createJobs(
  context: Context,
  by: Principal,
  jobs: readonly NewJob[],
  mostQueued?: number,
): Promise<CreatedJob[]> {
  checkJobs(jobs);
  return change(context, by, (change) => addJobs(change, jobs, mostQueued));
}

/** All of them, or none. @throws RegistryError `queue-full` */
export async function addJobs(
  change: Change,
  jobs: readonly NewJob[],
  mostQueued = Number.POSITIVE_INFINITY,
): Promise<CreatedJob[]> {
  const all: CreatedJob[] = [];
  for (const job of jobs) all.push(await addJob(change, job));
  // Counted after they were made: the tenant is locked, and a refusal takes them back.
  if (all.some(({ created }) => created)) await checkQueued(change, mostQueued);
  return all;
}

/** The first of those that wait beyond so many. Literals, so that the index of them is used. */
const waitingBeyond = compiledOnce({ tenant: 'text', most: 'number' }, (db, { tenant, most }) =>
  db
    .selectFrom('jobs')
    .select('priority')
    .where('tenant', '=', tenant)
    .where('state', '=', sql.lit('queued'))
    .where('priority', '>=', sql.lit(0))
    .orderBy('priority')
    .limit(sql.lit(1))
    .offset(most),
);

async function checkQueued({ db, tenant }: Change, most: number): Promise<void> {
  if (most === Number.POSITIVE_INFINITY) return;
  const [beyond] = await waitingBeyond(db, { tenant, most });
  if (beyond === undefined) return;
  throw new RegistryError('queue-full', `the queue of the tenant is full: ${most} jobs`, {
    hint: 'retry when some of them have run, or cancel some',
  });
}

const openJobs = compiledOnce(
  { tenant: 'text', target: 'text', model: 'text', ruleset: 'text', conversion: 'text', test: 'text', data: 'text' },
  (db, { tenant, target, model, ruleset, conversion, test, data }) =>
    db
      .selectFrom('jobs')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('target', '=', target)
      .where('model', '=', model)
      .where('ruleset', '=', ruleset)
      .where('conversion', '=', conversion)
      .where('test', '=', test)
      .where('data', '=', data)
      .where('state', 'in', [sql.lit('queued'), sql.lit('running')]),
);

/** The same target, model, ruleset, conversion, test and check of data, queued or running, is the same job. */
async function addJob(change: Change, job: NewJob): Promise<CreatedJob> {
  const { target, model, ruleset, priority = 0, lineage } = job;
  const { db, by, tenant, at } = change;
  const conversion = job.conversion === undefined ? '' : canonicalJson(job.conversion);
  const test = job.test === undefined ? '' : canonicalJson(job.test);
  const data = job.data === undefined ? '' : canonicalJson(job.data);
  const [known] = await openJobs(db, { tenant, target, model, ruleset, conversion, test, data });
  if (known !== undefined) return { job: jobOfRow(known), created: false };
  const row = {
    id: newId(),
    tenant,
    target,
    model,
    ruleset,
    lineage: lineage === undefined ? null : JSON.stringify(lineage),
    conversion,
    test,
    data,
    priority,
    state: 'queued',
    attempts: 0,
    progress: JSON.stringify(NO_PROGRESS),
    created_by: nameOf(by),
    created_at: at,
    started_at: null,
    ended_at: null,
    not_before_ms: 0,
    worker: null,
    lease: null,
    lease_until_ms: null,
    version: null,
    output: null,
    outcome: null,
    error_code: null,
    error_message: null,
  };
  await insertRow(db, 'jobs', row);
  change.record('job.created', model, {
    job: row.id,
    target,
    ruleset,
    ...(job.conversion === undefined ? {} : { conversion: job.conversion }),
    ...(job.test === undefined ? {} : { test: job.test }),
    ...(job.data === undefined ? {} : { data: job.data }),
  });
  return { job: jobOfRow(row), created: true };
}

export async function getJob(context: Context, by: Principal, id: string): Promise<Job> {
  return read(context, by, async (db) => {
    const [job] = await withDecisions(db, [jobOfRow(await rowOfJob(db, by.tenant, id))]);
    if (job === undefined) throw new RegistryError('internal', 'a job was lost');
    return job;
  });
}

/** The newest first. */
export async function listJobs(
  context: Context,
  by: Principal,
  page: PageRequest & JobFilter = {},
): Promise<Page<Job>> {
  return read(context, by, async (db) => {
    const limit = limitOf(page);
    const after = seqAfter(page);
    let query = db.selectFrom('jobs').selectAll().where('tenant', '=', by.tenant);
    if (after !== undefined) query = query.where('seq', '<', after);
    if (page.state !== undefined) query = query.where('state', '=', page.state);
    if (page.kind !== undefined)
      query = query
        .where('conversion', page.kind === 'convert' ? '!=' : '=', '')
        .where('test', page.kind === 'test' ? '!=' : '=', '')
        .where('data', page.kind === 'data' ? '!=' : '=', '');
    const { batch } = page;
    if (batch !== undefined) {
      await batchRow(db, by.tenant, batch);
      query = query.where('id', 'in', (eb) => eb.selectFrom('batch_jobs').select('job').where('batch', '=', batch));
    }
    const rows = await query
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute();
    const found = pageOf(rows, limit, jobOfRow, ({ seq }) => String(seq));
    return { ...found, items: await withDecisions(db, found.items) };
  });
}

/** With what the policy for candidates says of the version of each. */
async function withDecisions(db: Reader, jobs: readonly Job[]): Promise<Job[]> {
  const versions = [...new Set(jobs.flatMap(({ version }) => (version === null ? [] : [version])))];
  if (versions.length === 0) return [...jobs];
  const rows = await db
    .selectFrom('decisions')
    .select(['version', 'action'])
    .where('version', 'in', versions)
    .where('stage', '=', 'candidate')
    .orderBy('seq')
    .execute();
  const newest = new Map(rows.map(({ version, action }) => [version, action as Job['decision']]));
  return jobs.map((job) => ({
    ...job,
    decision: (job.version === null ? undefined : newest.get(job.version)) ?? null,
  }));
}

/** Its worker learns of it at its next heartbeat. */
export async function cancelJob(context: Context, by: Principal, id: string): Promise<Job> {
  return change(context, by, async (change) => {
    checkOwn(by, (await rowOfJob(change.db, change.tenant, id)).created_by);
    const [job] = await cancelOpen(change, (jobs) => jobs.where('id', '=', id));
    if (job === undefined) throw new RegistryError('ended', 'the job has ended already');
    return job;
  });
}

/** @throws RegistryError `forbidden` for what somebody else asked for, but for an admin */
export function checkOwn(by: Principal, owner: string): void {
  if (owner === nameOf(by) || by.roles.includes('admin')) return;
  throw new RegistryError('forbidden', `only ${owner} or an admin can cancel it`);
}

type JobUpdate = UpdateQueryBuilder<Tables, 'jobs', 'jobs', UpdateResult>;

/** Cancels those of some jobs of the tenant that have not ended. */
export async function cancelOpen(change: Change, some: (jobs: JobUpdate) => JobUpdate): Promise<readonly Job[]> {
  const { db, tenant, at } = change;
  const rows = await some(db.updateTable('jobs'))
    .set({ state: 'cancelled', ended_at: at, lease: null, lease_until_ms: null })
    .where('tenant', '=', tenant)
    .where('state', 'in', ['queued', 'running'])
    .returningAll()
    .execute();
  for (const { id, model, target } of rows) change.record('job.cancelled', model, { job: id, target });
  return rows.map(jobOfRow);
}

export async function rowOfJob(db: Reader, tenant: string, id: string): Promise<JobRow> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', id)
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  if (row === undefined) throw new RegistryError('not-found', 'the job does not exist');
  return row;
}

export function checkJobs(jobs: readonly NewJob[]): void {
  for (const job of jobs) checkJob(job);
}

function checkJob({ target, model, ruleset, priority = 0, lineage, data }: NewJob): void {
  checkReference(target, 'the target');
  checkModelName(model);
  checkLine(ruleset, 'the ruleset');
  if (lineage !== undefined) checkLineage(lineage);
  if (data !== undefined && Buffer.byteLength(canonicalJson(data)) > MAX_DATA)
    throw new RegistryError('invalid', `the names of the columns have more than ${MAX_DATA} bytes`);
  if (Number.isInteger(priority) && Math.abs(priority) <= MAX_PRIORITY) return;
  throw new RegistryError('invalid', `a priority is a whole number up to ${MAX_PRIORITY}`);
}

export function jobOfRow(row: Omit<JobRow, 'seq'>): Job {
  const { error_code: code, error_message: message } = row;
  return {
    id: row.id,
    tenant: row.tenant,
    kind: kindOfRow(row),
    target: row.target,
    model: row.model,
    state: row.state as JobState,
    createdBy: row.created_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    attempts: row.attempts,
    priority: row.priority,
    progress: JSON.parse(row.progress) as JobProgress,
    conversion: row.conversion === '' ? null : (JSON.parse(row.conversion) as ConversionOptions),
    test: row.test === '' ? null : (JSON.parse(row.test) as ModelTestOptions),
    data: row.data === '' ? null : (JSON.parse(row.data) as DataCheckOptions),
    outcome: row.outcome as Job['outcome'],
    decision: null,
    version: row.version,
    error: code === null ? null : { code, message: message ?? '' },
  };
}

function kindOfRow({ conversion, test, data }: Pick<JobRow, 'conversion' | 'test' | 'data'>): Job['kind'] {
  if (data !== '') return 'data';
  if (test !== '') return 'test';
  return conversion === '' ? 'scan' : 'convert';
}

export function lineageOfRow({ lineage }: JobRow): Lineage | null {
  return lineage === null ? null : (JSON.parse(lineage) as Lineage);
}

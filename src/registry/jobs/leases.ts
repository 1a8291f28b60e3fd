import { type SelectQueryBuilder, sql } from 'kysely';
import { JOB_KINDS, JOB_STATES, type JobKind, type JobProgress, type JobState } from '../api/index.ts';
import { type ClaimedJob, type JobCount, type JobEnd, MAX_ATTEMPTS } from '../registry.ts';
import { type Context, compiledOnce, type Database, newId, type Reader, type Tables, unowned } from '../store/index.ts';
import { type JobRow, jobOfRow, lineageOfRow } from './jobs.ts';
import { Turns } from './turns.ts';

/** CWE-770: the length of a worker's error message. */
const MAX_MESSAGE = 2000;
const MAX_CODE = 100;
/** The lock of those who claim; nothing else locks this number. */
const CLAIMS = 0x41535341;
/** How often a busy worker looks for jobs that crash their workers: each look changes the file. */
const KILLERS_MS = 1_000;
/** The time of the last look, in milliseconds since 1970. */
const killersSought = new WeakMap<Database, number>();

/**
 * Takes the jobs that are to be run next: those whose worker died, then the next job of the tenant whose turn it is. Workers take
 * turns, so that no two take the same job, and none takes one beyond the ceiling of a tenant.
 */
export async function claimJobs(
  context: Context,
  worker: string,
  leaseMs: number,
  most: number,
): Promise<readonly ClaimedJob[]> {
  return claiming(context, async (db) => {
    const all: ClaimedJob[] = [];
    const claim = async (take: (claim: Claim) => Promise<JobRow[]>) => {
      const claim = claimOf(context, worker, leaseMs);
      const [row] = await take(claim);
      if (row !== undefined) all.push(claimedOf(row, claim.lease));
      return row !== undefined;
    };
    let isMore = true;
    while (isMore && all.length < most) isMore = await claim((claim) => claimLeftBehind(db, claim));
    if (all.length < most) {
      const turns = await Turns.open(db, context.shares, context.now().getTime());
      for (let turn = turns.next(); turn !== undefined && all.length < most; turn = turns.next()) {
        const { tenant, least } = turn;
        if (await claim((claim) => claimOfTenant(db, { ...claim, tenant, least }))) turns.started(tenant);
        else turns.leave(tenant);
      }
      await turns.keep(db);
    }
    await failKillersSometimes(context, db, all.length < most);
    return all;
  });
}

/** A server makes those who claim wait for each other: what one of them counts, the next one sees. */
function claiming<T>({ database }: Context, work: (db: Reader) => Promise<T>): Promise<T> {
  return unowned(() =>
    database.change(async (db) => {
      if (database.dialect === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(CLAIMS)})`.execute(db);
      return work(db);
    }),
  );
}

type Claim = ReturnType<typeof claimOf>;

function claimOf({ now }: Context, worker: string, leaseMs: number) {
  const at = now();
  const now_ms = at.getTime();
  return { worker, lease: newId(), lease_until_ms: now_ms + leaseMs, now_ms, at: at.toISOString() };
}

function claimedOf(row: JobRow, lease: string): ClaimedJob {
  return { job: jobOfRow(row), lease, lineage: lineageOfRow(row) };
}

async function failKillersSometimes({ database, now }: Context, db: Reader, isIdle: boolean): Promise<void> {
  const at = now();
  const now_ms = at.getTime();
  if (!isIdle && now_ms - (killersSought.get(database) ?? 0) < KILLERS_MS) return;
  killersSought.set(database, now_ms);
  await failKillers(db, { now_ms, at: at.toISOString() });
}

const CLAIM = { worker: 'text', lease: 'text', lease_until_ms: 'number', now_ms: 'number', at: 'text' } as const;

const claimLeftBehind = compiledOnce(CLAIM, (db, { now_ms, ...claim }, dialect) =>
  claimed(db, claim, dialect, (jobs) =>
    jobs.where(({ eb, and }) =>
      and([
        eb('state', '=', sql.lit('running')),
        eb('lease_until_ms', '<=', now_ms),
        eb('attempts', '<', sql.lit(MAX_ATTEMPTS)),
      ]),
    ),
  ),
);

const claimOfTenant = compiledOnce(
  { ...CLAIM, tenant: 'text', least: 'number' },
  (db, { now_ms, tenant, least, ...claim }, dialect) =>
    claimed(db, claim, dialect, (jobs) =>
      jobs
        .where('tenant', '=', tenant)
        .where('state', '=', sql.lit('queued'))
        .where('priority', '>=', least)
        .where('not_before_ms', '<=', now_ms),
    ),
);

type Jobs = SelectQueryBuilder<Tables, 'jobs', { id: string }>;

/** Takes the first of some jobs. */
function claimed(
  db: Reader,
  { worker, lease, lease_until_ms, at }: Pick<JobRow, 'worker' | 'lease' | 'lease_until_ms'> & { readonly at: string },
  dialect: 'sqlite' | 'postgres',
  some: (jobs: Jobs) => Jobs,
) {
  return db
    .updateTable('jobs')
    .set(({ eb, fn, val }) => ({
      state: 'running',
      worker,
      lease,
      lease_until_ms,
      attempts: eb('attempts', '+', 1),
      started_at: fn.coalesce('started_at', val(at)),
    }))
    .where((eb) => {
      const first = some(eb.selectFrom('jobs').select('jobs.id'))
        .orderBy('priority', 'desc')
        .orderBy('seq')
        .limit(sql.lit(1));
      return eb('id', '=', dialect === 'postgres' ? first.forUpdate().skipLocked() : first);
    })
    .returningAll();
}

/** Jobs that were taken too often and never ended. */
const failKillers = compiledOnce({ now_ms: 'number', at: 'text' }, (db, { now_ms, at }) =>
  db
    .updateTable('jobs')
    .set({
      state: 'failed',
      ended_at: at,
      lease: null,
      lease_until_ms: null,
      error_code: 'worker-lost',
      error_message: `the worker was lost ${MAX_ATTEMPTS} times`,
    })
    .where('state', '=', sql.lit('running'))
    .where('lease_until_ms', '<=', now_ms)
    .where('attempts', '>=', MAX_ATTEMPTS),
);

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

/** Ends it, or returns it to the queue, exactly once: the lease ends then. */
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
      if (!end.retry) return { state: 'failed', ended_at, output: end.output ?? null, ...error };
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

/** How many jobs there are of each kind and state. */
export async function countJobKinds(context: Context): Promise<readonly JobCount[]> {
  const rows = await unowned(() =>
    context.database.read
      .selectFrom('jobs')
      .select(({ eb, fn }) => [
        'state',
        eb('conversion', '!=', sql.lit('')).as('converts'),
        eb('test', '!=', sql.lit('')).as('tests'),
        eb('data', '!=', sql.lit('')).as('checks'),
        fn.countAll<number>().as('count'),
      ])
      .groupBy(({ eb }) => [
        'state',
        eb('conversion', '!=', sql.lit('')),
        eb('test', '!=', sql.lit('')),
        eb('data', '!=', sql.lit('')),
      ])
      .execute(),
  );
  const of = (kind: JobKind, state: JobState) =>
    rows.find((row) => row.state === state && kindOf(row) === kind)?.count ?? 0;
  return JOB_KINDS.flatMap((kind) => JOB_STATES.map((state) => ({ kind, state, count: of(kind, state) })));
}

/** Databases without truth values say 0 and 1. */
function kindOf({
  converts,
  tests,
  checks,
}: {
  readonly converts: unknown;
  readonly tests: unknown;
  readonly checks: unknown;
}): JobKind {
  if (checks) return 'data';
  if (tests) return 'test';
  return converts ? 'convert' : 'scan';
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

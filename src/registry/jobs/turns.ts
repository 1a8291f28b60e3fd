import { sql } from 'kysely';
import type { TenantShares } from '../job-shares.ts';
import type { Reader } from '../store/index.ts';

const LOWEST = -(2 ** 31);

/** A tenant with a job that can start. */
interface Waiting {
  readonly tenant: string;
  /** Somebody waits for one of its jobs that can start: its priority is not below zero. */
  isUrgent: boolean;
  running: number;
  /** Its virtual time, at which its next job is due; 0 when none of its jobs ever started. */
  due: number;
}

/**
 * Whose job starts next: start-time fair queueing (Goyal, Vin, Cheng: "Start-Time Fair Queueing", 1996) over tenants, each job
 * one unit of service. A tenant that had no job gets no credit for that time, and waits for no job that was there before: its
 * first job is the next to start. Jobs that nobody waits for (of a priority below zero) start when no other job can.
 */
export class Turns {
  readonly #shares: TenantShares;
  readonly #waiting: Map<string, Waiting>;
  readonly #changed = new Map<string, { readonly started: number; readonly due: number }>();
  #now: number;

  private constructor(shares: TenantShares, waiting: readonly Waiting[], now: number) {
    this.#shares = shares;
    this.#waiting = new Map(waiting.map((one) => [one.tenant, one]));
    this.#now = now;
  }

  static async open(db: Reader, shares: TenantShares, nowMs: number): Promise<Turns> {
    const rows = await waitingTenants(db, nowMs);
    return new Turns(
      shares,
      rows.flatMap(({ tenant, priority, running, due }) =>
        priority === null ? [] : [{ tenant, isUrgent: priority >= 0, running, due: due ?? 0 }],
      ),
      rows[0]?.now ?? 0,
    );
  }

  /** The tenant whose job starts next, and the lowest priority that it may have; `undefined` when no job may start. */
  next(): { readonly tenant: string; readonly least: number } | undefined {
    let first: Waiting | undefined;
    for (const one of this.#waiting.values()) {
      if (one.running >= this.#ceiling(one.tenant)) continue;
      if (first === undefined || this.#order(one, first) < 0) first = one;
    }
    return first && { tenant: first.tenant, least: first.isUrgent ? 0 : LOWEST };
  }

  started(tenant: string): void {
    const one = this.#waiting.get(tenant);
    if (one === undefined) return;
    const started = Math.max(this.#now, one.due);
    one.due = started + 1 / this.#weight(tenant);
    one.running++;
    this.#now = started;
    this.#changed.set(tenant, { started, due: one.due });
  }

  /** It has no such job that can start now. */
  leave(tenant: string): void {
    const one = this.#waiting.get(tenant);
    if (one?.isUrgent) one.isUrgent = false;
    else this.#waiting.delete(tenant);
  }

  async keep(db: Reader): Promise<void> {
    for (const [tenant, share] of this.#changed) {
      await db
        .insertInto('tenant_shares')
        .values({ tenant, ...share })
        .onConflict((conflict) => conflict.column('tenant').doUpdateSet(share))
        .execute();
    }
  }

  #order(a: Waiting, b: Waiting): number {
    return (
      Number(b.isUrgent) - Number(a.isUrgent) ||
      Math.max(this.#now, a.due) - Math.max(this.#now, b.due) ||
      a.running / this.#weight(a.tenant) - b.running / this.#weight(b.tenant) ||
      a.due - b.due ||
      (a.tenant < b.tenant ? -1 : 1)
    );
  }

  #weight(tenant: string): number {
    return this.#shares.weights.get(tenant) ?? 1;
  }

  #ceiling(tenant: string): number {
    return this.#shares.maxRunning.get(tenant) ?? this.#shares.maxRunningOfOthers ?? Number.POSITIVE_INFINITY;
  }
}

interface WaitingRow {
  readonly tenant: string;
  readonly priority: number | null;
  readonly running: number;
  readonly due: number | null;
  /** The virtual time: when the last job of all started. */
  readonly now: number | null;
}

/** Steps from tenant to tenant along an index, however many jobs each of them has. */
async function waitingTenants(db: Reader, nowMs: number): Promise<readonly WaitingRow[]> {
  const { rows } = await sql<WaitingRow>`
    with recursive waiting(tenant) as (
      select min(tenant) from jobs where state = 'queued'
      union all
      select (select min(jobs.tenant) from jobs where jobs.state = 'queued' and jobs.tenant > waiting.tenant)
      from waiting where waiting.tenant is not null
    )
    select waiting.tenant,
      (select jobs.priority from jobs
        where jobs.tenant = waiting.tenant and jobs.state = 'queued' and jobs.not_before_ms <= ${nowMs}
        order by jobs.priority desc limit 1) as priority,
      (select count(*) from jobs where jobs.tenant = waiting.tenant and jobs.state = 'running') as running,
      (select due from tenant_shares where tenant_shares.tenant = waiting.tenant) as due,
      (select max(started) from tenant_shares) as now
    from waiting where waiting.tenant is not null`.execute(db);
  return rows;
}

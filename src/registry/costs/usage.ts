import { sql } from 'kysely';
import type { JobKind, UsageKey } from '../api/index.ts';
import type { UsageQuery, UsageSum, UsageSums } from '../cost-records.ts';
import type { Principal } from '../records.ts';
import { type Context, read } from '../store/index.ts';
import { costsOfRow, SUMS, type SumRow } from './sums.ts';

/** CWE-770: rows of one answer. */
const MAX_ROWS = 10_000;

/** Models of two tenants may have the same name. */
const GROUPS: Readonly<Record<UsageKey, readonly ('tenant' | 'model' | 'kind')[]>> = {
  tenant: ['tenant'],
  model: ['tenant', 'model'],
  kind: ['kind'],
};

/** What jobs cost whose last sign of life was within a time: of the tenant of `by`, or of all. The longest time first. */
export async function usage(context: Context, by: Principal, query: UsageQuery): Promise<UsageSums> {
  const { from, to, everyTenant } = query;
  const groups = GROUPS[query.by];
  return read(context, by, async (db) => {
    let found = db
      .selectFrom('costs')
      .select(SUMS)
      .select(sql<number>`count(distinct job)`.as('jobs'))
      .select([...groups])
      .where('at', '>=', from.toISOString())
      .where('at', '<', to.toISOString());
    if (!everyTenant) found = found.where('tenant', '=', by.tenant);
    found = found.groupBy([...groups]).orderBy('wall_ms', 'desc');
    for (const group of groups) found = found.orderBy(group);
    const rows = await found.limit(MAX_ROWS + 1).execute();
    return { rows: rows.slice(0, MAX_ROWS).map(sumOfRow), complete: rows.length <= MAX_ROWS };
  });
}

/** Only what the rows are by is among the columns. */
type UsageRow = SumRow & {
  readonly tenant?: string;
  readonly model?: string;
  readonly kind?: string;
  readonly jobs: number;
};

function sumOfRow(row: UsageRow): UsageSum {
  const { tenant = null, model = null, kind = null, jobs } = row;
  return { tenant, model, kind: kind as JobKind | null, jobs, ...costsOfRow(row) };
}

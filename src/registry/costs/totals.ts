import { sql } from 'kysely';
import { JOB_KINDS } from '../api/index.ts';
import { DURATION_BOUNDS, type KindTotals } from '../cost-records.ts';
import { type Context, unowned } from '../store/index.ts';
import { costsOfRow, NO_COSTS, SUMS } from './sums.ts';

const WITHIN = DURATION_BOUNDS.map((bound, index) =>
  sql<number>`count(case when wall_ms <= ${sql.lit(bound * 1000)} then 1 end)`.as(`within_${index}`),
);

/** Only what has ended: figures of Prometheus never go back. */
export async function costTotals(context: Context): Promise<readonly KindTotals[]> {
  const rows = await unowned(() =>
    context.database.read
      .selectFrom('costs')
      .select('kind')
      .select(SUMS)
      .select(WITHIN)
      .where('ended', '=', 1)
      .groupBy('kind')
      .execute(),
  );
  return JOB_KINDS.map((kind) => {
    const row = rows.find((one) => one.kind === kind);
    const counts: Readonly<Record<string, unknown>> = row ?? {};
    return {
      kind,
      costs: row === undefined ? NO_COSTS : costsOfRow(row),
      within: DURATION_BOUNDS.map((_, index) => Number(counts[`within_${index}`] ?? 0)),
    };
  });
}

import { type AliasedRawBuilder, sql } from 'kysely';
import type { Costs } from '../api/index.ts';

/** One row of sums, as a database gives it. */
export interface SumRow {
  readonly attempts: number;
  readonly unmeasured: number | null;
  readonly reused: number | null;
  readonly wall_ms: number | null;
  readonly cpu_ms: number | null;
  readonly peak_bytes: number | null;
  readonly fetched_bytes: number | null;
  readonly stored_bytes: number | null;
  readonly gpu_ms: number | null;
}

/** PostgreSQL makes numbers of any length of sums. */
function sum<N extends string>(what: ReturnType<typeof sql>, name: N): AliasedRawBuilder<number | null, N> {
  return sql<number | null>`cast(sum(${what}) as bigint)`.as(name);
}

const UNMEASURED = sql`case when cpu_ms is null or peak_bytes is null or fetched_bytes is null then 1 else 0 end`;

export const SUMS = [
  sql<number>`count(*)`.as('attempts'),
  sum(UNMEASURED, 'unmeasured'),
  sum(sql.ref('reused'), 'reused'),
  sum(sql.ref('wall_ms'), 'wall_ms'),
  sum(sql.ref('cpu_ms'), 'cpu_ms'),
  sql<number | null>`max(peak_bytes)`.as('peak_bytes'),
  sum(sql.ref('fetched_bytes'), 'fetched_bytes'),
  sum(sql.ref('stored_bytes'), 'stored_bytes'),
  sum(sql.ref('gpu_ms'), 'gpu_ms'),
] as const;

export const NO_COSTS: Costs = {
  attempts: 0,
  unmeasured: 0,
  reused: 0,
  wallSeconds: 0,
  cpuSeconds: null,
  peakBytes: null,
  fetchedBytes: null,
  storedBytes: null,
  gpuSeconds: null,
};

export function costsOfRow(row: SumRow): Costs {
  return {
    attempts: row.attempts,
    unmeasured: row.unmeasured ?? 0,
    reused: row.reused ?? 0,
    wallSeconds: (row.wall_ms ?? 0) / 1000,
    cpuSeconds: seconds(row.cpu_ms),
    peakBytes: row.peak_bytes,
    fetchedBytes: row.fetched_bytes,
    storedBytes: row.stored_bytes,
    gpuSeconds: seconds(row.gpu_ms),
  };
}

function seconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1000;
}

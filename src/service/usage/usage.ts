import type { Principal, Registry, Usage, UsageKey } from '../../registry/index.ts';
import { OPERATOR_TENANT } from '../config.ts';
import { ServiceError } from '../problems/index.ts';
import { priceOf } from './price.ts';
import type { Prices } from './prices.ts';

/** A question as it is written in an address. */
export interface UsageQuestion {
  /** A day or a moment; the first day of this month when absent. */
  readonly from?: string;
  /** A day, which is included, or a moment, which is not; now when absent. */
  readonly to?: string;
  readonly by?: UsageKey;
}

const DAY_MS = 86_400_000;
const FIRST_YEAR = 2000;

/** Whether somebody sees what all tenants use: administrators of the operator's tenant. */
export function seesEveryTenant({ tenant, roles }: Pick<Principal, 'tenant' | 'roles'>): boolean {
  return tenant === OPERATOR_TENANT && roles.includes('admin');
}

/** What the jobs of the caller's tenant cost, or of all tenants for the operator. @throws ServiceError `invalid` for a time */
export async function usageOf(
  registry: Pick<Registry, 'usage'>,
  principal: Principal,
  question: UsageQuestion,
  prices: Prices | null,
  now = new Date(),
): Promise<Usage> {
  const from = question.from === undefined ? startOfMonth(now) : moment(question.from, 0);
  const to = question.to === undefined ? now : moment(question.to, DAY_MS);
  if (to <= from) throw new ServiceError(400, 'invalid', 'the time ends before it begins');
  const by = question.by ?? 'kind';
  const sums = await registry.usage(principal, { from, to, by, everyTenant: seesEveryTenant(principal) });
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    by,
    complete: sums.complete,
    rows: sums.rows.map((row) => ({ ...row, price: prices === null ? null : priceOf(row, prices) })),
  };
}

function startOfMonth(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
}

/** @param endMs what a day is longer than its first moment */
function moment(text: string, endMs: number): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const time = new Date(isDay ? `${text}T00:00:00Z` : text);
  const exists = !Number.isNaN(time.getTime()) && time.getUTCFullYear() >= FIRST_YEAR;
  // Of the 31st of February, a date is made all the same.
  if (!exists || time.toISOString().slice(0, 10) !== text.slice(0, 10))
    throw new ServiceError(
      400,
      'invalid',
      `${text.slice(0, 40)} is not a time: write 2026-11-30, or 2026-11-30T12:00:00Z`,
    );
  return isDay ? new Date(time.getTime() + endMs) : time;
}

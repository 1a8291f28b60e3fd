import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { entryOfRow } from '../audit/index.ts';
import { isRegistryError } from '../registry-error.ts';
import { type Sealer, unsealed } from '../sealed/index.ts';
import { type Context, type Database, newId, type Tables, unowned } from '../store/index.ts';
import type { ClaimedDelivery, DeliveryEnd } from '../webhook-records.ts';

/** Entries of the audit log that one step turns into deliveries. */
const BATCH = 200;
const MAX_ERROR = 500;
/** Deliveries of one webhook that are taken at a time: one that is slow holds up nobody else. */
export const MAX_EACH = 4;

type WebhookRow = Selectable<Tables['webhooks']>;

/** Whether one of the patterns names an action: `*`, the action itself, or what it begins with before `.*`. */
export function isWanted(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*' || pattern === action) return true;
    return pattern.endsWith('.*') && action.startsWith(pattern.slice(0, -1));
  });
}

/** Makes a delivery of each wanted entry that a webhook has not received. Concurrent callers make each delivery once. */
export async function planDeliveries(context: Context): Promise<boolean> {
  return unowned(async () => {
    const behind = await context.database.read
      .selectFrom('webhooks')
      .innerJoin('tenants', 'tenants.name', 'webhooks.tenant')
      .selectAll('webhooks')
      .whereRef('tenants.audit_seq', '>', 'webhooks.told_seq')
      .execute();
    let more = false;
    for (const webhook of behind) more = (await planFor(context, webhook)) || more;
    return more;
  });
}

async function planFor({ database, now }: Context, webhook: WebhookRow): Promise<boolean> {
  const { id, tenant, told_seq } = webhook;
  const entries = await database.read
    .selectFrom('audit')
    .select(['seq', 'action'])
    .where('tenant', '=', tenant)
    .where('seq', '>', told_seq)
    .orderBy('seq')
    .limit(BATCH)
    .execute();
  const last = entries.at(-1);
  if (last === undefined) return false;
  const patterns = JSON.parse(webhook.events) as string[];
  const at = now();
  const rows = entries
    .filter(({ action }) => isWanted(patterns, action))
    .map(({ seq, action }) => ({
      id: newId(),
      tenant,
      webhook: id,
      audit_seq: seq,
      event: action,
      state: 'pending',
      attempts: 0,
      next_ms: at.getTime(),
      lease: null,
      last_status: null,
      last_error: null,
      created_at: at.toISOString(),
      ended_at: null,
    }));
  await database.write.transaction().execute(async (db) => {
    const moved = await db
      .updateTable('webhooks')
      .set({ told_seq: last.seq })
      .where('id', '=', id)
      .where('told_seq', '=', told_seq)
      .executeTakeFirst();
    // Another sender made them, or nobody is to be told any more.
    if (moved.numUpdatedRows === 0n || rows.length === 0) return;
    await db.insertInto('deliveries').values(rows).execute();
  });
  return entries.length === BATCH;
}

/** Takes what is due. A delivery whose sender died is due again when the lease is over. */
export async function claimDeliveries(
  { database, now, sealer }: Context,
  leaseMs: number,
  limit: number,
  busy: readonly string[] = [],
): Promise<ClaimedDelivery[]> {
  return unowned(async () => {
    const time = now().getTime();
    let query = database.read
      .selectFrom('deliveries')
      .innerJoin('webhooks', 'webhooks.id', 'deliveries.webhook')
      .selectAll('deliveries')
      .select(['webhooks.url', 'webhooks.secret'])
      .where('deliveries.state', '=', 'pending')
      .where('deliveries.next_ms', '<=', time);
    if (busy.length > 0) query = query.where('deliveries.webhook', 'not in', busy);
    const due = await query
      .orderBy('deliveries.next_ms')
      .orderBy('deliveries.audit_seq')
      .limit(limit * MAX_EACH)
      .execute();
    const claimed: ClaimedDelivery[] = [];
    const each = new Map<string, number>();
    for (const row of due) {
      const count = each.get(row.webhook) ?? 0;
      if (count >= MAX_EACH || claimed.length >= limit) continue;
      const secret = opened(sealer, row);
      if (secret === undefined) {
        await unreadable(database.write, row.id, now());
        continue;
      }
      each.set(row.webhook, count + 1);
      const lease = randomUUID();
      const taken = await database.write
        .updateTable('deliveries')
        .set({ lease, next_ms: time + leaseMs, attempts: row.attempts + 1 })
        .where('id', '=', row.id)
        .where('state', '=', 'pending')
        .where('attempts', '=', row.attempts)
        .where('next_ms', '=', row.next_ms)
        .executeTakeFirst();
      if (taken.numUpdatedRows === 0n) continue;
      const entry = await database.read
        .selectFrom('audit')
        .selectAll()
        .where('tenant', '=', row.tenant)
        .where('seq', '=', row.audit_seq)
        .executeTakeFirstOrThrow();
      const { id, webhook, url } = row;
      claimed.push({ id, webhook, lease, url, secret, attempt: row.attempts + 1, entry: entryOfRow(entry) });
    }
    return claimed;
  });
}

/** `undefined` for a secret that was sealed with another key. */
function opened(
  sealer: Sealer | undefined,
  { webhook, secret }: { readonly webhook: string; readonly secret: string },
): string | undefined {
  try {
    return sealer === undefined ? unsealed(secret) : sealer.open(secret, webhook);
  } catch (error) {
    if (isRegistryError(error)) return undefined;
    throw error;
  }
}

/** Nobody could check its signature: it ends, and its webhook says why. */
async function unreadable(db: Database['write'], id: string, at: Date): Promise<void> {
  const last_error = 'the secret of the webhook was sealed with another key: remove the webhook, and make it again';
  await db
    .updateTable('deliveries')
    .set({ state: 'dead', lease: null, last_error, ended_at: at.toISOString() })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .execute();
}

export async function settleDelivery(
  { database, now }: Context,
  { id, lease }: Pick<ClaimedDelivery, 'id' | 'lease'>,
  end: DeliveryEnd,
): Promise<boolean> {
  const at = now().toISOString();
  const outcome =
    end.kind === 'delivered'
      ? { state: 'delivered', last_error: null, ended_at: at }
      : end.kind === 'dead'
        ? { state: 'dead', last_error: end.error.slice(0, MAX_ERROR), ended_at: at }
        : { state: 'pending', last_error: end.error.slice(0, MAX_ERROR), next_ms: end.at.getTime() };
  return unowned(async () => {
    const settled = await database.write
      .updateTable('deliveries')
      .set({ ...outcome, last_status: end.status, lease: null })
      .where('id', '=', id)
      .where('lease', '=', lease)
      .executeTakeFirst();
    return settled.numUpdatedRows > 0n;
  });
}

/** Those that were delivered are not counted: there may be many, and nobody has to act on them. */
export async function countDeliveries({ database }: Context): Promise<Readonly<Record<'pending' | 'dead', number>>> {
  const rows = await unowned(() =>
    database.read
      .selectFrom('deliveries')
      .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
      .where('state', 'in', ['pending', 'dead'])
      .groupBy('state')
      .execute(),
  );
  const of = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
  return { pending: of('pending'), dead: of('dead') };
}

export async function pruneDeliveries({ database }: Context, before: Date): Promise<void> {
  await unowned(() =>
    database.write
      .deleteFrom('deliveries')
      .where('state', 'in', ['delivered', 'dead'])
      .where('ended_at', '<', before.toISOString())
      .execute(),
  );
}

import { randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Delivery, DeliveryState, Page, Webhook } from '../api/index.ts';
import { nameOf } from '../names.ts';
import { limitOf, pageOf } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { type Context, change, newId, type Reader, read, type Tables } from '../store/index.ts';
import type { WebhookStore } from '../webhook-records.ts';
import { claimDeliveries, countDeliveries, planDeliveries, pruneDeliveries, settleDelivery } from './deliveries.ts';

/** CWE-770. */
const MAX_WEBHOOKS = 50;
const MAX_URL = 2000;
const MAX_EVENTS = 20;
/** Everything, one action, or every action that begins so. */
const EVENT = /^(?:\*|[a-z][a-z-]{0,49}(?:\.[a-z][a-z-]{0,49}){0,3}(?:\.\*)?)$/;

export function webhookStore(context: Context): WebhookStore {
  return {
    create: (by, request) => createWebhook(context, by, request),
    list: (by) => listWebhooks(context, by),
    get: (by, id) => read(context, by, async (db) => webhookOfRow(await webhookRow(db, by, id))),
    remove: (by, id) => removeWebhook(context, by, id),
    deliveries: (by, webhook, page) => listDeliveries(context, by, webhook, page),
    redeliver: (by, webhook, delivery) => redeliver(context, by, webhook, delivery),
    plan: () => planDeliveries(context),
    claim: (leaseMs, limit, busy) => claimDeliveries(context, leaseMs, limit, busy),
    settle: (claimed, end) => settleDelivery(context, claimed, end),
    counts: () => countDeliveries(context),
    prune: (before) => pruneDeliveries(context, before),
  };
}

async function createWebhook(
  context: Context,
  by: Principal,
  { url, events }: { readonly url: string; readonly events: readonly string[] },
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  checkWebhook(url, events);
  const secret = `whsec_${randomBytes(32).toString('base64url')}`;
  const id = newId();
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const { count } = await db
      .selectFrom('webhooks')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('tenant', '=', tenant)
      .executeTakeFirstOrThrow();
    if (count >= MAX_WEBHOOKS) throw new RegistryError('too-large', `the tenant already has ${MAX_WEBHOOKS} webhooks`);
    const { audit_seq } = await db
      .selectFrom('tenants')
      .select('audit_seq')
      .where('name', '=', tenant)
      .executeTakeFirstOrThrow();
    const row: Selectable<Tables['webhooks']> = {
      id,
      tenant,
      seq: change.next(),
      url,
      events: JSON.stringify(events),
      secret: context.sealer?.seal(secret, id) ?? secret,
      // The entry about the new webhook is delivered, too, as a first delivery that shows whether it works.
      told_seq: audit_seq,
      created_at: at,
      created_by: nameOf(by),
    };
    await db.insertInto('webhooks').values(row).execute();
    change.record('webhook.created', row.id, { url: shown(url), events });
    return { webhook: webhookOfRow(row), secret };
  });
}

async function listWebhooks(context: Context, by: Principal): Promise<Webhook[]> {
  return read(context, by, async (db) => {
    const rows = await db
      .selectFrom('webhooks')
      .selectAll()
      .where('tenant', '=', by.tenant)
      .orderBy('seq')
      .limit(MAX_WEBHOOKS)
      .execute();
    return rows.map(webhookOfRow);
  });
}

async function removeWebhook(context: Context, by: Principal, id: string): Promise<void> {
  await change(context, by, async (change) => {
    const row = await webhookRow(change.db, by, id);
    await change.db.deleteFrom('webhooks').where('id', '=', row.id).execute();
    change.record('webhook.removed', row.id, { url: shown(row.url) });
  });
}

async function listDeliveries(
  context: Context,
  by: Principal,
  webhook: string,
  page: PageRequest & { readonly state?: DeliveryState } = {},
): Promise<Page<Delivery>> {
  return read(context, by, async (db) => {
    await webhookRow(db, by, webhook);
    const limit = limitOf(page);
    let query = db.selectFrom('deliveries').selectAll().where('webhook', '=', webhook);
    if (page.state !== undefined) query = query.where('state', '=', page.state);
    if (page.after !== undefined) query = query.where('audit_seq', '<', cursor(page.after));
    const rows = await query
      .orderBy('audit_seq', 'desc')
      .limit(limit + 1)
      .execute();
    return pageOf(rows, limit, deliveryOfRow, ({ audit_seq }) => String(audit_seq));
  });
}

async function redeliver(context: Context, by: Principal, webhook: string, id: string): Promise<Delivery> {
  return change(context, by, async (change) => {
    const { db, now } = change;
    await webhookRow(db, by, webhook);
    const row = await db
      .selectFrom('deliveries')
      .selectAll()
      .where('webhook', '=', webhook)
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw new RegistryError('not-found', 'the delivery does not exist');
    if (row.state === 'pending') throw new RegistryError('conflict', 'the delivery is already in progress');
    const renewed = { state: 'pending', attempts: 0, next_ms: now.getTime(), lease: null, ended_at: null };
    await db.updateTable('deliveries').set(renewed).where('id', '=', id).execute();
    change.record('webhook.redelivered', webhook, { delivery: id });
    return deliveryOfRow({ ...row, ...renewed });
  });
}

function checkWebhook(url: string, events: readonly string[]): void {
  if (url.length > MAX_URL || !URL.canParse(url)) throw new RegistryError('invalid', 'this is not an address');
  const strange = events.find((event) => !EVENT.test(event));
  if (strange !== undefined || events.length === 0 || events.length > MAX_EVENTS) {
    const hint = `name up to ${MAX_EVENTS}, like transition.approved, transition.* or *`;
    throw new RegistryError('invalid', 'these are not events', { hint });
  }
}

async function webhookRow(db: Reader, by: Principal, id: string): Promise<Selectable<Tables['webhooks']>> {
  const row = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('tenant', '=', by.tenant)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new RegistryError('not-found', 'the webhook does not exist');
  return row;
}

/** Paths and queries of addresses can hold secrets of the receiver (as for chats), so the audit log keeps none. */
function shown(url: string): string {
  return new URL(url).origin;
}

function cursor(after: string): number {
  if (!/^[0-9]{1,10}$/.test(after)) throw new RegistryError('invalid', 'this is not a cursor');
  return Number(after);
}

function webhookOfRow(row: Selectable<Tables['webhooks']>): Webhook {
  const { id, tenant, url, created_at: createdAt, created_by: createdBy } = row;
  return { id, tenant, url, events: JSON.parse(row.events) as string[], createdAt, createdBy };
}

function deliveryOfRow(row: Selectable<Tables['deliveries']>): Delivery {
  const state = row.state as DeliveryState;
  return {
    id: row.id,
    webhook: row.webhook,
    seq: row.audit_seq,
    event: row.event,
    state,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAt: state === 'pending' ? new Date(row.next_ms).toISOString() : null,
    endedAt: row.ended_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
  };
}

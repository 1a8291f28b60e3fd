import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import {
  type DeliveryEnd,
  loadRegistryRules,
  openRegistry,
  type Principal,
  type Registry,
  type WebhookStore,
} from '../../../src/registry/index.ts';
import {
  startWebhookSender,
  type WebhookSender,
  type WebhookSenderOptions,
} from '../../../src/service/webhooks/sender.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { Receiver } from '../routes/receiver.ts';

const root: Principal = { tenant: 'acme', subject: 'root', issuer: null, roles: ['admin'], via: 'local' };
const folder = tempFolder();
let registry: Registry;
let receiver: Receiver;
let sender: WebhookSender | undefined;
const HOUR = 3_600_000;
/** The number of concurrent deliveries of a sender. */
const AT_ONCE = 64;
/** A stopped clock: no lease ends and nothing is retried unless the test advances it. */
let time = Date.now();
const now = () => new Date(time);

beforeAll(async () => {
  const rules = await loadRegistryRules(null);
  registry = await openRegistry({ database: `sqlite:${join(folder, 'r.db')}`, rules, now });
});
afterAll(() => registry.close());
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.listen();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await sender?.close();
  sender = undefined;
  receiver.close();
  for (const { id } of await registry.webhooks.list(root)) await registry.webhooks.remove(root, id);
});

function start(options: Partial<WebhookSenderOptions> = {}, store: WebhookStore = registry.webhooks): void {
  sender = startWebhookSender(store, {
    allowPrivateAddresses: true,
    firstDelayMs: 20,
    pollMs: 10,
    timeoutMs: HOUR,
    now,
    onError: (error) => expect.unreachable(String(error)),
    ...options,
  });
}

/** Advances the clock past the pause before a retry. */
function withoutPauses(): WebhookStore {
  const settle: WebhookStore['settle'] = async (claimed, end) => {
    const isSettled = await registry.webhooks.settle(claimed, end);
    if (end.kind === 'retry') time = Math.max(time, end.at.getTime());
    return isSettled;
  };
  return { ...registry.webhooks, settle };
}

async function hook(url = receiver.url): Promise<string> {
  const { webhook } = await registry.webhooks.create(root, { url, events: ['webhook.created'] });
  return webhook.id;
}

async function ended(id: string, state: 'delivered' | 'dead') {
  let { items } = await registry.webhooks.deliveries(root, id, { state });
  await until(`a delivery is ${state}`, async () => {
    ({ items } = await registry.webhooks.deliveries(root, id, { state }));
    return items.length > 0;
  });
  return items[0];
}

it('the sender waits longer after each failure and gives up after the last attempt', async () => {
  receiver.status = () => 500;
  const ends: DeliveryEnd[] = [];
  let looks = 0;
  const store: WebhookStore = {
    ...registry.webhooks,
    async claim(...args) {
      const claimed = await registry.webhooks.claim(...args);
      looks++;
      return claimed;
    },
    async settle(claimed, end) {
      const isSettled = await registry.webhooks.settle(claimed, end);
      ends.push(end);
      return isSettled;
    },
  };
  const id = await hook();
  start({ maxAttempts: 5, firstDelayMs: 100_000 }, store);
  for (let failures = 1; failures < 5; failures++) {
    await until('the attempt has failed', () => ends.length === failures);
    const end = ends.at(-1);
    if (end?.kind !== 'retry') throw new Error(`it ended: ${JSON.stringify(end)}`);
    const pause = end.at.getTime() - time;
    // At least half of 100, 200, 400 and 800 s; the jitter adds at most as much again.
    expect(pause).toBeGreaterThanOrEqual(50_000 * 2 ** (failures - 1));
    expect(pause).toBeLessThanOrEqual(100_000 * 2 ** (failures - 1));
    // A millisecond before, the sender does not retry, however often it polls.
    time += pause - 1;
    const enough = looks + 3;
    await until('the sender has polled again', () => looks >= enough);
    expect(receiver.received).toHaveLength(failures);
    time += 1;
  }
  expect(await ended(id, 'dead')).toMatchObject({ attempts: 5, lastStatus: 500, lastError: 'answered 500' });
  expect(receiver.received).toHaveLength(5);
});

it('the sender gives up at once on a forbidden address', async () => {
  const id = await hook();
  start({ allowPrivateAddresses: false });
  expect(await ended(id, 'dead')).toMatchObject({
    attempts: 1,
    lastStatus: null,
    lastError: '127.0.0.1 is not a public address',
  });
  expect(receiver.received).toEqual([]);
});

it('the sender does not connect to a name that resolves to this machine', async () => {
  const id = await hook(receiver.url.replace('127.0.0.1', 'localhost'));
  start({ allowPrivateAddresses: false });
  const dead = await ended(id, 'dead');
  expect(dead?.lastError).toMatch(/resolves to an address that is not public/);
  expect(dead?.lastError).not.toMatch(/127\.|::1/);
  expect(receiver.received).toEqual([]);
});

it('the sender is not delayed by receivers that never answer', async () => {
  const silent = new Receiver();
  await silent.listen();
  silent.isSilent = true;
  const underWay: AbortController[] = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const late = new AbortController();
    underWay.push(late);
    return late.signal;
  });
  // Each receiver gets every event after it was registered: some hundreds that it does not accept.
  for (let i = 0; i < 40; i++) await hook(silent.url);
  start();
  const id = await hook();
  const isDelivered = async () =>
    (await registry.webhooks.deliveries(root, id, { state: 'delivered' })).items.length > 0;
  // All concurrent deliveries are given up together, until the other receiver has had its turn.
  for (let tried = AT_ONCE; !(await isDelivered()); tried += AT_ONCE) {
    await until('all concurrent deliveries wait', async () => silent.received.length >= tried || (await isDelivered()));
    for (const late of underWay.splice(0)) late.abort(new DOMException('it is late', 'TimeoutError'));
  }
  // No delivery was attempted twice before.
  const tries = silent.received.map(({ headers }) => headers['assay-delivery']);
  expect(new Set(tries).size).toBe(tries.length);
  expect(tries.length).toBeGreaterThan(AT_ONCE);
  silent.close();
});

it('the sender disconnects from a receiver that never answers', async () => {
  receiver.isSilent = true;
  const id = await hook();
  start({ timeoutMs: 100, maxAttempts: 2 }, withoutPauses());
  const dead = await ended(id, 'dead');
  expect(dead).toMatchObject({ attempts: 2, lastStatus: null });
  expect(dead?.lastError).toContain('took too long');
});

it('the sender reports an address on which nothing listens', async () => {
  const id = await hook('http://127.0.0.1:9/');
  start({ maxAttempts: 2 }, withoutPauses());
  expect((await ended(id, 'dead'))?.lastError).toBe(
    'the server cannot be reached, or gives no answer that can be used',
  );
});

it('the sender delivers what a dead sender had taken, after its lease ends', async () => {
  const id = await hook();
  expect(await registry.webhooks.plan()).toBe(false);
  const lease = 600_000;
  const [taken] = await registry.webhooks.claim(lease, 10);
  expect(taken?.attempt).toBe(1);
  expect(await registry.webhooks.claim(lease, 10)).toEqual([]);
  time += lease;
  start();
  await receiver.wait((received) => received.length === 1);
  expect(await ended(id, 'delivered')).toMatchObject({ attempts: 2 });
  // A sender that lost the lease cannot end the delivery.
  if (taken === undefined) throw new Error('nothing was taken');
  expect(await registry.webhooks.settle(taken, { kind: 'dead', status: null, error: 'late' })).toBe(false);
});

it('the sender deletes deliveries that ended long ago', async () => {
  const id = await hook();
  start();
  await ended(id, 'delivered');
  await registry.webhooks.prune(new Date(time - 60_000));
  expect((await registry.webhooks.deliveries(root, id)).items).toHaveLength(1);
  await registry.webhooks.prune(new Date(time + 60_000));
  expect((await registry.webhooks.deliveries(root, id)).items).toEqual([]);
});

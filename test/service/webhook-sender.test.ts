import { join } from 'node:path';
import { setTimeout as slept } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { loadRegistryRules, openRegistry, type Principal, type Registry } from '../../src/registry/index.ts';
import { startWebhookSender, type WebhookSender, type WebhookSenderOptions } from '../../src/service/webhook-sender.ts';
import { tempFolder } from '../support/temp.ts';
import { Receiver } from './routes/receiver.ts';

const root: Principal = { tenant: 'acme', subject: 'root', issuer: null, roles: ['admin'], via: 'local' };
const folder = tempFolder();
let registry: Registry;
let receiver: Receiver;
let sender: WebhookSender | undefined;

beforeAll(async () => {
  registry = await openRegistry({ database: `sqlite:${join(folder, 'r.db')}`, rules: await loadRegistryRules(null) });
});
afterAll(() => registry.close());
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.listen();
});
afterEach(async () => {
  await sender?.close();
  sender = undefined;
  receiver.close();
  for (const { id } of await registry.webhooks.list(root)) await registry.webhooks.remove(root, id);
});

function start(options: Partial<WebhookSenderOptions> = {}): void {
  sender = startWebhookSender(registry.webhooks, {
    allowPrivateAddresses: true,
    firstDelayMs: 20,
    pollMs: 10,
    onError: (error) => expect.unreachable(String(error)),
    ...options,
  });
}

async function hook(url = receiver.url): Promise<string> {
  const { webhook } = await registry.webhooks.create(root, { url, events: ['webhook.created'] });
  return webhook.id;
}

async function ended(id: string, state: 'delivered' | 'dead') {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const { items } = await registry.webhooks.deliveries(root, id, { state });
    const [first] = items;
    if (first !== undefined) return first;
    await slept(10);
  }
  throw new Error(JSON.stringify(await registry.webhooks.deliveries(root, id)));
}

it('waits longer after each failure, and gives up after the last try', async () => {
  receiver.status = () => 500;
  const times: number[] = [];
  receiver.status = () => {
    times.push(performance.now());
    return 500;
  };
  const id = await hook();
  start({ maxAttempts: 5, firstDelayMs: 100 });
  expect(await ended(id, 'dead')).toMatchObject({ attempts: 5, lastStatus: 500, lastError: 'answered 500' });
  expect(times).toHaveLength(5);
  const pauses = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  // Half of 100, 200, 400 and 800 ms at least; what chance adds is at most as much again.
  for (const [i, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(50 * 2 ** i);
});

it('gives up at once where it may not go', async () => {
  const id = await hook();
  start({ allowPrivateAddresses: false });
  expect(await ended(id, 'dead')).toMatchObject({
    attempts: 1,
    lastStatus: null,
    lastError: '127.0.0.1 is not a public address',
  });
  expect(receiver.received).toEqual([]);
});

it('does not let a name lead to this machine', async () => {
  const id = await hook(receiver.url.replace('127.0.0.1', 'localhost'));
  start({ allowPrivateAddresses: false });
  const dead = await ended(id, 'dead');
  expect(dead.lastError).toMatch(/leads to an address that is not public/);
  expect(dead.lastError).not.toMatch(/127\.|::1/);
  expect(receiver.received).toEqual([]);
});

it('is not held up by a receiver that never answers', async () => {
  const silent = new Receiver();
  await silent.listen();
  silent.isSilent = true;
  for (let i = 0; i < 40; i++) await hook(silent.url);
  // Each of them is told of all that were made after it: some hundreds that nobody takes.
  start({ timeoutMs: 4_000 });
  await silent.wait((received) => received.length > 0);
  const id = await hook();
  await ended(id, 'delivered');
  silent.close();
});

it('breaks off at a receiver that never answers', async () => {
  receiver.isSilent = true;
  const id = await hook();
  start({ timeoutMs: 100, maxAttempts: 2 });
  const dead = await ended(id, 'dead');
  expect(dead).toMatchObject({ attempts: 2, lastStatus: null });
  expect(dead.lastError).toContain('took too long');
});

it('tells of an address where nobody listens', async () => {
  const id = await hook('http://127.0.0.1:9/');
  start({ maxAttempts: 2 });
  expect((await ended(id, 'dead')).lastError).toContain('refused the connection');
});

it('delivers what a sender that died had taken, when its lease is over', async () => {
  const id = await hook();
  expect(await registry.webhooks.plan()).toBe(false);
  const lease = 600_000;
  const [taken] = await registry.webhooks.claim(lease, 10);
  expect(taken?.attempt).toBe(1);
  expect(await registry.webhooks.claim(lease, 10)).toEqual([]);
  vi.setSystemTime(Date.now() + lease);
  try {
    start();
    await receiver.wait((received) => received.length === 1);
    expect(await ended(id, 'delivered')).toMatchObject({ attempts: 2 });
  } finally {
    vi.useRealTimers();
  }
  // Who lost it no longer ends it.
  if (taken === undefined) throw new Error('nothing was taken');
  expect(await registry.webhooks.settle(taken, { kind: 'dead', status: null, error: 'late' })).toBe(false);
});

it('forgets what ended long ago', async () => {
  const id = await hook();
  start();
  await ended(id, 'delivered');
  await registry.webhooks.prune(new Date(Date.now() - 60_000));
  expect((await registry.webhooks.deliveries(root, id)).items).toHaveLength(1);
  await registry.webhooks.prune(new Date(Date.now() + 60_000));
  expect((await registry.webhooks.deliveries(root, id)).items).toEqual([]);
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadRegistryRules, openRegistry, type Principal, type Registry } from '../../../src/registry/index.ts';
import { openEventFeed } from '../../../src/service/events/event-feed.ts';
import type { ServiceEvent } from '../../../src/service/events/events.ts';
import { requirePart } from '../../support/parts.ts';
import { HOW, hasPostgres, PostgresServer } from '../../support/postgres.ts';
import { started } from '../../support/started.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';

const root: Principal = { tenant: 'acme', subject: 'root', issuer: null, roles: ['admin'], via: 'local' };
let names = 0;

async function change(registry: Registry): Promise<void> {
  names++;
  await registry.createToken(root, { name: `token-${names}`, roles: ['viewer'] });
}

const seqs = (events: readonly ServiceEvent[]) =>
  events.flatMap((event) => (event.kind === 'audit' ? [event.entry.seq] : []));

it('the feed sends events of other processes to every listener, in order and once', async () => {
  const database = `sqlite:${join(tempFolder(), 'r.db')}`;
  const rules = await loadRegistryRules(null);
  const [mine, theirs] = [await openRegistry({ database, rules }), await openRegistry({ database, rules })];
  const errors: unknown[] = [];
  const feed = openEventFeed(mine, { pollMs: 10, onError: (error) => void errors.push(error) });
  await change(theirs);
  const heard: ServiceEvent[][] = [[], [], []];
  const stops = heard.map((events) => feed.subscribe('acme', (event) => void events.push(event)));
  feed.subscribe('acme', () => {
    throw new Error('a listener that fails');
  });
  const others: ServiceEvent[] = [];
  feed.subscribe('other', (event) => void others.push(event));
  await feed.ready('acme');
  for (let i = 0; i < 250; i++) await change(theirs);
  await until('all listeners have all events', () => heard.every((events) => seqs(events).length === 250));
  for (const events of heard) expect(seqs(events)).toEqual(Array.from({ length: 250 }, (_, i) => i + 2));
  expect(others).toEqual([]);
  expect(errors).toHaveLength(250);

  stops[0]?.();
  await change(theirs);
  await until('the next event is sent', () => seqs(heard[1] ?? []).length === 251);
  expect(seqs(heard[0] ?? [])).toHaveLength(250);
  await feed.close();
  const later = openEventFeed(mine, { pollMs: 10 });
  const told: ServiceEvent[] = [];
  later.subscribe('acme', (event) => void told.push(event));
  await later.ready('acme');
  await change(theirs);
  await until('another feed sends it', () => told.length > 0);
  await later.close();
  expect(seqs(told)).toEqual([253]);
  expect(seqs(heard[1] ?? [])).toHaveLength(251);
  await mine.close();
  await theirs.close();
});

requirePart('PostgreSQL server', hasPostgres, HOW, 'the event feed, when its database fails,', () => {
  const server = started(() => PostgresServer.start());

  it('reports the failure and sends all missed events afterwards', async () => {
    const registry = await openRegistry({
      database: await server().freshDatabase(),
      rules: await loadRegistryRules(null),
    });
    const errors: unknown[] = [];
    const feed = openEventFeed(registry, { pollMs: 25, onError: (error) => void errors.push(error) });
    const heard: ServiceEvent[] = [];
    feed.subscribe('acme', (event) => void heard.push(event));
    await feed.ready('acme');
    await change(registry);
    await until('the first event is sent', () => heard.length === 1);
    await server().down('SIGQUIT');
    await until('the failure is reported', () => errors.length > 0);
    await server().up();
    for (let i = 0; i < 5; i++) await change(registry);
    await until('all events are sent', () => heard.length === 6);
    expect(seqs(heard)).toEqual([1, 2, 3, 4, 5, 6]);
    await feed.close();
    await registry.close();
  });
});

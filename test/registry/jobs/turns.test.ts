import { expect, it } from 'vitest';
import type { ClaimedJob, Registry, TenantShares } from '../../../src/registry/index.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench } from '../harness.ts';
import { sam } from '../people.ts';

const MINUTE = 60_000;
const FAILED = { kind: 'failed', code: 'malformed', message: 'it cannot be read', retry: false } as const;

function sharesOf(changes: Partial<TenantShares>): TenantShares {
  return { weights: new Map(), maxRunning: new Map(), maxRunningOfOthers: null, ...changes };
}

/** Jobs of a tenant. */
async function submit({ jobs }: Registry, tenant: string, count: number, priority = 0): Promise<void> {
  const prefix = `hf://${tenant}/p${priority < 0 ? 'low' : priority}-`;
  const requests = Array.from({ length: count }, (_, at) => ({
    target: `${prefix}${at}`,
    model: 'm',
    ruleset: 'r',
    priority,
  }));
  await jobs.createAll({ ...sam, tenant }, requests);
}

/** The tenants of the next jobs, each of which ends before the next one starts. */
async function oneByOne({ jobs }: Registry, count: number): Promise<string> {
  let order = '';
  for (let at = 0; at < count; at++) {
    const [next] = await jobs.claim('w', MINUTE, 1);
    order += next?.job.tenant ?? '-';
    if (next !== undefined) await jobs.finish(next, FAILED);
  }
  return order;
}

const tenantsOf = (taken: readonly ClaimedJob[]) => taken.map(({ job }) => job.tenant).join('');

describeOnBoth('turns of tenants', (fresh) => {
  const bench = new Bench(fresh);

  it('give the first job of another tenant the next place, before a thousand that were there', async () => {
    const registry = await bench.open();
    await submit(registry, 'a', 1_000);
    expect(await oneByOne(registry, 20)).toBe('a'.repeat(20));
    await submit(registry, 'b', 1);
    expect(await oneByOne(registry, 3)).toBe('baa');
    // A tenant that was idle gets its turn, and no credit for the time.
    await submit(registry, 'b', 5);
    expect(await oneByOne(registry, 11)).toBe('bababababaa');
  });

  it('give each new tenant the next place while several are busy', async () => {
    const registry = await bench.open();
    for (const tenant of ['a', 'b', 'c']) await submit(registry, tenant, 50);
    await oneByOne(registry, 20);
    await submit(registry, 'd', 1, 0);
    expect(await oneByOne(registry, 1)).toBe('d');
  });

  it('are by weight, in the long run and at once', async () => {
    const registry = await bench.open({ shares: sharesOf({ weights: new Map([['a', 3]]) }) });
    for (const tenant of ['a', 'b']) await submit(registry, tenant, 100);
    const order = await oneByOne(registry, 40);
    expect([...order].filter((tenant) => tenant === 'a')).toHaveLength(30);
    for (let at = 0; at + 5 <= order.length; at++) expect(order.slice(at, at + 5)).toContain('b');
    expect([...tenantsOf(await registry.jobs.claim('w', MINUTE, 8))].sort().join('')).toBe('aaaaaabb');
  });

  it('leave no place empty: a tenant alone gets them all', async () => {
    const registry = await bench.open({ shares: sharesOf({ weights: new Map([['b', 1_000]]) }) });
    await submit(registry, 'a', 6);
    expect(tenantsOf(await registry.jobs.claim('w', MINUTE, 10))).toBe('aaaaaa');
  });

  it('hold a tenant at its ceiling, whoever claims at the same moment', async () => {
    const database = await bench.fresh();
    const shares = sharesOf({ maxRunning: new Map([['a', 2]]), maxRunningOfOthers: 3 });
    const registries = [await bench.open({ database, shares }), await bench.open({ database, shares })];
    const [one] = registries as [Registry];
    for (const tenant of ['a', 'b']) await submit(one, tenant, 20);
    const taken = (
      await Promise.all(
        Array.from({ length: 12 }, (_, at) => (registries[at % 2] ?? one).jobs.claim(`w${at}`, MINUTE, 2)),
      )
    ).flat();
    expect([...tenantsOf(taken)].sort().join('')).toBe('aabbb');
    expect(await one.jobs.claim('w', MINUTE, 5)).toEqual([]);
    const ofA = taken.find(({ job }) => job.tenant === 'a');
    if (ofA !== undefined) await one.jobs.finish(ofA, FAILED);
    expect(tenantsOf(await one.jobs.claim('w', MINUTE, 5))).toBe('a');
    // A job whose worker died has its place already.
    bench.clock.pass(MINUTE);
    expect([...tenantsOf(await one.jobs.claim('w', MINUTE, 20))].sort().join('')).toBe('aabbb');
  });

  it('order the jobs of one tenant by priority, and no other tenant by it', async () => {
    const registry = await bench.open();
    await submit(registry, 'b', 4, 0);
    await submit(registry, 'a', 4, 90);
    expect(await oneByOne(registry, 8)).toMatch(/^(?:ab|ba){4}$/);
  });

  it('start what nobody waits for when no other job can start', async () => {
    const registry = await bench.open();
    await submit(registry, 'a', 2, -10);
    await submit(registry, 'a', 1);
    await submit(registry, 'b', 2);
    const taken = await registry.jobs.claim('w', MINUTE, 10);
    expect(taken.map(({ job }) => job.priority)).toEqual([0, 0, 0, -10, -10]);
  });

  it('pass over a tenant whose jobs pause', async () => {
    const registry = await bench.open();
    await submit(registry, 'a', 1);
    const [first] = await registry.jobs.claim('w', MINUTE, 1);
    if (first !== undefined) await registry.jobs.finish(first, { ...FAILED, retry: true, afterMs: MINUTE });
    await submit(registry, 'b', 1);
    expect(await oneByOne(registry, 2)).toBe('b-');
    bench.clock.pass(MINUTE);
    expect(await oneByOne(registry, 1)).toBe('a');
  });
});

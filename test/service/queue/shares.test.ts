import { expect, it } from 'vitest';
import { EQUAL_SHARES, type JobEnd, type TenantShares } from '../../../src/registry/index.ts';
import type { JobHandler } from '../../../src/service/queue/index.ts';
import { until } from '../../support/until.ts';
import { type Backend, describeOnQueues, openBackend, submitter } from './backends.ts';

const FAILED: JobEnd = { kind: 'failed', code: 'malformed', message: 'it cannot be read', retry: false };
const THOUSAND = 1_000;

/** Workers of two processes, whose jobs run until the test ends them. */
async function open(backend: Backend, concurrency: number, shares: TenantShares = EQUAL_SHARES) {
  const parts = [await openBackend(backend, shares), await openBackend(backend, shares)] as const;
  const [{ registry, queue }] = parts;
  const started: string[] = [];
  const running: { readonly tenant: string; end(): void }[] = [];
  const handler: JobHandler = ({ job: { tenant } }, { signal }) =>
    new Promise((resolve) => {
      started.push(tenant);
      const one = {
        tenant,
        end: () => {
          running.splice(running.indexOf(one), 1);
          resolve(FAILED);
        },
      };
      running.push(one);
      // Of a job that starts while the worker is told to stop.
      signal.addEventListener('abort', () => resolve(FAILED), { once: true });
    });
  const stop = new AbortController();
  const options = { concurrency, leaseMs: 600_000, graceMs: 100, signal: stop.signal };
  const work = () =>
    parts.map((part, at) =>
      part.queue.work(handler, { ...options, worker: `w${at}`, tell: (message) => part.told.push(message) }),
    );
  let working: readonly Promise<void>[] = [];
  return {
    registry,
    started,
    running,
    told: parts[0].told,
    start: () => {
      working = work();
    },
    async submit(tenant: string, count: number) {
      const requests = Array.from({ length: count }, (_, at) => ({
        target: `hf://${tenant}/m${at}`,
        model: 'm',
        ruleset: 'r',
      }));
      const made = await registry.jobs.createAll({ ...submitter, tenant }, requests);
      await queue.enqueue(...made.map(({ job }) => job));
    },
    endOf: (tenant: string) => running.find((one) => one.tenant === tenant)?.end(),
    async close() {
      stop.abort();
      for (const one of [...running]) one.end();
      await Promise.all(working);
      await Promise.all(parts.map((part) => part.close()));
    },
  };
}

describeOnQueues('a queue of several tenants', (fresh) => {
  it('starts the first job of another tenant when one of the running jobs ends, before a thousand', async () => {
    const town = await open(await fresh(), 2);
    await town.submit('acme', THOUSAND);
    town.start();
    await until('all places are taken', () => town.running.length === 4);
    await town.submit('beta', 3);
    expect(town.started).toEqual(Array(4).fill('acme'));
    for (let ended = 1; ended <= 6; ended++) {
      town.endOf('acme');
      await until('the next one starts', () => town.started.length === 4 + ended);
      // The first place that is free; the other two jobs in turn.
      if (ended === 1) expect(town.started.at(-1)).toBe('beta');
    }
    expect(town.started.slice(4).filter((tenant) => tenant === 'beta')).toHaveLength(3);
    expect(town.told).toEqual([]);
    await town.close();
  });

  it('never runs more jobs of a tenant than its ceiling, and gives free places to others at once', async () => {
    const town = await open(await fresh(), 3, { ...EQUAL_SHARES, maxRunning: new Map([['acme', 2]]) });
    await town.submit('acme', 40);
    town.start();
    await until('the tenant is at its ceiling', () => town.running.length === 2);
    // Four places are free, and forty jobs wait that may not start.
    await town.submit('beta', 4);
    await until('the other tenant has the free places', () => town.running.length === 6);
    expect(town.running.map(({ tenant }) => tenant).toSorted()).toEqual(['acme', 'acme', ...Array(4).fill('beta')]);
    for (let ended = 1; ended <= 10; ended++) {
      town.endOf('acme');
      await until('the next one starts', () => town.started.length === 6 + ended);
      expect(town.running.filter(({ tenant }) => tenant === 'acme')).toHaveLength(2);
    }
    while (town.running.some(({ tenant }) => tenant === 'beta')) town.endOf('beta');
    await until('the ends are stored', async () => (await town.registry.jobs.counts()).failed === 14);
    expect(await town.registry.jobs.counts()).toMatchObject({ running: 2, queued: 28 });
    expect(town.told).toEqual([]);
    await town.close();
  });

  it('runs every job once, whichever job its ticket was made for', async () => {
    const town = await open(await fresh(), 4, { ...EQUAL_SHARES, weights: new Map([['beta', 3]]) });
    for (const tenant of ['acme', 'beta', 'acme']) await town.submit(tenant, 30);
    await town.submit('gamma', 5);
    town.start();
    const all = 65;
    await until('all jobs have ended', async () => {
      for (const one of [...town.running]) one.end();
      return (await town.registry.jobs.counts()).failed === all;
    });
    expect(town.started).toHaveLength(all);
    expect(town.told).toEqual([]);
    await town.close();
  });
});

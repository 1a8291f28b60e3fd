import { expect, it } from 'vitest';
import {
  type AttemptCosts,
  type ClaimedJob,
  DURATION_BOUNDS,
  type JobEnd,
  type Registry,
} from '../../../src/registry/index.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, claimNamed, codeOf, HOUR } from '../harness.ts';
import { sam } from '../people.ts';

const COSTS: AttemptCosts = {
  wallMs: 1_500,
  cpuMs: 1_000,
  peakBytes: 300,
  fetchedBytes: 20,
  storedBytes: 7,
  gpuMs: null,
  reused: false,
};
const UNKNOWN: AttemptCosts = {
  ...COSTS,
  cpuMs: null,
  peakBytes: null,
  fetchedBytes: null,
  storedBytes: null,
};
const AGAIN: JobEnd = { kind: 'failed', code: 'network', message: 'no answer', retry: true };
const NOTHING = {
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

describeOnBoth('costs', (fresh) => {
  const bench = new Bench(fresh);

  async function claimed(registry: Registry, model = 'acme/model', by = sam): Promise<ClaimedJob> {
    const { job } = await registry.jobs.create(by, { target: 'hf://acme/model', model, ruleset: 'r1' });
    const claim = await claimNamed(registry, job.id, HOUR);
    if (claim === undefined) throw new Error('there was nothing to take');
    return claim;
  }

  it('of the attempts of a job add up, and each is what was told last', async () => {
    const registry = await bench.open();
    const { jobs } = registry;
    const first = await claimed(registry);
    const { id } = first.job;
    expect(await jobs.costs(sam, id)).toEqual(NOTHING);
    await jobs.recordCosts(first, { ...COSTS, cpuMs: 10, wallMs: 20 }, false);
    await jobs.recordCosts(first, COSTS, true);
    await jobs.finish(first, AGAIN);
    const second = await claimNamed(registry, id, HOUR);
    if (second === undefined) throw new Error('there was nothing to take');
    await jobs.recordCosts(second, { ...COSTS, peakBytes: 200, gpuMs: 2_000 }, true);
    expect(await jobs.costs(sam, id)).toEqual({
      attempts: 2,
      unmeasured: 0,
      reused: 0,
      wallSeconds: 3,
      cpuSeconds: 2,
      peakBytes: 300,
      fetchedBytes: 40,
      storedBytes: 14,
      gpuSeconds: 2,
    });
  });

  it('that are not known are not nothing', async () => {
    const registry = await bench.open();
    const job = await claimed(registry);
    await registry.jobs.recordCosts(job, UNKNOWN, true);
    expect(await registry.jobs.costs(sam, job.job.id)).toEqual({
      ...NOTHING,
      attempts: 1,
      unmeasured: 1,
      wallSeconds: 1.5,
    });
  });

  it('are written for an attempt that lost its job, and never beyond what a database holds', async () => {
    const registry = await bench.open();
    const { jobs } = registry;
    const job = await claimed(registry);
    await jobs.cancel(sam, job.job.id);
    await jobs.recordCosts(job, { ...COSTS, cpuMs: Number.NaN, fetchedBytes: 1e300, storedBytes: -5 }, true);
    expect(await jobs.costs(sam, job.job.id)).toMatchObject({
      attempts: 1,
      unmeasured: 1,
      cpuSeconds: null,
      fetchedBytes: 2 ** 50,
      storedBytes: 0,
    });
  });

  it('are told to the tenant of the job alone', async () => {
    const registry = await bench.open();
    const job = await claimed(registry);
    await registry.jobs.recordCosts(job, COSTS, true);
    expect(await codeOf(registry.jobs.costs({ ...sam, tenant: 'other' }, job.job.id))).toBe('not-found');
  });

  it('are summed up by tenant, model and kind, within a time', async () => {
    const registry = await bench.open();
    const other = { ...sam, tenant: 'other' };
    const from = bench.clock.now();
    await registry.jobs.recordCosts(await claimed(registry), COSTS, true);
    await registry.jobs.recordCosts(
      await claimed(registry, 'acme/large'),
      { ...COSTS, wallMs: 9_000, reused: true },
      true,
    );
    await registry.jobs.recordCosts(await claimed(registry, 'acme/model', other), COSTS, true);
    bench.clock.pass(HOUR);
    const to = bench.clock.now();
    await registry.jobs.recordCosts(await claimed(registry, 'acme/late'), COSTS, true);
    const asked = { from, to, everyTenant: false };
    const models = await registry.usage(sam, { ...asked, by: 'model' });
    expect(models.complete).toBe(true);
    expect(models.rows.map(({ model, tenant, kind }) => [model, tenant, kind])).toEqual([
      ['acme/large', 'acme', null],
      ['acme/model', 'acme', null],
    ]);
    const [own] = (await registry.usage(sam, { ...asked, by: 'tenant' })).rows;
    expect(own).toMatchObject({ tenant: 'acme', model: null, jobs: 2, attempts: 2, reused: 1, wallSeconds: 10.5 });
    const all = await registry.usage(sam, { ...asked, by: 'tenant', everyTenant: true });
    expect(all.rows.map(({ tenant }) => tenant)).toEqual(['acme', 'other']);
    const kinds = await registry.usage(sam, { ...asked, by: 'kind', everyTenant: true });
    expect(kinds.rows).toMatchObject([{ kind: 'scan', tenant: null, jobs: 3 }]);
    const all2 = await registry.usage(sam, { ...asked, by: 'model', everyTenant: true });
    expect(all2.rows.filter(({ model }) => model === 'acme/model').map(({ tenant }) => tenant)).toEqual([
      'acme',
      'other',
    ]);
    expect((await registry.usage(sam, { ...asked, from: to, to: from, by: 'kind' })).rows).toEqual([]);
  });

  it('of attempts that have ended are summed up by kind, and counted by their duration', async () => {
    const registry = await bench.open();
    await registry.jobs.recordCosts(await claimed(registry, 'acme/one'), { ...COSTS, wallMs: 100 }, true);
    await registry.jobs.recordCosts(await claimed(registry, 'acme/two'), { ...COSTS, wallMs: 90_000_000 }, true);
    await registry.jobs.recordCosts(await claimed(registry, 'acme/runs'), COSTS, false);
    const totals = await registry.jobs.costTotals();
    expect(totals.map(({ kind, costs }) => [kind, costs.attempts])).toEqual([
      ['scan', 2],
      ['convert', 0],
      ['test', 0],
      ['data', 0],
    ]);
    expect(totals[0]?.within).toEqual(DURATION_BOUNDS.map(() => 1));
    expect(totals[0]?.costs.wallSeconds).toBe(90_000.1);
    expect(totals[1]?.within).toEqual(DURATION_BOUNDS.map(() => 0));
  });
});

import { expect, it } from 'vitest';
import { type ClaimedJob, MAX_ATTEMPTS, type NewJob, type Registry } from '../../../src/registry/index.ts';
import { assessmentOf } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, claimNamed, codeOf } from '../harness.ts';
import { sam } from '../people.ts';

const MINUTE = 60_000;
const NONE = { queued: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
const stranger = { ...sam, tenant: 'other' };

function requests(...names: readonly string[]): NewJob[] {
  return names.map((name) => ({ target: `hf://acme/${name}`, model: 'acme/model', ruleset: 'r1' }));
}

async function claimed(registry: Registry, id: string | undefined): Promise<ClaimedJob> {
  const job = await claimNamed(registry, id ?? '', MINUTE);
  if (job === undefined) throw new Error('there was nothing to take');
  return job;
}

/** The actions that the audit log holds for the batch. */
async function said(registry: Registry, batch: string) {
  const { items } = await registry.auditLog(sam, { subject: batch, limit: 200 });
  return items.map(({ action, detail }) => [action, detail]);
}

describeOnBoth('batches', (fresh) => {
  const bench = new Bench(fresh);

  it('reuse a job that exists already and hold one job for two equal requests', async () => {
    const registry = await bench.open();
    const { job } = await registry.jobs.create(sam, { ...requests('known')[0], priority: 3 } as NewJob);
    const { batch, jobs } = await registry.batches.create(sam, requests('known', 'new', 'new'));
    expect(jobs.map(({ created }) => created)).toEqual([false, true, false]);
    expect(jobs[0]?.job.id).toBe(job.id);
    expect(batch).toMatchObject({ tenant: 'acme', state: 'open', endedAt: null, jobs: { ...NONE, queued: 2 } });
    expect(await registry.batches.get(sam, batch.id)).toEqual(batch);
    const { items } = await registry.jobs.list(sam, { batch: batch.id });
    expect(items.map(({ id }) => id)).toEqual([jobs[1]?.job.id, job.id]);
    const page = await registry.jobs.list(sam, { batch: batch.id, limit: 1 });
    expect(page.next).not.toBeNull();
    expect(await said(registry, batch.id)).toEqual([['batch.created', { jobs: 2 }]]);
  });

  it('are created with all their jobs or not at all', async () => {
    const registry = await bench.open();
    const head = await registry.auditHead(sam);
    expect(await codeOf(registry.batches.create(sam, requests('1', '2', '3'), 2))).toBe('queue-full');
    expect(
      await codeOf(registry.batches.create(sam, [...requests('1'), { ...requests('2')[0], model: '..' } as NewJob])),
    ).toBe('invalid');
    expect(await codeOf(registry.batches.create(sam, []))).toBe('invalid');
    expect(await registry.auditHead(sam)).toBe(head);
    expect(await registry.jobs.counts()).toEqual(NONE);
  });

  it('end once, when their last job ends in any state', async () => {
    const database = await bench.fresh();
    const registry = await bench.open({ database });
    const { batch, jobs } = await registry.batches.create(
      sam,
      requests('done', 'failed', 'cancelled', 'lost', 'again'),
    );
    const [done, failed, cancelled, lost, again] = jobs.map(({ job }) => job.id);
    const ofDone = await claimed(registry, done);
    await registry.register(sam, { model: 'acme/model', assessment: assessmentOf(), job: ofDone.job.id });
    const end = { kind: 'failed', code: 'malformed', message: 'it cannot be read', retry: false } as const;
    await registry.jobs.finish(await claimed(registry, failed), end);
    await registry.jobs.cancel(sam, cancelled ?? '');
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      await claimed(registry, lost);
      bench.clock.pass(MINUTE);
    }
    const ofAgain = await claimed(registry, again);
    await registry.jobs.heartbeat(ofAgain, MINUTE, { filesDone: 1, files: 2, bytesDone: 3, bytes: 4 });
    await registry.jobs.finish(ofAgain, { ...end, retry: true });
    // The check that ends jobs whose workers died.
    expect(await claimNamed(registry, lost ?? '', MINUTE)).toBeUndefined();
    await registry.batches.endAll();
    expect(await registry.batches.get(sam, batch.id)).toMatchObject({
      state: 'open',
      jobs: { queued: 1, running: 0, done: 1, failed: 2, cancelled: 1 },
      progress: { filesDone: 1, files: 2, bytesDone: 3, bytes: 4 },
    });

    bench.clock.pass(MINUTE);
    const at = bench.clock.now().toISOString();
    await registry.jobs.finish(await claimed(registry, again), end);
    bench.clock.pass(MINUTE);
    const beside = await bench.open({ database });
    await Promise.all([registry, beside, registry, beside].map(({ batches }) => batches.endAll()));
    await registry.batches.endAll();
    const jobsOf = { done: 1, failed: 3, cancelled: 1 };
    expect(await registry.batches.get(sam, batch.id)).toMatchObject({
      state: 'ended',
      endedAt: at,
      jobs: { ...NONE, ...jobsOf },
    });
    expect(await said(registry, batch.id)).toEqual([
      ['batch.created', { jobs: 5 }],
      ['batch.ended', { jobs: 5, ...jobsOf }],
    ]);
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it('share jobs and end together with them', async () => {
    const registry = await bench.open();
    const one = await registry.batches.create(sam, requests('a', 'b'));
    const two = await registry.batches.create(sam, requests('b', 'c'));
    const { batch, cancelled } = await registry.batches.cancel(sam, one.batch.id);
    expect(batch).toMatchObject({ state: 'ended', jobs: { ...NONE, cancelled: 2 } });
    expect([...cancelled].sort()).toEqual(one.jobs.map(({ job }) => job.id).sort());
    expect(await registry.batches.get(sam, two.batch.id)).toMatchObject({
      state: 'open',
      jobs: { ...NONE, queued: 1, cancelled: 1 },
    });
    await registry.jobs.cancel(sam, two.jobs[1]?.job.id ?? '');
    // The batch is not marked as ended yet, but no job of it can be cancelled.
    expect(await codeOf(registry.batches.cancel(sam, two.batch.id))).toBe('ended');
    await registry.batches.endAll();
    expect((await registry.batches.get(sam, two.batch.id)).state).toBe('ended');
    expect(await codeOf(registry.batches.cancel(sam, one.batch.id))).toBe('ended');
    expect((await said(registry, one.batch.id)).map(([action]) => action)).toEqual([
      'batch.created',
      'batch.cancelled',
      'batch.ended',
    ]);
  });

  it('all end, in any number', async () => {
    const registry = await bench.open();
    const { jobs } = await registry.batches.create(sam, requests('shared'));
    for (let i = 0; i < 110; i++) await registry.batches.create(sam, requests('shared'));
    await registry.batches.create(sam, requests('other'));
    await registry.jobs.cancel(sam, jobs[0]?.job.id ?? '');
    await registry.batches.endAll();
    const { items } = await registry.auditLog(sam, { after: '110', limit: 200 });
    expect(items.filter(({ action }) => action === 'batch.ended')).toHaveLength(111);
  });

  it('are not found by another tenant', async () => {
    const registry = await bench.open();
    const { batch } = await registry.batches.create(sam, requests('a'));
    expect(await codeOf(registry.batches.get(stranger, batch.id))).toBe('not-found');
    expect(await codeOf(registry.batches.cancel(stranger, batch.id))).toBe('not-found');
    expect(await codeOf(registry.jobs.list(stranger, { batch: batch.id }))).toBe('not-found');
    expect((await registry.batches.get(sam, batch.id)).jobs.queued).toBe(1);
  });
});

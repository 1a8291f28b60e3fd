import { expect, it } from 'vitest';
import { type ClaimedJob, MAX_ATTEMPTS, type Registry } from '../../../src/registry/index.ts';
import { assessmentOf } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, claimNamed, codeOf } from '../harness.ts';
import { sam } from '../people.ts';

const MINUTE = 60_000;
const PROGRESS = { filesDone: 1, files: 2, bytesDone: 10, bytes: 20 };

async function claim(registry: Registry, id?: string): Promise<ClaimedJob | undefined> {
  if (id !== undefined) return claimNamed(registry, id, MINUTE);
  const [job] = await registry.jobs.claim('worker', MINUTE, 1);
  return job;
}

async function claimed(registry: Registry, id?: string): Promise<ClaimedJob> {
  const job = await claim(registry, id);
  if (job === undefined) throw new Error('there was nothing to take');
  return job;
}

describeOnBoth('jobs', (fresh) => {
  const bench = new Bench(fresh);

  async function created(registry: Registry, target = 'hf://acme/model', priority = 0) {
    return (await registry.jobs.create(sam, { target, model: 'acme/model', ruleset: 'r1', priority })).job;
  }

  it('are reused while an equal one is queued or running', async () => {
    const registry = await bench.open();
    const request = { target: 'hf://acme/model', model: 'acme/model', ruleset: 'r1' };
    const first = await registry.jobs.create(sam, request);
    expect(first).toMatchObject({
      created: true,
      job: { state: 'queued', attempts: 0, createdBy: 'sam (https://login.example)' },
    });
    expect(await registry.jobs.create(sam, request)).toEqual({ created: false, job: first.job });
    expect((await registry.jobs.create(sam, { ...request, ruleset: 'r2' })).created).toBe(true);
    expect((await registry.jobs.create({ ...sam, tenant: 'other' }, request)).created).toBe(true);
    await claimed(registry, first.job.id);
    expect((await registry.jobs.create(sam, request)).created).toBe(false);
    await registry.jobs.cancel(sam, first.job.id);
    expect((await registry.jobs.create(sam, request)).created).toBe(true);
  });

  it('are claimed by priority, then in order, each by one worker', async () => {
    const registry = await bench.open();
    const low = await created(registry, 'hf://a/low');
    const next = await created(registry, 'hf://a/next');
    const high = await created(registry, 'hf://a/high', 5);
    expect(await registry.jobs.queued(10)).toEqual([high.id, low.id, next.id]);
    const taken = await Promise.all([1, 2, 3, 4].map(() => claim(registry)));
    expect(taken.map((one) => one?.job.id).sort()).toEqual([high.id, low.id, next.id, undefined].sort());
    // PostgreSQL answers several connections: the one that gets no job is not always the last.
    const [one] = taken.filter((claim) => claim !== undefined);
    expect(one?.job).toMatchObject({ state: 'running', attempts: 1, startedAt: bench.clock.now().toISOString() });
    expect(await registry.jobs.counts()).toEqual({ queued: 0, running: 3, done: 0, failed: 0, cancelled: 0 });
  });

  it('are ended once, by the holder of the lease', async () => {
    const registry = await bench.open();
    const { id } = await created(registry);
    const first = await claimed(registry, id);
    expect(await registry.jobs.heartbeat(first, MINUTE, PROGRESS)).toBe(true);
    expect((await registry.jobs.get(sam, id)).progress).toEqual(PROGRESS);
    bench.clock.pass(MINUTE);
    expect(await registry.jobs.queued(10)).toEqual([id]);
    const second = await claimed(registry);
    expect(second.job).toMatchObject({ id, attempts: 2 });
    expect(await registry.jobs.heartbeat(first, MINUTE, PROGRESS)).toBe(false);
    expect(await registry.jobs.finish(first, { kind: 'done', version: 'v' })).toBe(false);
    expect(await registry.jobs.finish(second, { kind: 'done', version: 'v' })).toBe(true);
    expect(await registry.jobs.finish(second, { kind: 'done', version: 'w' })).toBe(false);
    expect(await registry.jobs.get(sam, id)).toMatchObject({ state: 'done', version: 'v', error: null });
    expect(await claim(registry)).toBeUndefined();
    expect(await registry.jobs.state(id)).toBe('done');
    expect(await registry.jobs.state('none')).toBeUndefined();
  });

  it('are done once their version is registered, and another registration of the job changes nothing', async () => {
    const registry = await bench.open();
    const { id } = await created(registry);
    const first = await claimed(registry, id);
    bench.clock.pass(MINUTE);
    await claimed(registry, id);
    const registration = { model: 'acme/model', assessment: assessmentOf({ name: 'one' }), job: id };
    const { version, created: isNew } = await registry.register(sam, registration);
    expect(isNew).toBe(true);
    expect(await registry.jobs.get(sam, id)).toMatchObject({ state: 'done', version: version.id, error: null });
    expect(await registry.jobs.finish(first, { kind: 'released' })).toBe(false);
    expect(await registry.register(sam, registration)).toMatchObject({ version, created: false });
    expect(await registry.assessments(sam, version.id)).toHaveLength(1);
    bench.clock.pass(MINUTE);
    expect(await claim(registry)).toBeUndefined();
    const other = await created(registry);
    await registry.jobs.cancel(sam, other.id);
    expect(await codeOf(registry.register(sam, { ...registration, job: other.id }))).toBe('ended');
  });

  it('are retried after a pause, up to a limit', async () => {
    const registry = await bench.open();
    const { id } = await created(registry);
    const failed = { kind: 'failed', code: 'network', message: 'no answer\0', retry: true, afterMs: MINUTE } as const;
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
      expect(await registry.jobs.finish(await claimed(registry), failed)).toBe(true);
      expect(await registry.jobs.get(sam, id)).toMatchObject({
        state: 'queued',
        attempts: attempt,
        endedAt: null,
        error: { code: 'network', message: 'no answer' },
      });
      expect(await claim(registry)).toBeUndefined();
      bench.clock.pass(MINUTE);
    }
    expect(await registry.jobs.finish(await claimed(registry), failed)).toBe(true);
    expect(await registry.jobs.get(sam, id)).toMatchObject({ state: 'failed', attempts: MAX_ATTEMPTS });
    const other = await created(registry, 'hf://a/other');
    await registry.jobs.finish(await claimed(registry, other.id), { ...failed, retry: false });
    expect(await registry.jobs.get(sam, other.id)).toMatchObject({ state: 'failed', attempts: 1 });
  });

  it('return to the queue without a counted attempt when they are released', async () => {
    const registry = await bench.open();
    const { id } = await created(registry);
    for (let i = 0; i < MAX_ATTEMPTS + 2; i++) {
      expect(await registry.jobs.finish(await claimed(registry), { kind: 'released' })).toBe(true);
    }
    expect(await registry.jobs.get(sam, id)).toMatchObject({ state: 'queued', attempts: 0 });
  });

  it('fail after they kill their workers repeatedly', async () => {
    const registry = await bench.open();
    const { id } = await created(registry);
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      await claimed(registry);
      bench.clock.pass(MINUTE);
    }
    expect(await claim(registry)).toBeUndefined();
    expect(await registry.jobs.get(sam, id)).toMatchObject({ state: 'failed', error: { code: 'worker-lost' } });
  });

  it('can be cancelled while queued or running, and not afterwards', async () => {
    const registry = await bench.open();
    const queued = await created(registry, 'hf://a/one');
    const running = await claimed(registry, (await created(registry, 'hf://a/two')).id);
    expect(await registry.jobs.cancel(sam, queued.id)).toMatchObject({ state: 'cancelled' });
    await registry.jobs.cancel(sam, running.job.id);
    expect(await registry.jobs.heartbeat(running, MINUTE, PROGRESS)).toBe(false);
    expect(await registry.jobs.finish(running, { kind: 'done', version: 'v' })).toBe(false);
    expect(await codeOf(registry.jobs.cancel(sam, queued.id))).toBe('ended');
    expect((await registry.jobs.list(sam, { state: 'cancelled', limit: 1 })).items).toMatchObject([
      { id: running.job.id },
    ]);
    const actions = (await registry.auditLog(sam)).items.map(({ action }) => action);
    expect(actions).toEqual(['job.created', 'job.created', 'job.cancelled', 'job.cancelled']);
  });

  it('are limited per tenant, without those that no caller waits for', async () => {
    const registry = await bench.open();
    const requests = (...names: string[]) =>
      names.map((one) => ({ target: `hf://a/${one}`, model: 'm', ruleset: 'r' }));
    await registry.jobs.create(sam, { target: 'hf://a/background', model: 'm', ruleset: 'r', priority: -1 });
    expect(await registry.jobs.createAll(sam, requests('1', '2'), 2)).toMatchObject([
      { created: true },
      { created: true },
    ]);
    const head = await registry.auditHead(sam);
    expect(await codeOf(registry.jobs.createAll(sam, requests('3'), 2))).toBe('queue-full');
    expect(await codeOf(registry.jobs.createAll(sam, requests('1', '3'), 2))).toBe('queue-full');
    expect(await registry.auditHead(sam)).toBe(head);
    expect(await registry.jobs.createAll(sam, requests('1', '2'), 2)).toMatchObject([{ created: false }, {}]);
    // A request for an existing job is not refused, however many jobs exist.
    expect(await registry.jobs.createAll(sam, requests('1'), 1)).toMatchObject([{ created: false }]);
    expect(await codeOf(registry.jobs.createAll({ ...sam, tenant: 'other' }, requests('3'), 2))).toBe(
      'nothing was refused',
    );
    // The same holds for a running job.
    await claimed(registry);
    expect(await registry.jobs.createAll(sam, requests('3'), 2)).toMatchObject([{ created: true }]);
  });

  it('keep the lineage of the version', async () => {
    const registry = await bench.open();
    const lineage = { baseModels: [{ ref: 'hf://a/b', digest: null }], datasets: ['d'], code: null, run: 'r' };
    await registry.jobs.create(sam, { target: 'hf://a/c', model: 'm', ruleset: 'r', lineage });
    expect((await claimed(registry)).lineage).toEqual(lineage);
  });

  it('are refused when their request is invalid', async () => {
    const registry = await bench.open();
    const create = (changes: object) =>
      codeOf(registry.jobs.create(sam, { target: 't', model: 'm', ruleset: 'r', ...changes }));
    expect(await create({ target: '' })).toBe('invalid');
    expect(await create({ target: 'x'.repeat(1501) })).toBe('invalid');
    expect(await create({ model: '..' })).toBe('invalid');
    expect(await create({ priority: 0.5 })).toBe('invalid');
    expect(await codeOf(registry.jobs.get(sam, 'none'))).toBe('not-found');
  });
});

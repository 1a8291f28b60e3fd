import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Job, JobEnd, JobState } from '../../../src/registry/index.ts';
import type { JobHandler, WorkOptions } from '../../../src/service/queue/index.ts';
import { barrier, until } from '../../support/until.ts';
import { type Backend, describeOnQueues, type OpenBackend, openBackend, submitter } from './backends.ts';

const FAILED: JobEnd = { kind: 'failed', code: 'malformed', message: 'it cannot be read', retry: false };
/** A long lease: no job is lost when the machine stops for a while. */
const LEASE_MS = 600_000;
const HOUR = 3_600_000;

const isDone = ({ type }: { readonly type: string }) => type === 'fulfilled';

describeOnQueues('a queue', (fresh) => {
  let backend: Backend;
  let open: OpenBackend;
  const workers: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    backend = await fresh();
    open = await openBackend(backend);
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await open.close();
  });

  function work(handler: JobHandler, options: Partial<WorkOptions> = {}, at: OpenBackend = open) {
    const stop = new AbortController();
    const ended = at.queue.work(handler, {
      worker: `w${workers.length}`,
      concurrency: 1,
      leaseMs: LEASE_MS,
      graceMs: 100,
      tell: (message) => at.told.push(message),
      ...options,
      signal: stop.signal,
    });
    const worker = {
      async stop() {
        stop.abort();
        await ended;
      },
    };
    workers.push(worker);
    return worker;
  }

  async function submit(target: string, priority = 0): Promise<Job> {
    const { job } = await open.registry.jobs.create(submitter, { target, model: 'acme/m', ruleset: 'r1', priority });
    await open.queue.enqueue(job);
    return job;
  }

  async function reached(id: string, ...states: JobState[]): Promise<Job> {
    let job = await open.registry.jobs.get(submitter, id);
    await until(`${id} becomes ${states.join()}`, async () => {
      job = await open.registry.jobs.get(submitter, id);
      return states.includes(job.state);
    });
    return job;
  }

  it('runs a job once, however often it is enqueued, and stores its result', async () => {
    const job = await submit('hf://acme/one');
    await open.queue.enqueue(job);
    const seen: string[] = [];
    work(async ({ job: { target } }) => {
      seen.push(target);
      return FAILED;
    });
    const ended = await reached(job.id, 'failed');
    await open.queue.enqueue(job);
    // One job runs at a time, in order: when a later one has run, the first did not run again.
    await reached((await submit('hf://acme/after')).id, 'failed');
    expect(seen).toEqual(['hf://acme/one', 'hf://acme/after']);
    expect(ended).toMatchObject({ attempts: 1, error: { code: 'malformed', message: 'it cannot be read' } });
    const depth = { waiting: 1, active: 1 };
    await until('the queue is empty', async () => {
      Object.assign(depth, await open.queue.depth());
      return depth.waiting + depth.active === 0;
    });
    expect(depth).toEqual({ waiting: 0, active: 0 });
    expect(open.told).toEqual([]);
  });

  it('starts jobs of its own process without polling the store', async () => {
    const jobs: string[] = [];
    const isEmbedded = open.queue.kind === 'embedded';
    // The worker polls at its start and, with Redis, when it is connected; not again within this test.
    const looks = vi.spyOn(open.registry.jobs, isEmbedded ? 'claim' : 'queued');
    const first = isEmbedded ? 1 : 2;
    work(
      async ({ job }) => {
        jobs.push(job.id);
        return FAILED;
      },
      { lookMs: HOUR },
    );
    await until('the worker has polled', () => looks.mock.settledResults.filter(isDone).length === first);
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { id } = await submit(`hf://acme/now${i}`);
      made.push(id);
      await reached(id, 'failed');
    }
    expect(jobs).toEqual(made);
    if (!isEmbedded) expect(looks).toHaveBeenCalledTimes(first);
  });

  it('records what a job has cost while it runs: it is known when its worker is killed', async () => {
    const held = barrier();
    work(
      async (_, { onCosts }) => {
        onCosts({ wallMs: 1_500, cpuMs: 1_000 });
        onCosts({ wallMs: 2_500 });
        await held.opened;
        onCosts({ fetchedBytes: 7 });
        return FAILED;
      },
      { beatMs: 10 },
    );
    const { id } = await submit('hf://acme/costly');
    const costs = () => open.registry.jobs.costs(submitter, id);
    await until('a heartbeat tells the costs', async () => (await costs()).attempts === 1);
    expect(await costs()).toMatchObject({ wallSeconds: 2.5, cpuSeconds: 1, fetchedBytes: null, unmeasured: 1 });
    expect(await open.registry.jobs.get(submitter, id)).toMatchObject({ state: 'running' });
    held.open();
    await reached(id, 'failed');
    expect(await costs()).toMatchObject({ attempts: 1, fetchedBytes: 7 });
  });

  it('runs jobs of higher priority first', async () => {
    const order: string[] = [];
    const jobs = [
      await submit('hf://acme/low', 1),
      await submit('hf://acme/high', 9),
      await submit('hf://acme/mid', 5),
    ];
    work(async ({ job: { target } }) => {
      order.push(target);
      return FAILED;
    });
    for (const { id } of jobs) await reached(id, 'failed');
    expect(order).toEqual(['hf://acme/high', 'hf://acme/mid', 'hf://acme/low']);
  });

  it('prefetches jobs while they are short, and then gives back the waiting ones', async () => {
    const isEmbedded = open.queue.kind === 'embedded';
    const [started, inside]: [string[], Map<string, (end: JobEnd) => void>] = [[], new Map()];
    let passed = 0;
    const handler: JobHandler = ({ job: { id } }) =>
      new Promise<JobEnd>((resolve) => {
        started.push(id);
        inside.set(id, (end) => {
          inside.delete(id);
          resolve(end);
        });
      });
    const isHeld = (count: number) => until(`${count} jobs are taken`, () => inside.size === count);
    const endFirst = (end: JobEnd = FAILED) => [...inside.values()][0]?.(end);
    const jobs: Job[] = [];
    for (let i = 0; i < 40; i++) jobs.push(await submit(`hf://acme/short${i}`));
    work(handler, { ahead: 8, now: () => passed });
    // The worker takes one more with each short job, up to eight more.
    for (let ended = 0; ended < 12; ended++) {
      const count = isEmbedded ? Math.min(1 + ended, 9) : 1;
      await isHeld(count);
      expect(started).toHaveLength(ended + count);
      endFirst();
    }
    await isHeld(isEmbedded ? 9 : 1);
    passed += 1_000;
    endFirst();
    // The first job took long: the prefetched ones return to the queue, and one is taken at a time.
    if (isEmbedded) {
      await isHeld(8);
      for (let left = 8; left > 0; left--) endFirst({ kind: 'released' });
    }
    await until('the next is taken', () => inside.size === 1 && started.length === (isEmbedded ? 22 : 14));
    const again = new Set(started.slice(0, -1)).has(started.at(-1) ?? '');
    expect(again).toBe(isEmbedded);
    for (let ended = 13; ended < jobs.length; ended++) {
      await isHeld(1);
      passed += 1_000;
      endFirst();
    }
    for (const { id } of jobs) expect((await reached(id, 'failed')).attempts).toBe(1);
    expect(open.told).toEqual([]);
  });

  it('retries a transient failure after its pause and counts the attempts', async () => {
    const tried: string[] = [];
    work(async ({ job: { target, attempts } }) => {
      tried.push(target);
      return target.endsWith('/again') && attempts < 3 ? { ...FAILED, retry: true, afterMs: HOUR } : FAILED;
    });
    const start = Date.now();
    try {
      vi.setSystemTime(start);
      const { id } = await submit('hf://acme/again');
      for (const attempt of [1, 2]) {
        await until('the job pauses', async () => {
          const { state, attempts } = await open.registry.jobs.get(submitter, id);
          return state === 'queued' && attempts === attempt;
        });
        // A millisecond before the end of the pause the worker takes another job, not this one.
        vi.setSystemTime(start + attempt * HOUR - 1);
        await reached((await submit(`hf://acme/before${attempt}`)).id, 'failed');
        expect(await open.registry.jobs.get(submitter, id)).toMatchObject({ state: 'queued', attempts: attempt });
        vi.setSystemTime(start + attempt * HOUR);
        await reached((await submit(`hf://acme/after${attempt}`)).id, 'failed');
      }
      expect((await reached(id, 'failed')).attempts).toBe(3);
    } finally {
      vi.useRealTimers();
    }
    expect(tried.filter((target) => target.endsWith('/again'))).toHaveLength(3);
  });

  it('stops a running job when it is cancelled, without polling the store, and records no other end', async () => {
    const heard: string[] = [];
    work(
      async ({ job: { id } }, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        heard.push(id);
        return { kind: 'done', version: 'none' };
      },
      { beatMs: HOUR },
    );
    for (let i = 0; i < 3; i++) {
      const job = await submit(`hf://acme/long${i}`);
      await reached(job.id, 'running');
      await open.registry.jobs.cancel(submitter, job.id);
      expect(heard).toHaveLength(i);
      // Repeated, because the worker may not subscribe yet.
      await until('the job is stopped', async () => {
        await open.queue.cancel(job.id);
        return heard[i] === job.id;
      });
      expect((await open.registry.jobs.get(submitter, job.id)).state).toBe('cancelled');
    }
  });

  it('sends a cancellation to a worker in another process', async () => {
    const other = await openBackend(backend);
    let heard = false;
    const worker = work(
      async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        heard = true;
        return FAILED;
      },
      {},
      other,
    );
    const job = await submit('hf://acme/far');
    await reached(job.id, 'running');
    expect(heard).toBe(false);
    await open.registry.jobs.cancel(submitter, job.id);
    await open.queue.cancel(job.id);
    await until('the other process receives the cancellation', () => heard);
    await worker.stop();
    await other.close();
  });

  it('never runs a job that was cancelled while queued', async () => {
    const job = await submit('hf://acme/never');
    await open.registry.jobs.cancel(submitter, job.id);
    await open.queue.cancel(job.id);
    const seen: string[] = [];
    work(async (claimed) => {
      seen.push(claimed.job.target);
      return FAILED;
    });
    await reached((await submit('hf://acme/after')).id, 'failed');
    expect(seen).toEqual(['hf://acme/after']);
  });

  it('gives the job of a dead worker to the next one', async () => {
    const job = await submit('hf://acme/orphan');
    const [dead] = await open.registry.jobs.claim('dead', 600, 1);
    expect(dead?.job.id).toBe(job.id);
    work(async () => FAILED);
    const ended = await reached(job.id, 'failed');
    expect(ended.attempts).toBe(2);
    // A worker that lost the lease cannot end the job.
    expect(dead && (await open.registry.jobs.finish(dead, { kind: 'done', version: 'none' }))).toBe(false);
  });

  it('lets a job that is almost done end when its worker stops', async () => {
    const [running, over] = [barrier(), barrier()];
    const worker = work(
      async () => {
        running.open();
        await over.opened;
        return FAILED;
      },
      { graceMs: HOUR },
    );
    const job = await submit('hf://acme/almost');
    await running.opened;
    const stopped = worker.stop();
    over.open();
    await stopped;
    expect((await open.registry.jobs.get(submitter, job.id)).state).toBe('failed');
  });

  it('releases a job that does not end within the grace period, and another worker takes it at once', async () => {
    const worker = work(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return { kind: 'failed', code: 'aborted', message: 'stopped', retry: true };
    });
    const job = await submit('hf://acme/handed');
    await reached(job.id, 'running');
    await worker.stop();
    expect(await open.registry.jobs.get(submitter, job.id)).toMatchObject({ state: 'queued', attempts: 0 });
    work(async () => FAILED);
    expect((await reached(job.id, 'failed')).attempts).toBe(1);
  });

  it('renews the lease of a job that takes longer than the lease', async () => {
    const seen: string[] = [];
    let report = (_filesDone: number) => {};
    const { opened: over, open: end } = barrier();
    const handler: JobHandler = async ({ job: { id, target } }, { onProgress }) => {
      seen.push(id);
      if (target.endsWith('/next')) return FAILED;
      report = (filesDone) => onProgress({ filesDone, files: 9, bytesDone: 3, bytes: 4 });
      await over;
      return FAILED;
    };
    work(handler, { leaseMs: 60_000 });
    work(handler, { leaseMs: 60_000 });
    const job = await submit('hf://acme/slow');
    await reached(job.id, 'running');
    await until('the job runs', () => seen.length === 1);
    expect(seen).toEqual([job.id]);
    const progress = async () => (await open.registry.jobs.get(submitter, job.id)).progress;
    const start = Date.now();
    try {
      // Most of a lease passes twice; each time the worker then renews the lease and reports progress.
      for (const [at, passed] of [0, 50_000, 100_000].entries()) {
        vi.setSystemTime(start + passed);
        report(at + 1);
        await until('the progress is reported', async () => (await progress()).filesDone === at + 1);
        expect(await progress()).toMatchObject({ filesDone: at + 1, bytes: 4 });
      }
      // The other worker looks for jobs and finds only this one.
      const next = await submit('hf://acme/next');
      await reached(next.id, 'failed');
      expect(seen).toEqual([job.id, next.id]);
      expect(await open.registry.jobs.get(submitter, job.id)).toMatchObject({ state: 'running', attempts: 1 });
      end();
      await reached(job.id, 'failed');
      expect(seen).toEqual([job.id, next.id]);
    } finally {
      end();
      vi.useRealTimers();
    }
  });

  it('distributes many jobs among workers of several processes, each job once', async () => {
    const others = [await openBackend(backend), await openBackend(backend)];
    const [seen, both, sharing]: [string[], ReturnType<typeof barrier>, Set<number>] = [[], barrier(), new Set()];
    const handler =
      (process: number): JobHandler =>
      async ({ job: { id } }) => {
        seen.push(id);
        sharing.add(process);
        // No job ends before each worker has one.
        if (sharing.size === others.length) both.open();
        await both.opened;
        return FAILED;
      };
    const jobs: Job[] = [];
    for (let i = 0; i < 60; i++) jobs.push(await submit(`hf://acme/m${i}`));
    const running = others.map((other, process) => work(handler(process), { concurrency: 4 }, other));
    for (const { id } of jobs) await reached(id, 'failed');
    expect(seen.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    expect(sharing.size).toBe(2);
    await Promise.all(running.map((worker) => worker.stop()));
    await Promise.all(others.map((other) => other.close()));
  });

  it('reports whether it can work', async () => {
    expect(await open.queue.ready()).toBe(true);
  });

  it('fails a job whose handler throws, and retries it', async () => {
    work(async ({ job }) => {
      if (job.attempts === 1) throw new Error('a defect');
      return FAILED;
    });
    expect((await reached((await submit('hf://acme/defect')).id, 'failed')).attempts).toBe(2);
    expect(open.told.join()).toContain('a defect');
  });
});

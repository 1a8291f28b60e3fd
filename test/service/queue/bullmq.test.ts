import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import type { JobEnd } from '../../../src/registry/index.ts';
import { requirePart } from '../../support/parts.ts';
import { hasRedis, REDIS_HOW, RedisServer } from '../../support/redis.ts';
import { started } from '../../support/started.ts';
import { until } from '../../support/until.ts';
import { type OpenBackend, openBackend, sqliteFiles, submitter } from './backends.ts';

const FAILED: JobEnd = { kind: 'failed', code: 'malformed', message: 'it cannot be read', retry: false };

requirePart('Redis server', hasRedis, REDIS_HOW, 'a queue on BullMQ', () => {
  const redis = started(() => RedisServer.start());
  const careless = started(() => RedisServer.start(['--maxmemory-policy', 'allkeys-lru']));
  const fresh = sqliteFiles();

  async function submit(open: OpenBackend, target: string): Promise<string> {
    const { job } = await open.registry.jobs.create(submitter, { target, model: 'acme/m', ruleset: 'r1' });
    await open.queue.enqueue(job);
    return job.id;
  }

  /** Runs a worker until the condition holds. */
  async function work(open: OpenBackend, isEnough: (seen: readonly string[]) => boolean): Promise<string[]> {
    const seen: string[] = [];
    const stop = new AbortController();
    const tell = (message: string) => void open.told.push(message);
    const options = { worker: 'w', concurrency: 1, leaseMs: 30_000, graceMs: 100, signal: stop.signal, tell };
    const working = open.queue.work(async ({ job }) => {
      seen.push(job.id);
      return FAILED;
    }, options);
    await until('the condition holds', () => isEnough(seen));
    stop.abort();
    await working;
    return seen;
  }

  it('runs jobs that were submitted while Redis was down or that Redis lost', async () => {
    const open = await openBackend({ database: fresh(), queue: redis().url });
    const forgotten = await submit(open, 'hf://acme/forgotten');
    await redis().forget();
    await redis().down();
    expect(await open.queue.ready()).toBe(false);
    const away = await submit(open, 'hf://acme/away');
    expect(open.told.join()).toContain(`Redis is notified later of job ${away}`);
    await redis().up();
    await until('the queue is ready', () => open.queue.ready());
    expect(await work(open, (seen) => seen.length >= 2)).toEqual([forgotten, away]);
    await open.close();
  });

  it('waits once for a Redis that does not answer, for any number of jobs', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const open = await openBackend({ database: fresh(), queue: `redis://127.0.0.1:${port}` });
    const jobs = Array.from({ length: 200 }, (_, at) => ({ id: `job-${at}`, priority: 0 }));
    await open.queue.enqueue(...jobs);
    await open.queue.cancel(...jobs.map(({ id }) => id));
    expect(open.told).toEqual([
      'Redis is notified later of 200 jobs: no answer within 2000 ms',
      'workers receive late the cancellation of (200 jobs): no answer within 2000 ms',
    ]);
    await open.close();
    silent.close();
  });

  it('warns of a Redis that can evict data', async () => {
    const open = await openBackend({ database: fresh(), queue: careless().url });
    await work(open, () => open.told.length > 0);
    expect(open.told.join()).toContain('maxmemory-policy allkeys-lru');
    await open.close();
  });

  it('refuses an invalid address and does not repeat it', async () => {
    const error = await openBackend({ database: fresh(), queue: 'redis//user:s3cret@host' }).catch((thrown) => thrown);
    expect(isAssayError(error) && error.code).toBe('usage');
    expect(JSON.stringify([error.message, error.hint, error.subject])).not.toContain('s3cret');
  });
});

import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { onEveryGround } from './backends.ts';
import { type Client, LIMITS } from './harness.ts';

const MOST = 3;
/** The number of jobs that the test service runs at a time. */
const RUNNING = 2;

onEveryGround(
  'a full queue',
  (service) => {
    let sam: Client;
    let other: Client;
    // The address never answers: a job that reads from it runs until it is cancelled.
    const silent = createServer(() => {});
    beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
    afterAll(() => silent.close());
    beforeAll(async () => {
      sam = await service().as('sam', ['submitter']);
      other = await service().as('olaf', ['submitter'], 'other');
    });

    const request = (name: string) => {
      const { port } = silent.address() as AddressInfo;
      return { ref: `http://127.0.0.1:${port}/${name}.bin`, model: 'acme/slow' };
    };
    const jobsOf = async (state: string) => (await sam.call('GET', `/v1/jobs?state=${state}&limit=200`)).body.items;

    it('refuses single jobs and batches until there is room', async () => {
      for (let at = 0; at < RUNNING; at++) await sam.call('POST', '/v1/jobs', request(`running-${at}`));
      await until('all jobs run', async () => (await jobsOf('running')).length === RUNNING);
      const first = await sam.call('POST', '/v1/jobs', request('first'));
      expect(first.status).toBe(202);

      const tooMany = await sam.call('POST', '/v1/jobs/batch', { jobs: ['a', 'b', 'c'].map(request) });
      expect([tooMany.status, tooMany.body.code]).toEqual([429, 'queue-full']);
      expect(await jobsOf('queued')).toHaveLength(1);
      expect((await sam.call('POST', '/v1/jobs/batch', { jobs: ['a', 'b'].map(request) })).status).toBe(202);

      const full = await sam.call('POST', '/v1/jobs', request('d'));
      expect([full.status, full.body.code, full.headers.get('retry-after')]).toEqual([429, 'queue-full', '60']);
      expect(full.headers.get('content-type')).toContain('application/problem+json');
      expect(full.body.detail).toContain(`the queue of the tenant is full: ${MOST} jobs`);
      // A request for an existing job creates no new one.
      expect((await sam.call('POST', '/v1/jobs', request('first'))).body.id).toBe(first.body.id);
      expect((await other.call('POST', '/v1/jobs', request('d'))).status).toBe(202);

      await sam.call('POST', `/v1/jobs/${first.body.id}/cancel`);
      // Of many concurrent requests, as many succeed as there is room for.
      const rush = await Promise.all(
        Array.from({ length: 8 }, (_, at) => sam.call('POST', '/v1/jobs', request(`rush-${at}`))),
      );
      expect(rush.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(429)]);
      expect(await jobsOf('queued')).toHaveLength(MOST);
      const { queued } = await service().registry.jobs.counts();
      expect(queued).toBe(MOST + 1);
      for (const job of [...(await jobsOf('queued')), ...(await jobsOf('running'))]) {
        await sam.call('POST', `/v1/jobs/${job.id}/cancel`);
      }
    });
  },
  { limits: { ...LIMITS, maxQueuedJobs: MOST } },
);

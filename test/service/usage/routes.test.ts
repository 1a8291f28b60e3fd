import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { JOB_KINDS } from '../../../src/registry/api/index.ts';
import type { AttemptCosts } from '../../../src/registry/index.ts';
import { claimNamed } from '../../registry/harness.ts';
import { testConfig, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { onEveryGround } from '../routes/backends.ts';
import type { Client } from '../routes/harness.ts';

const folder = tempFolder();
const prices = join(folder, 'prices.yaml');
writeFileSync(prices, 'version: 1\ncurrency: EUR\ncpuHour: 36\n');
const COSTS: AttemptCosts = {
  wallMs: 2_000,
  cpuMs: 1_000,
  peakBytes: 300,
  fetchedBytes: 20,
  storedBytes: 7,
  gpuMs: null,
  reused: false,
};

onEveryGround(
  'usage',
  (service) => {
    let acme: Client;
    let job: string;

    /** A job of a tenant whose attempt has ended. */
    async function costs(tenant: string, model: string, of: Partial<AttemptCosts> = {}): Promise<string> {
      const { registry } = service();
      const by = { tenant, subject: 'sam', issuer: null, roles: ['submitter' as const], via: 'local' as const };
      const made = await registry.jobs.create(by, { target: 'upload:none', model, ruleset: 'r1' });
      const claim = await claimNamed(registry, made.job.id, 600_000);
      if (claim === undefined) throw new Error('there was nothing to take');
      await registry.jobs.recordCosts(claim, { ...COSTS, ...of }, true);
      return made.job.id;
    }

    beforeAll(async () => {
      acme = await service().as('ada', ['viewer']);
      job = await costs('acme', 'acme/model');
      await costs('other', 'other/model', { gpuMs: 5_000, cpuMs: null });
    });

    it('of a job is told to its tenant alone', async () => {
      expect((await acme.call('GET', `/v1/jobs/${job}/costs`)).body).toMatchObject({ attempts: 1, cpuSeconds: 1 });
      const other = await service().as('olga', ['admin'], 'other');
      expect((await other.call('GET', `/v1/jobs/${job}/costs`)).status).toBe(404);
    });

    it('of a tenant is its own, whatever it asks for', async () => {
      for (const by of ['tenant', 'model', 'kind']) {
        const { status, body } = await acme.call('GET', `/v1/usage?by=${by}`);
        expect(status).toBe(200);
        expect(body.rows).toHaveLength(1);
        expect(body.rows[0]).toMatchObject({ jobs: 1, wallSeconds: 2, price: { amount: '0.01', currency: 'EUR' } });
      }
      const { body } = await acme.call('GET', '/v1/usage?by=tenant');
      expect(body.rows[0]).toMatchObject({ tenant: 'acme', model: null, kind: null });
      expect((await acme.raw('/v1/usage?by=tenant&tenant=other')).status).toBe(400);
    });

    it('of all tenants is told to administrators of the operator, and nobody else', async () => {
      const admin = await service().as('oona', ['admin'], 'default');
      const { body } = await admin.call('GET', '/v1/usage?by=tenant');
      expect(body.rows.map(({ tenant }: { tenant: string }) => tenant)).toEqual(['acme', 'other']);
      expect(body.rows[1]).toMatchObject({ unmeasured: 1, cpuSeconds: null, gpuSeconds: 5 });
      const viewer = await service().as('otto', ['viewer'], 'default');
      expect((await viewer.call('GET', '/v1/usage?by=tenant')).body.rows).toEqual([]);
    });

    it('is of a time that exists', async () => {
      expect((await acme.call('GET', '/v1/usage?from=2001-01-01&to=2001-01-31')).body).toMatchObject({
        from: '2001-01-01T00:00:00.000Z',
        to: '2001-02-01T00:00:00.000Z',
        rows: [],
      });
      for (const query of [
        'from=2026-02-31',
        'from=1999-01-01',
        'from=yesterday',
        'from=2026-02-02&to=2026-02-01',
        'by=job',
      ])
        expect((await acme.call('GET', `/v1/usage?${query}`)).status, query).toBe(400);
    });

    it('is a table for spreadsheets, too', async () => {
      const { headers, body } = await acme.call('GET', '/v1/usage/export?by=model');
      expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename="usage-[0-9-]+\.csv"$/);
      expect(body.split('\r\n')[1]).toContain('"acme","acme/model",,1,1,0,0,2,1,,300,20,7,"0.01","EUR"');
    });

    it('is a page of the console, which names no other tenant', async () => {
      const page = await (await acme.raw('/console/usage?by=model')).text();
      expect(page).toContain('acme/model');
      expect(page).toContain('0.01 EUR');
      expect(page).not.toContain('other');
      const admin = await service().as('odile', ['admin'], 'default');
      const all = await (await admin.raw('/console/usage?by=tenant')).text();
      expect(all).toContain('other');
      expect(all).toContain('some figure is not known');
    });

    it('is among the metrics, by kind alone', async () => {
      const { registry, app } = service();
      const text = await app.metrics.text();
      expect(text).toContain('assay_job_duration_seconds_count{kind="scan"} 2');
      expect(text).toContain('assay_job_duration_seconds_sum{kind="scan"} 4');
      expect(text).toContain('assay_job_duration_seconds_bucket{kind="scan",le="1"} 0');
      expect(text).toContain('assay_job_duration_seconds_bucket{kind="scan",le="2.5"} 2');
      expect(text).toContain('assay_job_cpu_seconds_total{kind="scan"} 1');
      expect(text).toContain('assay_job_gpu_seconds_total{kind="scan"} 5');
      expect(text).toContain('assay_job_attempts_unmeasured_total{kind="scan"} 1');
      expect(text).toContain('assay_webhook_deliveries{state="dead"} 0');
      expect(text).not.toContain('acme');
      expect((await registry.jobs.costTotals()).map(({ kind }) => kind)).toEqual([...JOB_KINDS]);
    });
  },
  { prices, workers: 0 },
);

describe('a service with prices that are wrong', () => {
  it('does not start, and names the line', async () => {
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'version: 1\ncurrency: EUR\ncpuHour: free\n');
    const config = await testConfig(join(folder, 'wrong'));
    await expect(testService(config.dataFolder, { config: { prices: wrong } })).rejects.toMatchObject({
      code: 'usage',
      subject: `${wrong}:3:1`,
      message: 'cpuHour is not a price',
    });
  });
});

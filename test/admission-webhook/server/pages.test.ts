import { describe, expect, it } from 'vitest';
import type { AdmissionStatus } from '../../../admission-webhook/src/index.ts';
import { reviewOf } from '../decide/support.ts';
import { ask, GOOD, startWebhook } from './ground.ts';

const pod = (model: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'thing' },
  spec: {
    containers: [{ name: 'a', image: 'vllm/vllm-openai', args: ['--model', model, '--revision', 'a'.repeat(40)] }],
  },
});

/** The metrics for Prometheus, without what differs from run to run. */
const METRICS = `
assay_admission_baseline_total 0
assay_admission_body_bytes 0
assay_admission_break_glass_total 0
assay_admission_certificate_expiry_timestamp_seconds N
assay_admission_connections N
assay_admission_decisions_total{outcome="approved",action="allow",mode="enforce"} 1
assay_admission_decisions_total{outcome="unlisted",action="deny",mode="enforce"} 2
assay_admission_errors_total 0
assay_admission_log_dropped_total 0
assay_admission_problem{part="certificate"} 0
assay_admission_problem{part="snapshot"} 0
assay_admission_ready 1
assay_admission_refused_requests_total{reason="malformed"} 1
assay_admission_review_duration_seconds_count{path="mutate"} 1
assay_admission_review_duration_seconds_count{path="validate"} 4
assay_admission_reviews_total{path="mutate",action="allow",mode="enforce"} 1
assay_admission_reviews_total{path="validate",action="allow",mode="enforce"} 1
assay_admission_reviews_total{path="validate",action="deny",mode="enforce"} 3
assay_admission_snapshot_age_seconds N
assay_admission_snapshot_entries 1
assay_admission_snapshot_expiry_timestamp_seconds N
assay_admission_snapshot_floor 0
assay_admission_snapshot_version 7
`;

describe('the status and metrics of the webhook', () => {
  it('count responses under the names that the chart and the documentation use', async () => {
    const webhook = await startWebhook();
    for (const model of ['acme/llama', 'evil/llama', 'evil/other'])
      await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: reviewOf(pod(model)) });
    await ask(`${webhook.url}/mutate`, { ca: webhook.authority.cert, body: reviewOf(pod('acme/llama')) });
    await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: '{}' });
    const text = await (await fetch(`${webhook.serving.metricsUrl}/metrics`)).text();
    const own = text
      .split('\n')
      .filter((line) => line.startsWith('assay_') && !/_bucket|_sum/.test(line))
      .map((line) => line.replace(/^(\S*(?:_seconds|connections)) .*/, '$1 N'))
      .sort();
    expect(`\n${own.join('\n')}\n`).toBe(METRICS);
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds \d/);
    const overTls = await ask(`${webhook.url}/metrics`, { method: 'GET', ca: webhook.authority.cert });
    expect(overTls).toMatchObject({ status: 200, headers: { 'content-type': expect.stringContaining('text/plain') } });
    expect(GOOD).toContain('acme/llama');
  });

  it('keep the last hundred decisions, the newest first', async () => {
    const webhook = await startWebhook();
    for (let n = 0; n < 120; n++)
      await ask(`${webhook.url}/validate`, {
        ca: webhook.authority.cert,
        body: reviewOf(pod('evil/llama'), { name: `pod-${n}` }),
      });
    const status = await statusOf(webhook.serving.metricsUrl);
    expect(status.decisions).toHaveLength(100);
    expect(status.decisions[0]).toMatchObject({ name: 'pod-119', action: 'deny' });
    expect(status.decisions[99]).toMatchObject({ name: 'pod-20' });
    expect(status).toMatchObject({ ready: true, notReady: [], snapshot: { version: 7, tenant: 'acme', entries: 1 } });
    expect(webhook.lines).toHaveLength(120);
  });

  it('are read-only, and other paths do not exist', async () => {
    const webhook = await startWebhook();
    const get = (path: string, method = 'GET') => ask(`${webhook.url}${path}`, { method, ca: webhook.authority.cert });
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/validate')).status).toBe(404);
    expect((await get('/metrics', 'DELETE')).status).toBe(405);
    expect((await get('/status')).status).toBe(403);
    expect(await get('/healthz', 'HEAD')).toMatchObject({ status: 200, text: '' });
    const posted = await fetch(`${webhook.serving.metricsUrl}/validate`, { method: 'POST', body: '{}' });
    expect(posted.status).toBe(405);
  });

  it.each([
    ['none', 0],
    ['denials', 1],
    ['decisions', 2],
  ] as const)('follow the configured log level: %s', async (log, lines) => {
    const webhook = await startWebhook({ log });
    for (const model of ['acme/llama', 'evil/llama'])
      await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: reviewOf(pod(model)) });
    expect(webhook.lines).toHaveLength(lines);
    const status = await statusOf(webhook.serving.metricsUrl);
    expect(status.decisions).toHaveLength(2);
  });
});

async function statusOf(url: string | null): Promise<AdmissionStatus> {
  return JSON.parse(await (await fetch(`${url}/status`)).text());
}

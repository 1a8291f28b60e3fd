import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { STORY } from '../../support/parts.ts';
import { RECORDED, recorded, reviewOf } from '../decide/support.ts';
import { type AskOptions, ask, GOOD, reviewed, startWebhook } from './ground.ts';

let webhook: Awaited<ReturnType<typeof startWebhook>>;

const pod = (args: readonly string[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'thing' },
  spec: { containers: [{ name: 'server', image: 'vllm/vllm-openai', args }] },
});
const GOOD_ARGS = ['--model', 'acme/llama', '--revision', 'a'.repeat(40)];
const BAD_ARGS = ['--model', 'evil/llama', '--revision', 'b'.repeat(40)];
const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

beforeAll(async () => {
  webhook = await startWebhook();
});

const post = (path: string, options: AskOptions) =>
  ask(`${webhook.url}${path}`, { ca: webhook.authority.cert, ...options });

describe('reviews over TLS', () => {
  it('get the decision of the snapshot', async () => {
    const good = reviewed(await post('/validate?timeout=3s', { body: reviewOf(pod(GOOD_ARGS)) }));
    expect(good).toMatchObject({ uid: UID, allowed: true });
    const bad = reviewed(await post('/validate', { body: reviewOf(pod(BAD_ARGS)) }));
    expect(bad).toMatchObject({ uid: UID, allowed: false, status: { code: 403 } });
    expect(bad.status?.message).toContain('evil/llama');
    expect(GOOD).toContain('acme/llama');
  });

  it.each(RECORDED)('get the same response whole and in pieces: %s, recorded from a real API server', async (name) => {
    const body = recorded(name);
    const { request } = JSON.parse(body.toString('utf8'));
    const whole = reviewed(await post('/validate', { body }));
    expect(whole.uid).toBe(request.uid);
    const half = Math.floor(body.length / 2);
    const pieces = reviewed(await post('/validate', { chunks: [body.subarray(0, half), body.subarray(half)] }));
    expect(pieces).toEqual(whole);
    const mutated = reviewed(await post('/mutate', { body }));
    expect(mutated).toEqual({ uid: request.uid, allowed: true });
  });
});

describe('a body that is not a readable review', STORY, () => {
  const review = reviewOf(pod(GOOD_ARGS));
  const json = JSON.parse(review.toString('utf8'));
  const as = (change: object) => JSON.stringify({ ...json, ...change });
  const cases: readonly [name: string, options: AskOptions, code: number, uid: string][] = [
    ['an empty body', { body: '' }, 400, ''],
    ['invalid JSON', { body: 'hello' }, 400, ''],
    ['truncated JSON', { body: review.subarray(0, review.length - 1) }, 400, UID],
    ['invalid UTF-8', { body: Buffer.concat([review.subarray(0, 400), Buffer.from([0xff, 0xfe])]) }, 400, UID],
    ['another kind', { body: as({ kind: 'Pod' }) }, 400, UID],
    ['an older version', { body: as({ apiVersion: 'admission.k8s.io/v1beta1' }) }, 400, UID],
    ['no request', { body: as({ request: null }) }, 400, ''],
    ['a list', { body: '[]' }, 400, ''],
    ['deep nesting', { body: `${'['.repeat(1_000_000)}` }, 400, ''],
    ['a prototype key', { body: '{"__proto__":{"kind":"AdmissionReview"}}' }, 400, ''],
    ['another content type', { body: review, headers: { 'content-type': 'text/plain' } }, 415, UID],
    ['no content type', { body: review, headers: { 'content-type': '' } }, 415, UID],
    ['YAML', { body: review, headers: { 'content-type': 'application/yaml' } }, 415, UID],
    ['gzip', { body: gzipSync(review), headers: { 'content-encoding': 'gzip' } }, 415, ''],
  ];

  it.each(cases)('is refused in an AdmissionReview: %s', async (_name, options, code, uid) => {
    for (const path of ['/validate', '/mutate']) {
      const answer = reviewed(await post(path, options));
      expect(answer).toMatchObject({ uid, allowed: false, status: { code } });
      expect(answer.status?.message).not.toBe('');
    }
  });

  it('is refused at any other path, so that a misspelled configuration admits nothing', async () => {
    const answer = reviewed(await post('/validat', { body: review }));
    expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 404 } });
    expect(answer.status?.message).toContain('/validate and /mutate');
  });

  it('is refused with its uid when it is too large, with or without a content-length', async () => {
    const filler = 'x'.repeat(17 * 1024 * 1024);
    const large = `${review.toString('utf8').slice(0, -1)},"filler":"${filler}"}`;
    const start = JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: json.request });
    const real = `${start.slice(0, -1)},"filler":"${filler}"}`;
    for (const options of [{ body: large }, { body: real }, { chunks: [real.slice(0, 1000), real.slice(1000)] }]) {
      const answer = reviewed(await post('/validate', options));
      expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 413 } });
    }
  });

  it('is accepted at the largest size that an API server sends', async () => {
    const padded = { ...pod(BAD_ARGS), metadata: { name: 'thing', annotations: { pad: 'x'.repeat(9 * 1024 * 1024) } } };
    const answer = reviewed(await post('/validate', { body: reviewOf(padded) }));
    expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 403 } });
  });

  it('is counted and logged as JSON lines, whatever clients send', async () => {
    const evil = 'a\n{"log":"admission"}\u2028\u0000"';
    await post('/validate', { body: reviewOf(pod([...BAD_ARGS]), { name: evil, userInfo: { username: evil } }) });
    const lines = webhook.lines.map((line) => {
      expect(line.endsWith('\n')).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\n\r]/);
      return JSON.parse(line);
    });
    expect(lines.some(({ name }) => String(name).includes('admission'))).toBe(true);
    expect(lines.some(({ skipped }) => skipped === 'too-large')).toBe(true);
    const metrics = await (await fetch(`${webhook.serving.metricsUrl}/metrics`)).text();
    expect(metrics).toMatch(/assay_admission_refused_requests_total\{reason="too-large"\} 3/);
    expect(metrics).toMatch(/assay_admission_refused_requests_total\{reason="path"\} 1/);
    expect(metrics).toMatch(/assay_admission_errors_total 0/);
    expect(webhook.told).toEqual([]);
  });
});

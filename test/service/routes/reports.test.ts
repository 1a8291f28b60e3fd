import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { STORY } from '../../support/parts.ts';
import { onEveryGround } from './backends.ts';
import type { Client } from './harness.ts';
import { ended, fixture, register, uploadAll } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');
const evil = fixture('pickle-probes/bare-as-bin/model.bin', 'model.bin');
const gzipped: (bytes: Buffer, options?: { level: number }) => Promise<Buffer> = promisify(gzip);
const SCHEMA = JSON.parse(
  readFileSync(new URL('../../../src/report/schema/report-v1.json', import.meta.url), 'utf8'),
) as object;

onEveryGround('reports, policies, waivers and the audit log', (service) => {
  let sam: Client;
  let rita: Client;
  let sec: Client;
  let version: { id: string; digest: string; number: number };
  beforeAll(async () => {
    sam = await service().as('sam', ['submitter']);
    rita = await service().as('rita', ['reviewer']);
    sec = await service().as('sec', ['security-approver']);
    // The name of a file is hostile text: every format escapes it.
    version = await register(sam, 'acme/hostile', [evil, { path: "weights '&'.safetensors", bytes: clean.bytes }]);
  });

  async function report(query: string): Promise<{ response: Response; text: string }> {
    const response = await rita.raw(`/v1/versions/${version.id}/report${query}`);
    return { response, text: await response.text() };
  }

  it('give a report as JSON by default, according to the schema', async () => {
    const { response, text } = await report('');
    expect(response.headers.get('content-type')).toBe('application/json');
    const document = JSON.parse(text);
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv as never);
    expect(ajv.validate(SCHEMA, document), ajv.errorsText()).toBe(true);
    expect(document.artifact.digest).toBe(version.digest);
    expect(document.decision).toMatchObject({ action: 'deny', policy: 'baseline' });
  });

  it.each([
    ['json', 'application/json', '.json'],
    ['sarif', 'application/sarif+json', '.sarif.json'],
    ['markdown', 'text/markdown; charset=utf-8', '.md'],
    ['html', 'text/html; charset=utf-8', '.html'],
    ['junit', 'application/xml; charset=utf-8', '.junit.xml'],
    ['cyclonedx', 'application/vnd.cyclonedx+json; version=1.6', '.cdx.json'],
    ['openvex', 'application/vnd.openvex+json', '.vex.json'],
    ['table', 'text/plain; charset=utf-8', '.txt'],
  ])('give a report as %s', async (format, type, extension) => {
    const { response, text } = await report(`?format=${format}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-disposition')).toMatch(/^inline; filename="[A-Za-z0-9._-]+"$/);
    expect(response.headers.get('content-disposition')).toContain(extension);
    expect(text).toContain('model.bin');
    if (type.includes('json')) JSON.parse(text);
    // The same decision gives the same bytes.
    const etag = response.headers.get('etag') ?? '';
    const again = await rita.raw(`/v1/versions/${version.id}/report?format=${format}`, {
      headers: { 'if-none-match': etag },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('give an HTML report with a content security policy that allows only its own style', async () => {
    const { response, text } = await report('?format=html');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox$/,
    );
    const source = /style-src '(sha256-[^']+)'/.exec(policy)?.[1];
    expect(text.replaceAll('&#39;', "'")).toContain(`style-src '${source}'`);
    expect(text).not.toContain('<script');
  });

  it('give the report of the requested stage', async () => {
    const { text } = await report('?stage=production');
    expect(JSON.parse(text).decision.policy).toBe('strict');
    const { response } = await report('?stage=retired');
    expect(response.status).toBe(400);
    expect((await report('?format=exe')).response.status).toBe(400);
    expect((await rita.call('GET', '/v1/versions/none/report')).status).toBe(404);
  });

  describe('the policies route', () => {
    it('lists the shipped policies, and the policy of each stage', async () => {
      const { body } = await rita.call('GET', '/v1/policies');
      expect(body.shipped.map(({ name }: { name: string }) => name)).toContain('baseline');
      for (const { source, digest } of body.shipped) {
        expect(source).toContain('kind: ModelPolicy');
        expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      }
      expect(body.inUse).toMatchObject([
        { stage: 'candidate', name: 'baseline', approvals: [] },
        { stage: 'staging', name: 'baseline', approvals: [{ role: 'reviewer', count: 1 }] },
        { stage: 'production', name: 'strict' },
      ]);
    });

    it('checks a policy', async () => {
      const { body } = await rita.call('GET', '/v1/policies');
      const { source, digest } = body.shipped[0];
      const sound = await rita.call('POST', '/v1/policies/check', { source });
      expect(sound.body).toMatchObject({ usable: true, digest, problems: [] });
      const broken = await rita.call('POST', '/v1/policies/check', {
        source: source.replace('kind: ModelPolicy', 'kind: X'),
      });
      expect(broken.body).toMatchObject({ usable: false, name: null, digest: null });
      expect(broken.body.problems[0]).toMatchObject({ kind: 'error', line: expect.any(Number) });
      for (const text of ['x', '\u0000', '&a [*a]', '[[[[[[', `${'a: '.repeat(10_000)}`]) {
        const { status, body: told } = await rita.call('POST', '/v1/policies/check', { source: text });
        expect([status, told.usable]).toEqual([200, false]);
      }
      const large = await rita.call('POST', '/v1/policies/check', { source: 'x'.repeat(128 * 1024 + 1) });
      expect(large.body.code).toBe('invalid-request');
    });
  });

  describe('the waivers route', STORY, () => {
    const expires = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const request = (digest: string, rule: string) => ({
      rule,
      digest,
      reason: 'reviewed',
      owner: 'ml@acme.example',
      expires,
    });

    it('adds a waiver and decides again', async () => {
      const { body: before } = await sam.call('GET', `/v1/versions/${version.id}/decisions`);
      expect(before.items[0].decision.waivers).toEqual([]);
      const { status, body } = await sec.call('POST', '/v1/waivers', request(version.digest, 'verdict.suspicious'));
      expect(status).toBe(201);
      expect(body).toMatchObject({ createdBy: 'sec', revokedAt: null, waiver: { rule: 'verdict.suspicious' } });
      const { body: after } = await sam.call('GET', `/v1/versions/${version.id}/decisions`);
      expect(after.items[0].decision.waivers).toMatchObject([{ waiver: { rule: 'verdict.suspicious' } }]);
      expect((await sam.call('GET', '/v1/waivers')).body.items).toHaveLength(1);
      const revoked = await sec.call('POST', `/v1/waivers/${body.id}/revoke`);
      expect(revoked.body.revokedAt).not.toBeNull();
      expect((await sec.call('POST', `/v1/waivers/${body.id}/revoke`)).status).toBe(409);
      const { body: last } = await sam.call('GET', `/v1/versions/${version.id}/decisions`);
      expect(last.items[0].decision.waivers).toEqual([]);
    });

    it('refuses invalid waivers, and callers without the required role', async () => {
      const malicious = await sec.call('POST', '/v1/waivers', request(version.digest, 'verdict.malicious'));
      expect(malicious.body.code).toBe('not-waivable');
      expect((await rita.call('POST', '/v1/waivers', request(version.digest, 'a.b'))).body.code).toBe('missing-role');
      for (const bad of [
        { ...request(version.digest, 'a.b'), expires: 'never' },
        { ...request(version.digest, 'a.b'), expires: '2001-01-01' },
        { ...request(version.digest, 'a.b'), file: '../x' },
        { ...request('sha256:1', 'a.b') },
        { ...request(version.digest, '*') },
        { ...request(version.digest, 'a.b'), from: 'me' },
      ]) {
        const { status } = await sec.call('POST', '/v1/waivers', bad);
        expect([JSON.stringify(bad), status]).toEqual([JSON.stringify(bad), 400]);
      }
      expect((await sam.call('GET', '/v1/waivers')).body.items).toHaveLength(1);
    });
  });

  describe('the audit log route', () => {
    it('lists entries in pages and finds them by subject', async () => {
      const first = await sam.call('GET', '/v1/audit?limit=2');
      expect(first.body.items.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2]);
      const second = await sam.call('GET', `/v1/audit?limit=2&after=${first.body.next}`);
      expect(second.body.items.map(({ seq }: { seq: number }) => seq)).toEqual([3, 4]);
      expect(second.body.items[0].previous).toBe(first.body.items[1].hash);
      const { body } = await sam.call('GET', '/v1/audit?subject=sam');
      expect(body.items).toMatchObject([
        { action: 'token.created', subject: 'sam' },
        { action: 'token.used', subject: 'sam' },
      ]);
    });

    it('exports the whole log as lines', async () => {
      expect((await sam.call('GET', '/v1/audit/export')).body.code).toBe('missing-role');
      const response = await rita.raw('/v1/audit/export');
      expect(response.headers.get('content-type')).toBe('application/x-ndjson');
      const entries = (await response.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
      const { body } = await rita.call('GET', '/v1/audit/verify');
      expect(body).toMatchObject({ kind: 'intact', entries: entries.length, head: { hash: entries.at(-1).hash } });
      const rest = await rita.raw(`/v1/audit/export?since=${entries.length - 1}`);
      expect((await rest.text()).trimEnd().split('\n')).toHaveLength(1);
      const none = await rita.raw(`/v1/audit/export?since=${entries.length}`);
      expect([none.status, await none.text()]).toEqual([200, '']);
      // The body would be read to its end without a response.
      expect((await rita.raw('/v1/audit/export', { method: 'HEAD' })).status).toBe(405);
    });
  });

  it('deny a decompression bomb', async () => {
    const upload = await uploadAll(sam, [{ path: 'model.pkl.gz', bytes: await bomb() }]);
    const { body } = await sam.call('POST', '/v1/jobs', { upload, model: 'acme/bomb' });
    const job = await ended(sam, body.id);
    expect(job.state).toBe('done');
    const decided = await sam.call('GET', `/v1/versions/${job.version}/decisions`);
    const [first] = decided.body.items;
    expect(first.decision.action).toBe('deny');
    expect(first.decision.violations[0].rule).toBe('verdict.unknown');
  });
});

/** A few kilobytes that expand to 400 MiB. */
async function bomb(): Promise<Buffer> {
  return gzipped(await gzipped(Buffer.alloc(400 * 1024 * 1024), { level: 1 }));
}

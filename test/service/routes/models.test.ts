import { beforeAll, describe, expect, it } from 'vitest';
import { onEveryGround } from './backends.ts';
import type { Client } from './harness.ts';
import { ended, fixture, register, uploadAll } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');
const evil = fixture('pickle-probes/bare-as-bin/model.bin', 'model.bin');

onEveryGround('models, versions and decisions', (service) => {
  let submitter: Client;
  let reviewer: Client;
  let gate: Client;
  beforeAll(async () => {
    submitter = await service().as('sam', ['submitter']);
    reviewer = await service().as('rita', ['reviewer']);
    gate = await service().as('gate', ['gate']);
  });

  it('result from the scan of an upload', async () => {
    const version = await register(submitter, 'acme/first', [{ ...clean, path: 'bert.safetensors' }]);
    expect(version).toMatchObject({ model: 'acme/first', number: 1, stage: 'candidate', createdBy: 'sam' });
    expect(version.digest).toMatch(/^sha256:[0-9a-f]{64}$/);

    const { body } = await gate.call('GET', `/v1/decisions?digest=${version.digest}`);
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({ model: 'acme/first', number: 1, stage: 'candidate', action: 'allow' });

    const decisions = await reviewer.call('GET', `/v1/versions/${version.id}/decisions`);
    expect(decisions.body.items.map((one: { stage: string }) => one.stage).sort()).toEqual([
      'candidate',
      'production',
      'staging',
    ]);
    const assessments = await reviewer.call('GET', `/v1/versions/${version.id}/assessments`);
    expect(assessments.body.items).toMatchObject([{ status: 'complete', files: 1, verdicts: { clean: 1 } }]);
  });

  it('deny a malicious artifact', async () => {
    const version = await register(submitter, 'acme/evil', [evil]);
    const { body } = await gate.call('GET', `/v1/decisions?digest=${version.digest}`);
    expect(body.items[0]).toMatchObject({ action: 'deny' });
    expect(body.items[0].reason).not.toBe('');
  });

  it('register the same bytes once and other bytes as another version', async () => {
    const first = await register(submitter, 'acme/again', [clean]);
    const again = await register(submitter, 'acme/again', [clean]);
    expect(again.id).toBe(first.id);
    const other = await register(submitter, 'acme/again', [{ ...clean, path: 'other.safetensors' }]);
    expect(other.number).toBe(2);
    const { body } = await reviewer.call('GET', '/v1/models/acme%2Fagain/versions');
    expect(body.items.map((one: { number: number }) => one.number).sort()).toEqual([1, 2]);
    const assessments = await reviewer.call('GET', `/v1/versions/${first.id}/assessments`);
    expect(assessments.body.items).toHaveLength(2);
  });

  describe('the lookup by name', () => {
    it('finds a version by number, digest and alias', async () => {
      const version = await register(submitter, 'acme/named', [clean]);
      const at = '/v1/models/acme%2Fnamed';
      expect((await reviewer.call('PUT', `${at}/aliases/champion`, { number: 1 })).status).toBe(204);
      for (const name of ['1', version.digest, 'champion']) {
        const { status, body } = await reviewer.call('GET', `${at}/versions/${encodeURIComponent(name)}`);
        expect([name, status, body.id]).toEqual([name, 200, version.id]);
      }
      const model = await reviewer.call('GET', at);
      expect(model.body).toMatchObject({ name: 'acme/named', versions: 1, newest: { aliases: ['champion'] } });
      expect((await reviewer.call('DELETE', `${at}/aliases/champion`)).status).toBe(204);
      expect((await reviewer.call('GET', `${at}/versions/champion`)).status).toBe(404);
      expect((await reviewer.call('PUT', `${at}/aliases/champion`, { number: 9 })).status).toBe(404);
      expect((await submitter.call('PUT', `${at}/aliases/champion`, { number: 1 })).body.code).toBe('missing-role');
    });

    it('lists models in pages and filters them by stage and name', async () => {
      for (const name of ['zoo/a', 'zoo/b', 'zoo/c']) await register(submitter, name, [clean]);
      const first = await reviewer.call('GET', '/v1/models?search=zoo&limit=2');
      expect(first.body.items.map((one: { name: string }) => one.name)).toEqual(['zoo/a', 'zoo/b']);
      const after = encodeURIComponent(first.body.next);
      const second = await reviewer.call('GET', `/v1/models?search=zoo&limit=2&after=${after}`);
      expect(second.body).toMatchObject({ items: [{ name: 'zoo/c' }], next: null });
      expect((await reviewer.call('GET', '/v1/models?stage=candidate&search=zoo')).body.items).toHaveLength(3);
      expect((await reviewer.call('GET', '/v1/models?stage=production')).body.items).toEqual([]);
      expect((await reviewer.call('GET', '/v1/models?limit=0')).body.code).toBe('invalid-request');
      expect((await reviewer.call('GET', '/v1/models?after=%00')).status).toBe(400);
      expect((await reviewer.call('GET', '/v1/models?stage=nowhere')).body.code).toBe('invalid-request');
    });

    it.each(['a%2F..%2Fb', '..', '%2e%2e', 'a%00b', 'a%20b', `${'x'.repeat(201)}`, '%E0%A4%A', '<script>'])(
      'refuses the model name %s',
      async (name) => {
        const { status } = await reviewer.call('GET', `/v1/models/${name}/versions`);
        expect([400, 404]).toContain(status);
      },
    );
  });

  it('include the lineage of a version', async () => {
    const base = await register(submitter, 'acme/base', [{ ...clean, path: 'base.safetensors' }]);
    const upload = await uploadAll(submitter, [{ ...clean, path: 'tuned.safetensors' }]);
    const lineage = {
      baseModels: [{ ref: 'hf://acme/base', digest: base.digest }],
      datasets: ['hf://datasets/squad'],
      code: 'https://git.example/acme/train@abc',
      run: null,
    };
    const { body: job } = await submitter.call('POST', '/v1/jobs', { upload, model: 'acme/tuned', lineage });
    const { version } = await ended(submitter, job.id);
    const { body } = await reviewer.call('GET', `/v1/versions/${version}/lineage`);
    expect(body.lineage).toEqual(lineage);
    expect(body.baseVersions).toMatchObject([{ ref: 'hf://acme/base', versions: [{ id: base.id }] }]);
  });

  describe('the decisions route', () => {
    it('answers 304 until something changes', async () => {
      const version = await register(submitter, 'acme/cached', [{ ...clean, path: 'cached.safetensors' }]);
      const path = `/v1/decisions?digest=${version.digest}`;
      const first = await gate.call('GET', path);
      const etag = first.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[\w-]+"$/);
      expect(first.headers.get('cache-control')).toBe('private, no-cache');
      const known = await gate.raw(path, { headers: { 'if-none-match': `W/"x", ${etag}` } });
      expect([known.status, await known.text()]).toEqual([304, '']);
      await reviewer.call('POST', `/v1/versions/${version.id}/quarantine`, { reason: 'looks odd' });
      const changed = await gate.call('GET', path, undefined, { 'if-none-match': etag });
      expect(changed.status).toBe(200);
      expect(changed.body.items[0]).toMatchObject({ stage: 'quarantined', action: 'deny', approvedFor: [] });
    });

    it('reports unknown bytes as unknown', async () => {
      const digest = `sha256:${'0'.repeat(64)}`;
      expect((await gate.call('GET', `/v1/decisions?digest=${digest}`)).body).toEqual({ items: [], combined: null });
      expect((await gate.call('GET', '/v1/decisions?ref=hf%3A%2F%2Fno%2Fmodel')).body).toEqual({
        items: [],
        combined: null,
      });
    });

    it('answers many questions at once, in their order', async () => {
      const version = await register(submitter, 'acme/bert', [clean]);
      const queries = [{ digest: `sha256:${'1'.repeat(64)}` }, { digest: version.digest }, { ref: 'hf://a/b' }];
      const { body } = await gate.call('POST', '/v1/decisions', { queries });
      expect(body.results.map(({ query }: { query: unknown }) => query)).toEqual(queries);
      expect(body.results.map(({ items }: { items: unknown[] }) => items.length > 0)).toEqual([false, true, false]);
      const many = Array.from({ length: 201 }, () => ({ ref: 'hf://a/b' }));
      expect((await gate.call('POST', '/v1/decisions', { queries: many })).body.code).toBe('invalid-request');
    });

    it.each(['', '?digest=sha256:1', `?digest=sha256:${'0'.repeat(64)}&ref=hf://a/b`, '?digest[]=x', '?other=1'])(
      'refuses the question %j',
      async (query) => {
        expect((await gate.call('GET', `/v1/decisions${query}`)).body.code).toBe('invalid-request');
      },
    );

    it('is all that the role gate can read', async () => {
      for (const path of ['/v1/models', '/v1/jobs', '/v1/audit', '/v1/policies', '/v1/waivers', '/v1/transitions'])
        expect((await gate.call('GET', path)).body.code).toBe('missing-role');
    });
  });

  it('are hidden from another tenant', async () => {
    const version = await register(submitter, 'acme/secret', [{ ...clean, path: 'secret.safetensors' }]);
    const other = await service().as('eve', ['viewer', 'submitter', 'reviewer', 'security-approver', 'admin'], 'evil');
    expect((await other.call('GET', '/v1/models')).body.items).toEqual([]);
    expect((await other.call('GET', `/v1/decisions?digest=${version.digest}`)).body.items).toEqual([]);
    for (const path of ['', '/report', '/lineage', '/decisions', '/assessments', '/approvals'])
      expect((await other.call('GET', `/v1/versions/${version.id}${path}`)).status).toBe(404);
    expect((await other.call('POST', `/v1/versions/${version.id}/quarantine`, { reason: 'mine' })).status).toBe(404);
    expect((await other.call('GET', '/v1/models/acme%2Fsecret')).status).toBe(404);
  });
});

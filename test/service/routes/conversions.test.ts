import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { call, twoTensors } from '../../support/checkpoint.ts';
import { filesOf, sklearnCase } from '../../support/sklearn-arrays.ts';
import { tempFolder } from '../../support/temp.ts';
import { onEveryGround } from './backends.ts';
import { EventReader } from './event-reader.ts';
import type { Client } from './harness.ts';
import { ended, fixture, register, sha256, uploadAll } from './requests.ts';

const folder = tempFolder();
const key = join(folder, 'conversion-key.pem');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));

const one = sklearnCase('bayes/gaussian.pkl');
const rows = filesOf(one);
const classifier = { path: basename(one.model), bytes: readFileSync(one.model) };
const module = fixture('benign/torch/2.6.0/module.pt');
const evil = { path: 'evil.pt', bytes: Buffer.from(twoTensors({ x: call('os', 'system', 'x') })) };

onEveryGround(
  'conversions',
  (service) => {
    let sam: Client;
    let vera: Client;
    let ada: Client;
    let files = 0;
    beforeAll(async () => {
      sam = await service().as('sam', ['submitter']);
      vera = await service().as('vera', ['viewer']);
      ada = await service().as('ada', ['submitter', 'security-approver']);
    });

    /** Each call converts other bytes: equal requests would share a job. */
    const fresh = (file: { readonly path: string; readonly bytes: Buffer }) => {
      files++;
      return uploadAll(sam, [file, { path: 'README.md', bytes: Buffer.from(`# ${files}\n`) }]);
    };

    async function convert(client: Client, request: object) {
      const { status, headers, body } = await client.call('POST', '/v1/conversions', { model: 'acme/c', ...request });
      expect([status, body.code]).toEqual([202, undefined]);
      expect(headers.get('location')).toBe(`/v1/conversions/${body.id}`);
      const job = await ended(client, body.id);
      return { job, answer: (await client.call('GET', `/v1/conversions/${body.id}`)).body };
    }

    async function download(client: Client, job: string, index: number) {
      const response = await client.raw(`/v1/conversions/${job}/files/${index}`);
      return { response, bytes: Buffer.from(await response.arrayBuffer()) };
    }

    it('verify the result against outputs of the source, sign it, and register it as a version', async () => {
      const given = await uploadAll(sam, [
        { path: 'inputs.npz', bytes: rows.inputs },
        { path: 'outputs.npz', bytes: rows.outputs },
      ]);
      const upload = await fresh(classifier);
      const { job, answer } = await convert(sam, { upload, to: 'onnx', rows: given, model: 'acme/gaussian' });
      expect(job).toMatchObject({
        state: 'done',
        kind: 'convert',
        error: null,
        conversion: { to: 'onnx', verify: true },
      });
      expect(answer).toMatchObject({ state: 'kept', report: true });
      expect(answer.downloads.map(({ path }: { path: string }) => path)).toEqual([
        'gaussian.onnx',
        'conversion.intoto.json',
      ]);
      const report = (await vera.call('GET', `/v1/conversions/${job.id}/report`)).body;
      expect(report).toMatchObject({
        published: true,
        salvaged: false,
        source: { ref: `upload:${upload}`, verdict: 'clean' },
        files: [{ path: 'gaussian.onnx', verification: { kind: 'against source outputs', pass: true, rows: 24 } }],
      });
      for (const { index, path, size, sha256: digest } of answer.downloads) {
        const { response, bytes } = await download(vera, job.id, index);
        expect([response.status, bytes.length, sha256(bytes)]).toEqual([200, size, digest]);
        expect(Object.fromEntries(response.headers)).toMatchObject({
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${path}"`,
          'x-content-type-options': 'nosniff',
          'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`,
        });
        const etag = response.headers.get('etag') ?? '';
        const again = await vera.raw(`/v1/conversions/${job.id}/files/${index}`, {
          headers: { 'if-none-match': etag },
        });
        expect(again.status).toBe(304);
      }
      const version = (await vera.call('GET', `/v1/versions/${job.version}`)).body;
      expect(version).toMatchObject({
        model: 'acme/gaussian',
        ref: `conversion:${job.id}`,
        stage: 'candidate',
        lineage: { baseModels: [{ ref: `upload:${upload}`, digest: report.source.digest }] },
      });
      const known = await vera.raw(`/v1/versions/${job.version}/report`);
      const { checks: all } = (await known.json()) as { readonly checks: readonly { readonly id: string }[] };
      const checks = all.filter(({ id }) => id.startsWith('conversion.'));
      expect(checks).toMatchObject([
        { id: 'conversion.attested', status: 'pass' },
        { id: 'conversion.verified', status: 'pass' },
        { id: 'conversion.source', status: 'pass' },
      ]);
    });

    it('convert exactly the bytes of a version, and tell of their steps', async () => {
      const version = await register(sam, 'acme/module', [module]);
      const request = { version: version.id, to: 'safetensors', verify: true };
      const { body } = await sam.call('POST', '/v1/conversions', request);
      const reader = await EventReader.open(`${service().url}/v1/jobs/${body.id}/events`, vera);
      await reader.ended;
      const last = reader.events.at(-1);
      expect(last).toMatchObject({ event: 'end', data: { state: 'done', kind: 'convert', model: 'acme/module' } });
      const answer = (await vera.call('GET', `/v1/conversions/${body.id}`)).body;
      expect(answer.downloads.map(({ path }: { path: string }) => path)).toContain('module.safetensors');
      const report = (await vera.call('GET', `/v1/conversions/${body.id}/report`)).body;
      expect(report.source.digest).toBe(version.digest);
      expect((await vera.call('GET', '/v1/jobs?kind=convert&limit=200')).body.items).toContainEqual(
        expect.objectContaining({ id: body.id }),
      );
      expect((await vera.call('GET', '/v1/jobs?kind=scan&limit=200')).body.items).not.toContainEqual(
        expect.objectContaining({ id: body.id }),
      );
    });

    it('are refused for a malicious file, and salvage its tensors for roles that waive, into quarantine', async () => {
      const upload = await fresh(evil);
      const { job, answer } = await convert(sam, { upload, to: 'safetensors' });
      expect(job).toMatchObject({ state: 'failed', attempts: 1, version: null, error: { code: 'refused' } });
      expect(job.error.message).toMatch(/^evil\.pt: is not converted, because its verdict is malicious; --salvage /);
      expect(answer).toMatchObject({ state: 'failed', report: false, downloads: [] });

      const denied = await sam.call('POST', '/v1/conversions', {
        upload,
        to: 'safetensors',
        model: 'a',
        salvage: true,
      });
      expect([denied.status, denied.body.code]).toEqual([403, 'missing-role']);
      const both = { upload, to: 'safetensors', acceptSuspicious: true, model: 'a' };
      expect((await sam.call('POST', '/v1/conversions', both)).body.code).toBe('missing-role');

      const salvaged = await convert(ada, { upload, to: 'safetensors', salvage: true, model: 'acme/salvaged' });
      expect(salvaged.job).toMatchObject({ state: 'done', error: null });
      const version = (await vera.call('GET', `/v1/versions/${salvaged.job.version}`)).body;
      expect(version).toMatchObject({ model: 'acme/salvaged', stage: 'quarantined' });
      const [current] = (await vera.call('GET', `/v1/decisions?digest=${version.digest}`)).body.items;
      expect(current).toMatchObject({ action: 'deny', stage: 'quarantined' });
    });

    it('keep the report of a verification that fails, and no file', async () => {
      const { label } = one.outputs;
      if (label === undefined) throw new Error('no labels');
      const values = label.values.map((value, i) => (i === 0 ? 1 - Number(value) : value));
      const wrong = filesOf({ ...one, outputs: { ...one.outputs, label: { ...label, values } } }).outputs;
      const given = await uploadAll(sam, [
        { path: 'inputs.npz', bytes: rows.inputs },
        { path: 'outputs.npz', bytes: wrong },
      ]);
      const { job, answer } = await convert(sam, { upload: await fresh(classifier), to: 'onnx', rows: given });
      expect(job).toMatchObject({ state: 'failed', attempts: 1, version: null, error: { code: 'mismatch' } });
      expect(job.error.message).toMatch(/^gaussian\.onnx: .* 1 of 24 labels differ/);
      expect(answer).toMatchObject({ state: 'failed', report: true, downloads: [] });
      const report = (await vera.call('GET', `/v1/conversions/${job.id}/report`)).body;
      expect(report).toMatchObject({ published: false, files: [{ verification: { pass: false } }] });
      expect((await download(vera, job.id, 0)).response.status).toBe(404);
    });

    it('name the file of the user in which something is wrong', async () => {
      const given = await uploadAll(sam, [{ path: 'inputs.npz', bytes: Buffer.from('no arrays') }]);
      const { job } = await convert(sam, { upload: await fresh(classifier), to: 'onnx', rows: given });
      expect(job).toMatchObject({ state: 'failed', error: { code: 'unsupported' } });
      expect(job.error.message).toMatch(/^inputs\.npz: is neither an \.npz nor an \.npy file/);
    });

    it('name what cannot be converted', async () => {
      const upload = await fresh(fixture('format-probes/h5-lambda/m.h5'));
      const { job } = await convert(sam, { upload, to: 'onnx' });
      expect(job).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'refused' } });
      expect(job.error.message).toMatch(/^m\.h5: is not converted, because its verdict is malicious/);
    });

    it('are removed with their files, and keep their version', async () => {
      const { job } = await convert(sam, { upload: await fresh(module), to: 'safetensors', model: 'acme/gone' });
      expect((await vera.call('DELETE', `/v1/conversions/${job.id}`)).body.code).toBe('missing-role');
      expect((await sam.call('DELETE', `/v1/conversions/${job.id}`)).status).toBe(204);
      const { body } = await vera.call('GET', `/v1/conversions/${job.id}`);
      expect(body).toMatchObject({ state: 'removed', keptUntil: null, report: false, downloads: [] });
      expect((await download(vera, job.id, 0)).response.status).toBe(410);
      expect((await sam.call('DELETE', `/v1/conversions/${job.id}`)).body.code).toBe('ended');
      expect((await vera.call('GET', `/v1/versions/${job.version}`)).status).toBe(200);
      const { items } = (await vera.call('GET', '/v1/audit?subject=acme%2Fgone')).body;
      expect(items).toContainEqual(expect.objectContaining({ action: 'conversion.removed', actor: 'sam' }));
    });

    it('are invisible to other tenants', async () => {
      const { job } = await convert(sam, { upload: await fresh(module), to: 'safetensors' });
      const eve = await service().as('eve', ['admin'], 'evil');
      for (const path of ['', '/report', '/files/0']) {
        const { status, body } = await eve.call('GET', `/v1/conversions/${job.id}${path}`);
        expect([path, status, body.code]).toEqual([path, 404, 'not-found']);
      }
      expect((await eve.call('DELETE', `/v1/conversions/${job.id}`)).status).toBe(404);
      const stolen = await eve.call('POST', '/v1/conversions', { version: job.version, to: 'onnx' });
      expect(stolen.status).toBe(404);
    });

    it('share a job when they are equal, and only then', async () => {
      const upload = await fresh(module);
      const ask = async (request: object) =>
        (await sam.call('POST', '/v1/conversions', { upload, model: 'acme/shared', ...request })).body.id;
      const ids = await Promise.all([
        ask({ to: 'safetensors' }),
        ask({ to: 'safetensors' }),
        ask({ to: 'safetensors' }),
        ask({ to: 'safetensors', verify: true }),
        ask({ to: 'savedmodel' }),
      ]);
      const scan = (await sam.call('POST', '/v1/jobs', { upload, model: 'acme/shared' })).body.id;
      for (const id of [...ids, scan]) await ended(vera, id);
      expect(new Set(ids.slice(0, 3)).size).toBeLessThan(3);
      expect(new Set([...ids.slice(2), scan]).size).toBe(4);
    });

    it.each([
      ['nothing to convert', { to: 'onnx' }, 400, 'invalid-request'],
      ['no format', { ref: 'hf://a/b' }, 400, 'invalid-request'],
      ['an unknown format', { ref: 'hf://a/b', to: 'gguf' }, 400, 'invalid-request'],
      ['a sandbox', { ref: 'hf://a/b', to: 'onnx', sandbox: true }, 400, 'invalid-request'],
      ['two sources', { ref: 'hf://a/b', upload: 'x', to: 'onnx' }, 400, 'invalid-request'],
      ['a path', { ref: '/etc/passwd', model: 'a', to: 'onnx' }, 422, 'no-path-sources'],
      ['a result as a source', { ref: 'conversion:x', model: 'a', to: 'onnx' }, 422, 'no-path-sources'],
      ['no model', { ref: 'https://example.com/m.bin', to: 'onnx' }, 422, 'model-missing'],
      ['an upload that does not exist', { upload: 'x', model: 'a', to: 'onnx' }, 404, 'upload-not-found'],
      ['a version that does not exist', { version: 'x', to: 'onnx' }, 404, 'not-found'],
      ['a shape without sizes', { ref: 'hf://a/b', to: 'onnx', inputShape: [] }, 400, 'invalid-request'],
      ['a size of 0', { ref: 'hf://a/b', to: 'onnx', inputShape: [0] }, 400, 'invalid-request'],
      ['rows that do not exist', { ref: 'hf://a/b', to: 'onnx', rows: 'x' }, 404, 'upload-not-found'],
    ])('are refused: %s', async (_, request, status, code) => {
      const answer = await sam.call('POST', '/v1/conversions', request);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    });

    it('are refused for options that exclude each other, and rows without inputs', async () => {
      const upload = await fresh(classifier);
      const salvage = await ada.call('POST', '/v1/conversions', { upload, model: 'a', to: 'onnx', salvage: true });
      expect([salvage.status, salvage.body.code]).toEqual([400, 'usage']);
      const none = await sam.call('POST', '/v1/conversions', { upload, model: 'a', to: 'onnx', rows: upload });
      expect([none.status, none.body.code]).toEqual([422, 'rows-missing']);
      const tensors = { upload, model: 'a', to: 'safetensors', rows: upload };
      expect((await sam.call('POST', '/v1/conversions', tensors)).body.code).toBe('usage');
    });

    it('have no page of a scan', async () => {
      const { body } = await sam.call('POST', '/v1/jobs', { upload: await fresh(module), model: 'acme/scan' });
      expect((await vera.call('GET', `/v1/conversions/${body.id}`)).body.code).toBe('not-found');
      await ended(vera, body.id);
    });
  },
  { conversionKey: key },
);

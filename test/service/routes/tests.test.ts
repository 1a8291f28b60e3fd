import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { TestReportSchema } from '../../../src/core/behavior/schema.ts';
import { check } from '../../../src/core/schema/check.ts';
import { DIGITS } from '../../support/digits.ts';
import { HOSTILE } from '../../support/onnx-hostile.ts';
import { onnxBytes } from '../../support/onnx-models.ts';
import { filesOf, sklearnCase } from '../../support/sklearn-arrays.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { onEveryGround, onOneGround } from './backends.ts';
import type { Client } from './harness.ts';
import { ended, register, sha256, uploadAll } from './requests.ts';

const folder = tempFolder();
const suites = join(folder, 'suites');
const at = (name: string) => join(suites, name);
const good = { path: 'good.onnx', bytes: readFileSync(join(DIGITS, 'good.onnx')) };
const flipped = { path: 'flipped.onnx', bytes: readFileSync(join(DIGITS, 'flipped.onnx')) };
const sklearn = sklearnCase('bayes/gaussian.pkl');

mkdirSync(at('folder.yaml'), { recursive: true });
copyFileSync(join(DIGITS, 'held-out.npz'), at('held-out.npz'));
writeFileSync(at('rows.npz'), filesOf(sklearn).inputs);
writeFileSync(join(folder, 'outside.yaml'), 'version: 1');
writeFileSync(at('.hidden.yaml'), 'version: 1');
writeFileSync(at('notes.txt'), 'not a suite');
const suiteOf = (
  tests: string,
  inputs = '{ file: held-out.npz, columns: [X] }',
  labels = '    labels: held-out.npz#y\n',
) => `
version: 1
name: digits
data:
  held-out:
    inputs: [${inputs}]
${labels}tests:
${tests}`;
const ACCURACY = '  - { id: accuracy, kind: accuracy, data: held-out, min: 0.9 }\n';
writeFileSync(at('digits.yaml'), suiteOf(ACCURACY));
writeFileSync(at('beside.yaml'), suiteOf('  - { id: accuracy, kind: accuracy, data: held-out, drop: 0.02 }\n'));
const DETERMINISM = '  - { id: same, kind: determinism, data: held-out }\n';
writeFileSync(
  at('rows.yaml'),
  suiteOf(`${DETERMINISM}  - { id: finite, kind: range, data: held-out }\n`, '{ file: rows.npz }', ''),
);
writeFileSync(at('one.csv'), 'x\n1\n');
writeFileSync(at('one.yaml'), suiteOf(DETERMINISM, '{ file: one.csv, columns: [x], as: x }', ''));
writeFileSync(at('broken.yaml'), suiteOf('  - { id: a, kind: made-up, data: held-out }\n'));
writeFileSync(at('escape.yaml'), suiteOf(DETERMINISM, '{ file: ../outside.yaml }', ''));
symlinkSync(at('digits.yaml'), at('linked.yaml'));

onOneGround(
  'tests of models',
  (service) => {
    let sam: Client;
    let vera: Client;
    let rita: Client;
    let files = 0;
    beforeAll(async () => {
      sam = await service().as('sam', ['submitter']);
      vera = await service().as('vera', ['viewer']);
      rita = await service().as('rita', ['reviewer']);
    });

    /** Each call gives other bytes: equal requests would share a job. */
    const fresh = (file: { readonly path: string; readonly bytes: Buffer }) => {
      files++;
      return [file, { path: 'README.md', bytes: Buffer.from(`# ${files}\n`) }];
    };

    async function test(client: Client, request: object) {
      const { status, headers, body } = await client.call('POST', '/v1/tests', { model: 'acme/digits', ...request });
      expect([status, body.code]).toEqual([202, undefined]);
      expect(headers.get('location')).toBe(`/v1/tests/${body.id}`);
      const job = await ended(client, body.id);
      return { job, answer: (await client.call('GET', `/v1/tests/${body.id}`)).body };
    }

    async function approve(version: string): Promise<void> {
      const asked = await sam.call('POST', `/v1/versions/${version}/transition-requests`, {
        to: 'staging',
        comment: 'x',
      });
      const { body } = await rita.call('POST', `/v1/transitions/${asked.body.id}/approve`, { comment: 'x' });
      expect(body.state).toBe('approved');
    }

    it('are made by a suite of the configuration, and leave a report and an entry of the audit log', async () => {
      const { job, answer } = await test(sam, {
        upload: await uploadAll(sam, fresh(good)),
        suite: 'digits',
        model: 'acme/log',
      });
      expect(job).toMatchObject({ kind: 'test', state: 'done', outcome: 'pass', version: null, error: null });
      expect(job.test).toEqual({ suite: 'digits', device: 'cpu', version: null, digest: null });
      expect(answer).toMatchObject({
        state: 'kept',
        baseline: null,
        noBaseline: 'the registry has no version of the model',
      });
      const response = await vera.raw(`/v1/tests/${job.id}/report`);
      const text = await response.text();
      const report = JSON.parse(text);
      expect(check(TestReportSchema, report)).not.toHaveProperty('invalid');
      expect(report).toMatchObject({
        status: 'pass',
        suite: { path: 'digits', name: 'digits' },
        model: { path: 'good.onnx' },
      });
      expect(report.suite.sha256).toBe(sha256(readFileSync(at('digits.yaml'))));
      expect(text).not.toContain(folder);
      const { items } = (await vera.call('GET', '/v1/audit?subject=acme%2Flog')).body;
      const entry = items.find(({ action }: { readonly action: string }) => action === 'test.ended');
      expect(entry).toMatchObject({ actor: 'sam', detail: { job: job.id, outcome: 'pass', digest: answer.digest } });
      expect(entry.detail).toMatchObject({
        report: sha256(Buffer.from(text)),
        suite: { name: 'digits', sha256: report.suite.sha256 },
      });
      const again = await vera.raw(`/v1/tests/${job.id}/report`, {
        headers: { 'if-none-match': response.headers.get('etag') ?? '' },
      });
      expect(again.status).toBe(304);
    });

    it('are done when they fail: the outcome says so', async () => {
      const { job } = await test(sam, { upload: await uploadAll(sam, fresh(flipped)), suite: 'digits' });
      expect(job).toMatchObject({ state: 'done', outcome: 'fail', error: null });
    });

    it('compare a model with the version that is approved, and say why when they cannot', async () => {
      const model = 'acme/compared';
      const before = await register(sam, model, fresh(good));
      const early = await test(sam, { upload: await uploadAll(sam, fresh(flipped)), suite: 'beside', model });
      expect(early.job.outcome).toBe('not-assessed');
      expect(early.answer.noBaseline).toBe('no version is approved for production; no version is approved for staging');
      await approve(before.id);
      const own = await test(sam, { version: before.id, suite: 'beside', model });
      expect(own.job.outcome).toBe('not-assessed');
      expect(own.answer).toMatchObject({ digest: before.digest, baseline: null });
      expect(own.answer.noBaseline).toContain('version 1, which is approved for staging, is the one that is tested');
      const { job, answer } = await test(sam, { upload: await uploadAll(sam, fresh(flipped)), suite: 'beside', model });
      expect(job.outcome).toBe('fail');
      expect(answer).toMatchObject({ noBaseline: null, baseline: { version: before.id, number: 1, stage: 'staging' } });
      const report = (await vera.call('GET', `/v1/tests/${job.id}/report`)).body;
      expect(report.baseline.sha256).toBe(sha256(good.bytes));
      expect(report.tests[0].measures[0]).toMatchObject({ drop: 0.02, pass: false, baseline: 584 / 597 });
      await sam.call('DELETE', `/v1/uploads/${before.ref.slice('upload:'.length)}`);
      const gone = await test(sam, { upload: await uploadAll(sam, fresh(good)), suite: 'beside', model });
      expect(gone.job.outcome).toBe('not-assessed');
      expect(gone.answer.noBaseline).toContain('version 1, which is approved for staging, cannot be read: ');
      await rita.call('POST', `/v1/versions/${before.id}/quarantine`, { reason: 'x' });
      const late = await test(sam, { upload: await uploadAll(sam, fresh(good)), suite: 'beside', model });
      expect(late.answer.noBaseline).toContain('no version is approved for staging');
    });

    it('test what a conversion of the service has written', async () => {
      const upload = await uploadAll(sam, fresh({ path: 'gaussian.pkl', bytes: readFileSync(sklearn.model) }));
      const asked = await sam.call('POST', '/v1/conversions', { upload, model: 'acme/onnx', to: 'onnx' });
      const { version } = await ended(sam, asked.body.id);
      const { job, answer } = await test(sam, { version, suite: 'rows', model: 'acme/onnx' });
      expect(job).toMatchObject({ state: 'done', outcome: 'pass', target: `conversion:${asked.body.id}` });
      expect(answer.digest).toBe((await sam.call('GET', `/v1/versions/${version}`)).body.digest);
      await sam.call('DELETE', `/v1/conversions/${asked.body.id}`);
      const gone = await test(sam, { version, suite: 'rows', model: 'acme/onnx' });
      expect(gone.job).toMatchObject({ state: 'failed', error: { code: 'conversion-removed' } });
      expect(gone.answer).toMatchObject({ state: 'failed', keptUntil: null });
    });

    it.each([
      ['no ONNX model', { path: 'm.safetensors', bytes: Buffer.from('x') }, 'usage', 'has no ONNX model'],
      [
        'a cut model',
        { path: 'm.onnx', bytes: good.bytes.subarray(0, 1000) },
        'truncated',
        'is not a whole ONNX model',
      ],
    ])('fail, and say why: %s', async (_, file, code, message) => {
      const { job } = await test(sam, { upload: await uploadAll(sam, fresh(file)), suite: 'digits' });
      expect(job).toMatchObject({ state: 'failed', outcome: null, attempts: 1, error: { code } });
      expect(job.error.message).toContain(message);
    });

    it.each([
      ['broken', 'usage', /^the suite broken: tests\[0\]: there is no kind of test "made-up"/],
      ['escape', 'usage', /is not a path within the folder of the suite/],
    ])('name what is wrong with a suite, without a path of the machine: %s', async (suite, code, message) => {
      const { job } = await test(sam, { upload: await uploadAll(sam, fresh(good)), suite });
      expect(job.error.message).toMatch(message);
      expect(job.error).toMatchObject({ code, message: expect.not.stringContaining(folder) });
    });

    it('end a model that does not end when they are cancelled', async () => {
      const upload = await uploadAll(
        sam,
        fresh({ path: 'loop.onnx', bytes: Buffer.from(await onnxBytes(HOSTILE.loop())) }),
      );
      const { body } = await sam.call('POST', '/v1/tests', { upload, suite: 'one', model: 'acme/loop' });
      await until('the model runs', async () => sessions() > 0);
      expect((await sam.call('POST', `/v1/jobs/${body.id}/cancel`)).body.state).toBe('cancelled');
      await until('its process has ended', async () => sessions() === 0);
      const answer = (await vera.call('GET', `/v1/tests/${body.id}`)).body;
      expect(answer).toMatchObject({ state: 'failed', job: { state: 'cancelled', outcome: null } });
      expect((await vera.call('GET', `/v1/tests/${body.id}/report`)).status).toBe(404);
    });

    it('are removed with their report, and keep their outcome', async () => {
      const { job } = await test(sam, {
        upload: await uploadAll(sam, fresh(good)),
        suite: 'digits',
        model: 'acme/gone',
      });
      expect((await vera.call('DELETE', `/v1/tests/${job.id}`)).body.code).toBe('missing-role');
      expect((await sam.call('DELETE', `/v1/tests/${job.id}`)).status).toBe(204);
      const { body } = await vera.call('GET', `/v1/tests/${job.id}`);
      expect(body).toMatchObject({ state: 'removed', keptUntil: null, digest: null, job: { outcome: 'pass' } });
      expect((await vera.call('GET', `/v1/tests/${job.id}/report`)).body.code).toBe('test-removed');
      expect((await sam.call('DELETE', `/v1/tests/${job.id}`)).body.code).toBe('ended');
      const { items } = (await vera.call('GET', '/v1/audit?subject=acme%2Fgone')).body;
      expect(items).toContainEqual(expect.objectContaining({ action: 'test.removed', actor: 'sam' }));
    });

    it('are invisible to other tenants', async () => {
      const version = await register(sam, 'acme/private', fresh(good));
      const { job } = await test(sam, { version: version.id, suite: 'digits' });
      const eve = await service().as('eve', ['admin'], 'evil');
      for (const path of ['', '/report'])
        expect((await eve.call('GET', `/v1/tests/${job.id}${path}`)).status).toBe(404);
      expect((await eve.call('DELETE', `/v1/tests/${job.id}`)).status).toBe(404);
      expect((await eve.call('POST', '/v1/tests', { version: version.id, suite: 'digits' })).status).toBe(404);
      expect((await eve.call('GET', '/v1/jobs?kind=test')).body.items).toEqual([]);
    });

    it('list the suites of the configuration by their names', async () => {
      const { body } = await vera.call('GET', '/v1/suites');
      const names = body.items.map(({ name }: { readonly name: string }) => name);
      expect(names).toEqual(['beside', 'broken', 'digits', 'escape', 'linked', 'one', 'rows']);
    });

    it.each([
      ['no suite', { ref: 'hf://a/b' }, 400, 'invalid-request'],
      ['an unknown suite', { ref: 'hf://a/b', suite: 'none' }, 404, 'no-such-suite'],
      ['a folder', { ref: 'hf://a/b', suite: 'folder' }, 404, 'no-such-suite'],
      ['a path', { ref: 'hf://a/b', suite: '../outside' }, 400, 'invalid-request'],
      ['a path of a name that is allowed', { ref: 'hf://a/b', suite: 'a/../../outside' }, 400, 'invalid-request'],
      ['a hidden file', { ref: 'hf://a/b', suite: '.hidden' }, 400, 'invalid-request'],
      ['a name with its ending', { ref: 'hf://a/b', suite: 'digits.yaml' }, 404, 'no-such-suite'],
      ['a NUL', { ref: 'hf://a/b', suite: 'digits\0' }, 400, 'invalid-request'],
      ['a suite of its own', { ref: 'hf://a/b', suite: { version: 1 } }, 400, 'invalid-request'],
      ['a baseline of its own', { ref: 'hf://a/b', suite: 'digits', baseline: 'x' }, 400, 'invalid-request'],
      ['an unknown device', { ref: 'hf://a/b', suite: 'digits', device: 'tpu' }, 400, 'invalid-request'],
      ['nothing to test', { suite: 'digits' }, 400, 'invalid-request'],
      ['two sources', { ref: 'hf://a/b', upload: 'x', suite: 'digits' }, 400, 'invalid-request'],
      ['a path as a model', { ref: '/etc/passwd', model: 'a', suite: 'digits' }, 422, 'no-path-sources'],
      ['a conversion by its id', { ref: 'conversion:x', model: 'a', suite: 'digits' }, 422, 'no-path-sources'],
      ['a version that does not exist', { version: 'x', suite: 'digits' }, 404, 'not-found'],
      ['an upload that does not exist', { upload: 'x', model: 'a', suite: 'digits' }, 404, 'upload-not-found'],
    ])('are refused: %s', async (_, request, status, code) => {
      const answer = await sam.call('POST', '/v1/tests', request);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    });

    it('have no page of a scan', async () => {
      const { body } = await sam.call('POST', '/v1/jobs', {
        upload: await uploadAll(sam, fresh(good)),
        model: 'acme/scan',
      });
      expect((await vera.call('GET', `/v1/tests/${body.id}`)).body.code).toBe('not-found');
      await ended(vera, body.id);
    });
  },
  { suites },
);

onEveryGround(
  'the job of a test',
  (service) => {
    it('is shared, listed by its kind, ended with its outcome, and audited', async () => {
      const sam = await service().as('sam', ['submitter']);
      const upload = await uploadAll(sam, [good]);
      const ask = async (path: string, request: object) =>
        (await sam.call('POST', path, { upload, model: 'acme/shared', ...request })).body.id;
      const ids = await Promise.all([
        ask('/v1/tests', { suite: 'digits' }),
        ask('/v1/tests', { suite: 'digits' }),
        ask('/v1/tests', { suite: 'beside' }),
        ask('/v1/tests', { suite: 'digits', device: 'auto' }),
        ask('/v1/jobs', {}),
      ]);
      for (const id of ids) await ended(sam, id);
      expect(new Set(ids.slice(1)).size).toBe(4);
      const listed = async (kind: string) =>
        (await sam.call('GET', `/v1/jobs?kind=${kind}`)).body.items.map(({ id }: { readonly id: string }) => id);
      expect(new Set(await listed('test'))).toEqual(new Set(ids.slice(0, 4)));
      expect(await listed('scan')).toEqual([ids[4]]);
      expect(await listed('convert')).toEqual([]);
      const { body } = await sam.call('GET', `/v1/jobs/${ids[1]}`);
      expect(body).toMatchObject({ kind: 'test', state: 'done', outcome: 'pass', version: null, attempts: 1 });
      const { items } = (await sam.call('GET', '/v1/audit?subject=acme%2Fshared')).body;
      const entries = items.filter(({ action }: { readonly action: string }) => action === 'test.ended');
      expect(entries).toHaveLength(new Set(ids.slice(0, 4)).size);
    });
  },
  { suites },
);

onOneGround('a service without suites', (service) => {
  it('refuses tests, and lists none', async () => {
    const sam = await service().as('sam', ['submitter']);
    const answer = await sam.call('POST', '/v1/tests', { ref: 'hf://a/b', suite: 'digits' });
    expect([answer.status, answer.body.code]).toEqual([422, 'no-suites']);
    expect((await sam.call('GET', '/v1/suites')).body.items).toEqual([]);
  });
});

/** Processes of this one that run a model. */
function sessions(): number {
  const parents = new Map<string, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
      if (parent !== undefined) parents.set(pid, parent);
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: string | undefined): boolean =>
    pid !== undefined && (pid === String(process.pid) || isOurs(parents.get(pid)));
  for (const pid of parents.keys()) if (isOurs(pid) && isSession(pid)) seen.add(pid);
  return [...seen].filter(isSession).length;
}

/** Also of those whose parent has ended. */
const seen = new Set<string>();

function isSession(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/sandbox/child');
  } catch {
    return false;
  }
}

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { DataReportSchema } from '../../../src/core/data/schema.ts';
import { check } from '../../../src/core/schema/check.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import { runCli } from '../../cli/run-cli.ts';
import { messages, TABLES } from '../../support/data-set.ts';
import { tempFolder } from '../../support/temp.ts';
import { onEveryGround, onOneGround } from './backends.ts';
import type { Client } from './harness.ts';
import { codeOf, ended, fixture, register, sha256, uploadAll } from './requests.ts';

const folder = tempFolder();
const datasets = join(folder, 'datasets');
const at = (...names: readonly string[]) => join(datasets, ...names);
const reviews = { path: 'reviews.parquet', bytes: readFileSync(join(TABLES, 'reviews.parquet')) };
const COLUMNS = { label: 'label', text: 'text', time: 'at', source: 'user', id: 'id' };
const SECRET = 'a secret of the server';

mkdirSync(at('acme', 'mails', 'spam'), { recursive: true });
mkdirSync(at('acme', 'mails', 'ham'));
mkdirSync(at('rival'));
const mails = messages().slice(0, 60);
for (const [i, { label, text }] of mails.entries()) writeFileSync(at('acme', 'mails', label, `${i}.txt`), text);
writeFileSync(at('acme', 'reviews.parquet'), reviews.bytes);
writeFileSync(at('rival', 'theirs.csv'), 'label,x\na,1\nb,2\n');
writeFileSync(join(folder, 'outside.csv'), `label,x\n${SECRET},1\nb,2\n`);
writeFileSync(at('acme', '.hidden.csv'), `label,x\n${SECRET},1\nb,2\n`);
symlinkSync(join(folder, 'outside.csv'), at('acme', 'linked.csv'));
symlinkSync(join(folder, 'outside.csv'), at('acme', 'mails', 'spam', 'linked.txt'));
symlinkSync(folder, at('acme', 'folder'));

const csv = (lines: readonly string[]) => Buffer.from(`${lines.join('\n')}\n`);
let files = 0;
/** Each call gives other bytes: equal requests would share a job. */
const fresh = (label = 'a') => {
  files++;
  return [{ path: 'rows.csv', bytes: csv(['label,x', `${label},1`, `b,${files}`]) }];
};

async function checked(client: Client, request: object) {
  const { status, headers, body } = await client.call('POST', '/v1/data-checks', { model: 'acme/m', ...request });
  expect([status, body.code]).toEqual([202, undefined]);
  expect(headers.get('location')).toBe(`/v1/data-checks/${body.id}`);
  const job = await ended(client, body.id);
  return { job, answer: (await client.call('GET', `/v1/data-checks/${body.id}`)).body };
}

onEveryGround('checks of training data', (service) => {
  it('leave the report of the command line, a list of rows, a profile, an attestation and an entry of the audit log', async () => {
    const sam = await service().as('sam', ['submitter']);
    const vera = await service().as('vera', ['viewer']);
    const upload = await uploadAll(sam, [reviews]);
    const { job, answer } = await checked(sam, { upload, model: 'acme/log', columns: COLUMNS });
    expect(job).toMatchObject({ kind: 'data', state: 'done', outcome: 'pass', version: null, error: null });
    expect(job.data).toEqual({ columns: COLUMNS, snapshot: null });
    expect(answer).toMatchObject({ state: 'kept', attested: true });
    const text = await (await vera.raw(`/v1/data-checks/${job.id}/report`)).text();
    expect(check(DataReportSchema, JSON.parse(text))).not.toHaveProperty('invalid');
    const profile = await (await vera.raw(`/v1/data-checks/${job.id}/profile`)).text();
    const bundle = await (await vera.raw(`/v1/data-checks/${job.id}/attestation`)).text();
    const statement = readStatement(readBundle(Buffer.from(bundle), 'x').envelope.payload);
    expect(statement).toMatchObject({
      subject: [{ name: 'reviews.parquet', digest: { sha256: sha256(reviews.bytes) } }],
      predicateType: 'https://assay.dev/attestation/data/v1',
      predicate: { status: 'pass', rows: 400, baseline: null, profile: { sha256: sha256(Buffer.from(profile)) } },
    });
    const { items } = (await vera.call('GET', '/v1/audit?subject=acme%2Flog')).body;
    const entry = items.find(({ action }: { readonly action: string }) => action === 'data.ended');
    expect(entry).toMatchObject({
      actor: 'sam',
      detail: {
        job: job.id,
        outcome: 'pass',
        rows: 400,
        data: [`sha256:${sha256(reviews.bytes)}`],
        report: sha256(Buffer.from(text)),
        profile: sha256(Buffer.from(profile)),
      },
    });
    const listed = (await vera.call('GET', '/v1/jobs?kind=data')).body.items;
    expect(listed.map(({ id }: { readonly id: string }) => id)).toContain(job.id);
    expect((await vera.call('GET', '/v1/jobs?kind=scan')).body.items).toEqual([]);
    expect((await sam.call('DELETE', `/v1/data-checks/${job.id}`)).status).toBe(204);
    expect((await vera.call('GET', `/v1/data-checks/${job.id}`)).body).toMatchObject({
      state: 'removed',
      attested: true,
    });
    expect(await codeOf(await vera.raw(`/v1/data-checks/${job.id}/report`))).toBe('data-removed');
  });
});

onOneGround(
  'checks of training data that others choose',
  (service) => {
    let sam: Client;
    let vera: Client;
    beforeAll(async () => {
      sam = await service().as('sam', ['submitter']);
      vera = await service().as('vera', ['viewer']);
    });

    it('fail the data without failing the job, and list its rows so that no text acts as a formula', async () => {
      const twice = Array.from({ length: 40 }, (_, i) => `=cmd|' /C calc'!A${i},${i % 2 === 0 ? 'a' : 'b'},the same`);
      const alike = { path: 'rows.csv', bytes: csv(['id,label,text', ...twice]) };
      const hidden = { path: 'test.csv', bytes: csv(['id,label,text', 'x,a,vi\u200bagra', 'y,b,the same']) };
      const { job } = await checked(sam, {
        upload: await uploadAll(sam, [alike, hidden]),
        columns: { label: 'label', text: 'text', id: 'id' },
      });
      expect(job).toMatchObject({ state: 'done', outcome: 'fail', error: null });
      const response = await vera.raw(`/v1/data-checks/${job.id}/rows`);
      expect(response.headers.get('content-disposition')).toBe('attachment; filename="rows.csv"');
      expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      const list = await response.text();
      expect(list).toContain(`"'=cmd|' /C calc'!A0"`);
      expect(list).not.toMatch(/(?:^|,)"?[=+\-@]/m);
      const page = await (await vera.raw(`/console/data-checks/${job.id}`)).text();
      expect(page).toContain('A check fails the data.');
      expect(page).toContain('data.split-leakage');
      expect(page).toContain(`/v1/data-checks/${job.id}/rows`);
    });

    it('are of data that the operator placed for the tenant: a file, or a folder of texts by their labels', async () => {
      const { body } = await vera.call('GET', '/v1/datasets');
      expect(body.items).toEqual([{ name: 'mails' }, { name: 'reviews.parquet' }]);
      const { job } = await checked(sam, { dataset: 'mails' });
      expect(job).toMatchObject({ state: 'done', target: 'dataset:mails', error: null });
      const text = await (await vera.raw(`/v1/data-checks/${job.id}/report`)).text();
      const report = JSON.parse(text);
      expect(report.rows).toBe(60);
      expect(report.files).toMatchObject([{ path: 'mails', format: 'texts' }]);
      expect(report.notes).toEqual(['1 other files of the folder were passed over']);
      expect(text).not.toContain(folder);
      expect(text).not.toContain(SECRET);
      const profile = await (await vera.raw(`/v1/data-checks/${job.id}/profile`)).text();
      expect(profile).not.toContain(folder);
      const command = await runCli(['data', at('acme', 'mails'), '--format', 'json']);
      const own = JSON.parse(command.stdout);
      expect(report.checks.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual(
        own.checks.map(({ id, status }: { id: string; status: string }) => [id, status]),
      );
    });

    it.each([
      ['a path', '../rival/theirs.csv', 'invalid-request'],
      ['a path from the root', '/etc/passwd', 'invalid-request'],
      ['the folder itself', '.', 'invalid-request'],
      ['data of another tenant', 'theirs.csv', 'no-such-dataset'],
      ['a link out of the folder', 'linked.csv', 'no-such-dataset'],
      ['a link to a folder', 'folder', 'no-such-dataset'],
      ['a hidden file', '.hidden.csv', 'invalid-request'],
      ['a file that is not there', 'none.csv', 'no-such-dataset'],
    ])('are not of %s', async (_, dataset, code) => {
      const { status, body } = await sam.call('POST', '/v1/data-checks', { dataset, model: 'acme/m' });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body.code).toBe(code);
    });

    it('are not of the upload of somebody else, nor of a reference', async () => {
      const rival = await service().as('rob', ['submitter'], 'rival');
      const other = await service().as('sue', ['submitter']);
      const upload = await uploadAll(sam, fresh());
      const asked = (client: Client, request: object) =>
        client.call('POST', '/v1/data-checks', { model: 'acme/m', ...request });
      expect((await asked(rival, { upload })).body.code).toBe('upload-not-found');
      expect((await asked(other, { upload })).body.code).toBe('not-owner');
      expect((await asked(sam, { upload, dataset: 'mails' })).body.code).toBe('invalid-request');
      expect((await asked(sam, {})).body.code).toBe('invalid-request');
      expect((await asked(sam, { ref: 'hf://acme/data' })).body.code).toBe('invalid-request');
      const { job } = await checked(sam, { upload });
      expect((await rival.call('GET', `/v1/data-checks/${job.id}`)).body.code).toBe('not-found');
      for (const file of ['report', 'rows', 'profile', 'attestation'])
        expect((await rival.raw(`/v1/data-checks/${job.id}/${file}`)).status).toBe(404);
    });

    it('compare data with the profile that somebody kept with the approved version, and say which, or why with none', async () => {
      const model = 'acme/compared';
      const rita = await service().as('rita', ['reviewer']);
      const rows = (count: number) =>
        csv(['label,x', ...Array.from({ length: 300 }, (_, i) => `${i < count ? 'a' : 'b'},${i}`)]);
      const data = async (name: string, count: number) =>
        checked(sam, {
          upload: await uploadAll(sam, [{ path: name, bytes: rows(count) }]),
          model,
          columns: { label: 'label' },
        });
      const first = await data('rows.csv', 150);
      expect(first.answer).toMatchObject({ baseline: null, noBaseline: 'the registry has no version of the model' });
      const version = await register(sam, model, [fixture('format-probes/st-ok/m.safetensors')]);
      const place = `/v1/versions/${version.id}/data-baseline`;
      expect((await sam.call('GET', place)).body).toEqual({ baseline: null });
      expect((await sam.call('POST', place, { job: first.job.id })).body.code).toBe('missing-role');
      const kept = await rita.call('POST', place, { job: first.job.id });
      expect(kept).toMatchObject({ status: 201, body: { version: version.id, job: first.job.id, createdBy: 'rita' } });
      expect((await vera.call('GET', place)).body).toEqual({ baseline: kept.body });
      expect((await data('early.csv', 20)).answer.noBaseline).toMatch(
        /^no version is approved for production; no version/,
      );
      const asked = await sam.call('POST', `/v1/versions/${version.id}/transition-requests`, {
        to: 'staging',
        comment: 'x',
      });
      await rita.call('POST', `/v1/transitions/${asked.body.id}/approve`, { comment: 'x' });
      const { job, answer } = await data('drifted.csv', 20);
      expect(job.outcome).toBe('fail');
      expect(answer).toMatchObject({
        noBaseline: null,
        baseline: { version: version.id, number: 1, stage: 'staging' },
      });
      const { baseline } = (await vera.call('GET', `/v1/data-checks/${job.id}/report`)).body;
      expect(baseline).toEqual({ path: 'acme/compared version 1', sha256: kept.body.digest, rows: 300 });
      const page = await (await vera.raw(`/console/data-checks/${job.id}`)).text();
      expect(page).toContain(`<a href="/console/versions/${version.id}">version 1</a>, approved for staging`);
      expect((await rita.call('POST', place, { job: job.id })).body).toMatchObject({ code: 'conflict' });
      await rita.call('POST', `/v1/versions/${version.id}/quarantine`, { reason: 'x' });
      expect((await data('late.csv', 20)).answer).toMatchObject({ baseline: null });
    });

    it('fail with the name that the user gave, and without a place of the server', async () => {
      const upload = await uploadAll(sam, [{ path: 'deep/rows.parquet', bytes: Buffer.from('PAR1 and no more') }]);
      const broken = await checked(sam, { upload });
      expect(broken.job).toMatchObject({ state: 'failed', error: { code: 'malformed' } });
      expect(broken.job.error.message).toMatch(/^deep\/rows\.parquet: /);
      expect(broken.job.error.message).not.toMatch(/\/tmp|assay-|upload/);
      expect(broken.answer).toMatchObject({ state: 'failed', attested: false });
      const column = await checked(sam, { upload: await uploadAll(sam, fresh()), columns: { label: 'lable' } });
      expect(column.job.error).toEqual({
        code: 'usage',
        message: 'rows.csv: has no column "lable" (--label); did you mean "label"?',
      });
      const late = await sam.call('POST', '/v1/data-checks', { upload, model: 'acme/m', snapshot: 'yesterday' });
      expect(late.body.code).toBe('usage');
    });

    it('name no more columns than a database can keep apart', async () => {
      const name = '\u{1f600}'.repeat(100);
      const columns = { label: `${name}a`, text: `${name}b`, id: `${name}c`, source: `${name}d` };
      const upload = await uploadAll(sam, fresh());
      const { body } = await sam.call('POST', '/v1/data-checks', { upload, model: 'acme/m', columns });
      expect(body.code).toBe('invalid');
    });
  },
  { datasets },
);

onOneGround('checks of training data without a folder of data sets', (service) => {
  it('are of uploads alone', async () => {
    const sam = await service().as('sam', ['submitter']);
    expect((await sam.call('GET', '/v1/datasets')).body.items).toEqual([]);
    const { body } = await sam.call('POST', '/v1/data-checks', { dataset: 'mails', model: 'acme/m' });
    expect(body.code).toBe('no-datasets');
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeHub, fakeFile } from '../../support/fake-hub.ts';
import { sklearnCase } from '../../support/sklearn-arrays.ts';
import { tempFolder } from '../../support/temp.ts';
import { type Client, startTestService, type TestService } from '../routes/harness.ts';
import { ended, sha256, uploadAll } from '../routes/requests.ts';

const BERT = new URL('../../../fixtures/convert/huggingface/4.57.6/DistilBertModel/', import.meta.url).pathname;
const MODEL = sklearnCase('bayes/gaussian.pkl').model;
const folder = tempFolder();
const pickle = readFileSync(MODEL);
let hub: FakeHub;
let service: TestService;
let sam: Client;
let commit: string;
/** What the server of files gives next, and how often it was asked. */
let served = pickle;
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  if (request.url !== `/${basename(MODEL)}`) return response.writeHead(404).end();
  return response.writeHead(200, { 'content-length': served.length, etag: `"${sha256(served)}"` }).end(served);
});
const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(MODEL)}`;

beforeAll(async () => {
  hub = await FakeHub.start();
  const files = readdirSync(BERT).filter((name) => !name.endsWith('.npz'));
  const lfs = (name: string) => name.endsWith('.safetensors');
  commit = hub
    .repo('acme/bert')
    .commit(files.map((name) => fakeFile(name, readFileSync(join(BERT, name)), { lfs: lfs(name) })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ground = { database: `sqlite:${join(folder, 'registry.db')}`, queue: 'embedded' };
  service = await startTestService(ground, { hubEndpoint: hub.endpoint });
  sam = await service.as('sam', ['submitter']);
});
afterAll(async () => {
  await service.close();
  server.close();
  await hub.close();
});

async function convert(request: object) {
  const { status, body } = await sam.call('POST', '/v1/conversions', request);
  expect([status, body.code]).toEqual([202, undefined]);
  const job = await ended(sam, body.id);
  return { job, answer: (await sam.call('GET', `/v1/conversions/${body.id}`)).body };
}

const reportOf = async (id: string) => (await sam.call('GET', `/v1/conversions/${id}/report`)).body;

describe('a conversion of a source elsewhere', () => {
  it('takes a folder of the Hub at its commit, and registers what is made of it', async () => {
    const request = { ref: 'hf://acme/bert', to: 'onnx', verify: true, model: 'acme/bert-onnx' };
    const { job, answer } = await convert(request);
    expect(job).toMatchObject({ state: 'done', kind: 'convert', error: null });
    expect(answer.downloads.map(({ path }: { path: string }) => path)).toEqual(['model.onnx']);
    const report = await reportOf(job.id);
    expect(report.source).toMatchObject({
      ref: 'hf://acme/bert',
      pinned: `hf://acme/bert@${commit}`,
      verdict: 'clean',
    });
    expect(report.files).toMatchObject([
      { path: 'model.onnx', verification: { kind: 'self-consistency', pass: true } },
    ]);
    const version = (await sam.call('GET', `/v1/versions/${job.version}`)).body;
    expect(version.lineage.baseModels).toMatchObject([{ digest: report.source.digest }]);
  });

  it('takes a file of a web server, and gives the bytes that an upload of it gives', async () => {
    const { job, answer } = await convert({ ref: address(), to: 'onnx', model: 'acme/remote' });
    expect(job).toMatchObject({ state: 'done', error: null });
    const upload = await uploadAll(sam, [{ path: basename(MODEL), bytes: pickle }]);
    const local = await convert({ upload, to: 'onnx', model: 'acme/local' });
    const [remote, own] = [await reportOf(job.id), await reportOf(local.job.id)];
    expect(remote.source.ref).toBe(address());
    expect(remote.source.digest).toBe(own.source.digest);
    expect(answer.downloads.length).toBe(1);
    expect(remote.files[0].from).toEqual(own.files[0].from);
  });

  it('says what the server answered, and converts nothing', async () => {
    const { job, answer } = await convert({ ref: `${address()}.gone`, to: 'onnx', model: 'acme/gone' });
    expect(job).toMatchObject({ state: 'failed', version: null, error: { code: 'not-found' } });
    expect(answer).toMatchObject({ state: 'failed', report: false, downloads: [] });
  });

  it('refuses a file that the server cuts short', async () => {
    const whole = served;
    served = pickle.subarray(0, pickle.length - 40);
    try {
      const { job } = await convert({ ref: `${address()}?short`, to: 'onnx', model: 'acme/short' });
      expect(job).toMatchObject({ state: 'failed', version: null });
    } finally {
      served = whole;
    }
  });

  it('counts conversions among the jobs of the service', async () => {
    expect(requests).toBeGreaterThan(0);
    const { body } = await service.app.inject({
      url: '/metrics',
      headers: { authorization: `Bearer ${(await service.as('meter', ['gate'], 'default')).token}` },
    });
    const count = (kind: string, state: string) =>
      Number(new RegExp(`assay_jobs\\{kind="${kind}",state="${state}"\\} (\\d+)`).exec(body)?.[1]);
    expect(count('convert', 'done')).toBe(3);
    expect(count('convert', 'failed')).toBe(2);
    expect([count('scan', 'done'), count('test', 'done')]).toEqual([0, 0]);
  });
});

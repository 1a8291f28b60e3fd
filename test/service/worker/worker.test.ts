import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { treeDigest } from '../../../src/integrity/hash/tree-digest.ts';
import type { Costs, Job } from '../../../src/registry/index.ts';
import { torchZip } from '../../support/fake-content.ts';
import { FakeHub, fakeFile } from '../../support/fake-hub.ts';
import { freePort } from '../../support/free-port.ts';
import { assemble, global, text } from '../../support/pickle-asm.ts';
import { noise, tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { submitter } from '../queue/backends.ts';
import { fixture, Workshop } from './workshop.ts';

const folder = tempFolder();
const MALICIOUS = assemble(['PROTO', 2], global('posix', 'system'), text('id'), 'TUPLE1', 'REDUCE', 'STOP');
const BENIGN = fixture('benign/numpy/2.3.5/dtypes.p4.pkl');
let shop: Workshop;
let count = 0;

afterEach(() => shop.close());

async function open(changes: Parameters<typeof Workshop.open>[1] = {}, leaseMs?: number): Promise<Workshop> {
  shop = await Workshop.open(join(folder, String(count++)), changes, leaseMs);
  return shop;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

it('the worker scans an upload and registers the version by the digest of its tree', async () => {
  await open();
  const files = { 'weights/a.pkl': BENIGN, 'empty.txt': new Uint8Array(0) };
  const job = await shop.run(`upload:${await shop.upload(files)}`);
  expect(job).toMatchObject({ state: 'done', attempts: 1, error: null });
  const version = await shop.registry.version(submitter, { id: job.version ?? '' });
  const tree = Object.entries(files).map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }));
  expect(version).toMatchObject({ model: 'acme/model', number: 1, digest: treeDigest(tree), createdBy: 'sam' });
  const [decision] = (await shop.registry.decisions(submitter, version.id)).filter(
    ({ stage }) => stage === 'candidate',
  );
  expect(decision?.decision.action).toBe('allow');
  expect(shop.told).toEqual([]);
});

/** What the job costs, once that was written: after its end. */
async function costsOf(job: Job, attempts = 1): Promise<Costs> {
  let costs = await shop.registry.jobs.costs(submitter, job.id);
  await until('the costs are written', async () => {
    costs = await shop.registry.jobs.costs(submitter, job.id);
    return costs.attempts >= attempts && costs.storedBytes !== null;
  });
  return costs;
}

it('the worker records what a scan cost its own processes', async () => {
  await open();
  const job = await shop.run(`upload:${await shop.upload({ 'a.pkl': BENIGN })}`);
  const costs = await costsOf(job);
  expect(costs).toMatchObject({ attempts: 1, unmeasured: 0, fetchedBytes: 0, gpuSeconds: null, reused: 0 });
  expect(costs.wallSeconds).toBeGreaterThan(0);
  expect(costs.cpuSeconds).toBeGreaterThan(0);
  // A process of Node.js is larger, and the limit of its heap is lower.
  expect(costs.peakBytes).toBeGreaterThan(30 * 1024 * 1024);
  expect(costs.peakBytes).toBeLessThan(4 * 1024 * 1024 * 1024);
  const [{ assessment } = { assessment: undefined }] = await shop.registry.assessments(submitter, job.version ?? '');
  expect(costs.storedBytes).toBe(Buffer.byteLength(JSON.stringify(assessment)));
});

it('the worker records what a scan that failed cost', async () => {
  await open();
  const job = await shop.run('upload:none');
  expect(job.state).toBe('failed');
  expect(await costsOf(job)).toMatchObject({ attempts: 1, storedBytes: 0 });
});

it('the worker registers a malicious artifact as denied', async () => {
  await open();
  const job = await shop.run(`upload:${await shop.upload({ 'model.pkl': MALICIOUS })}`);
  expect(job.state).toBe('done');
  const [{ assessment } = { assessment: undefined }] = await shop.registry.assessments(submitter, job.version ?? '');
  expect(assessment?.files[0]?.verdict).toBe('malicious');
  const decisions = await shop.registry.decisions(submitter, job.version ?? '');
  expect(decisions.map(({ decision }) => decision.action)).toEqual(['deny', 'deny', 'deny']);
});

it('the worker fails a job at once for an error that a retry cannot correct', async () => {
  await open();
  const failed = async (target: string, tenant?: string) => {
    const { state, attempts, error } = await shop.run(target, tenant);
    return [state, attempts, error?.code];
  };
  expect(await failed('/etc/passwd')).toEqual(['failed', 1, 'usage']);
  expect(await failed('file:///etc/passwd')).toEqual(['failed', 1, 'usage']);
  expect(await failed('upload:00000000000000000000000000000000')).toEqual(['failed', 1, 'upload-not-found']);
  // An upload of another tenant.
  const own = await shop.upload({ 'a.pkl': BENIGN });
  expect(await failed(`upload:${own}`, 'other')).toEqual(['failed', 1, 'upload-not-found']);
  // Addresses in private networks are not allowed.
  expect(await failed('https://127.0.0.1:9/model.pkl')).toEqual(['failed', 1, 'refused']);
  expect(await failed('https://169.254.169.254/latest/meta-data')).toEqual(['failed', 1, 'refused']);
  expect(await failed('https://localhost:9/model.pkl')).toEqual(['failed', 1, 'refused']);
});

it('the worker stops a scan in a busy loop and renews its lease until then', async () => {
  await open({}, 60_000);
  const slow = Buffer.alloc(500 * 1024 * 1024, '}0');
  slow[slow.length - 1] = '.'.charCodeAt(0);
  const job = await shop.submit(`upload:${await shop.upload({ 'slow.pkl': slow })}`);
  await shop.reached(job, 'running');
  const beats = vi.spyOn(shop.registry.jobs, 'heartbeat');
  const looks = vi.spyOn(shop.registry.jobs, 'claim');
  const twice = async (calls: { readonly mock: { readonly calls: readonly unknown[] } }) => {
    const enough = calls.mock.calls.length + 2;
    await until('two more calls are made', () => calls.mock.calls.length >= enough);
  };
  const start = Date.now();
  try {
    // Most of a lease passes twice; in between the worker renews the lease.
    vi.setSystemTime(start + 50_000);
    await twice(beats);
    vi.setSystemTime(start + 100_000);
    // The worker also looks for jobs with an expired lease.
    await twice(looks);
  } finally {
    vi.useRealTimers();
  }
  expect(await shop.registry.jobs.get(submitter, job.id)).toMatchObject({ state: 'running', attempts: 1 });
  await shop.registry.jobs.cancel(submitter, job.id);
  await shop.queue.cancel(job.id);
  await shop.reached(job, 'cancelled');
  // The worker continues.
  expect((await shop.run(`upload:${await shop.upload({ 'a.pkl': BENIGN })}`)).state).toBe('done');
  expect(await shop.registry.versions(submitter, 'acme/model')).toMatchObject({ items: [{ number: 1 }] });
});

function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

it('the worker reads a whole file from a URL and retries an address that does not answer', async () => {
  await open({ allowPrivateAddresses: true });
  const bytes = noise(3 * 1024 * 1024);
  let asked = 0;
  const server = createServer((request, response) => {
    if (asked++ === 0) return void request.socket.destroy();
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    response.setHeader('etag', '"one"').setHeader('accept-ranges', 'bytes');
    if (from === undefined) return void response.end(request.method === 'HEAD' ? undefined : bytes);
    const last = Math.min(Number(to), bytes.length - 1);
    response.writeHead(206, { 'content-range': `bytes ${from}-${last}/${bytes.length}` });
    response.end(bytes.subarray(Number(from), last + 1));
  });
  const port = await listen(server);
  const job = await shop.run(`http://127.0.0.1:${port}/model.pt`);
  server.close();
  expect(job).toMatchObject({ state: 'done', error: null });
  const [{ assessment } = { assessment: undefined }] = await shop.registry.assessments(submitter, job.version ?? '');
  expect(assessment?.files).toMatchObject([{ sha256: sha256(bytes), digestBasis: 'computed', size: bytes.length }]);
  expect((await costsOf(job, job.attempts)).fetchedBytes).toBeGreaterThanOrEqual(bytes.length);
});

it('the worker retries with a pause as long as the address does not answer', async () => {
  await open({ allowPrivateAddresses: true });
  const port = await freePort();
  const job = await shop.submit(`http://127.0.0.1:${port}/model.pkl`);
  await until('the job was attempted', async () => {
    const { attempts, state } = await shop.registry.jobs.get(submitter, job.id);
    return attempts >= 1 && state === 'queued';
  });
  const up = createServer((_, response) => response.setHeader('etag', '"one"').end(BENIGN));
  await listen(up, port);
  const ended = await shop.reached(job, 'done', 'failed');
  up.close();
  expect(ended.state).toBe('done');
  expect(ended.attempts).toBeGreaterThan(1);
  expect((await costsOf(job, ended.attempts)).attempts).toBe(ended.attempts);
});

let hub: FakeHub;
beforeAll(async () => {
  hub = await FakeHub.start({ token: 'hf_acme' });
});
afterAll(() => hub.close());

it("the worker sends the tenant's token to the Hub and binds a pinned commit", async () => {
  const repo = hub.repo('owner/model');
  repo.gated = true;
  repo.commit([fakeFile('config.json', '{"a": 1}'), fakeFile('model.pt', torchZip([11 * 1024 * 1024]), { lfs: true })]);
  await open({ allowPrivateAddresses: true, hubEndpoint: hub.endpoint });
  writeFileSync(join(shop.config.dataFolder, 'credentials.json'), JSON.stringify({ acme: { HF_TOKEN: 'hf_acme' } }));
  const job = await shop.run('hf://owner/model');
  expect(job.error).toBeNull();
  const version = await shop.registry.version(submitter, { id: job.version ?? '' });
  expect(version.pinned).toEqual([expect.stringMatching(/^hf:\/\/owner\/model@[0-9a-f]{40}$/)]);
  expect(version.digest).toMatch(/^sha256:/);
  const other = await shop.run('hf://owner/model', 'other');
  expect(other).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'unauthorized' } });
});

const assessmentOf = async (job: Job) => {
  const by = { ...submitter, tenant: job.tenant };
  const [newest] = await shop.registry.assessments(by, job.version ?? '', 1);
  return newest?.assessment;
};

it('the worker takes the result of an earlier scan for the same bytes of the tenant, and for no others', async () => {
  await open();
  const upload = async (bytes: Uint8Array, tenant?: string) =>
    shop.run(`upload:${await shop.upload({ 'a.pkl': bytes }, tenant)}`, tenant);
  const first = await upload(BENIGN);
  expect((await assessmentOf(first))?.cached).toBeUndefined();
  const second = await upload(BENIGN);
  expect(second.state).toBe('done');
  expect(await assessmentOf(second)).toMatchObject({
    cached: { from: 'acme/model@1', job: first.id },
    artifact: { ref: second.target },
    files: [{ path: 'a.pkl', sha256: sha256(BENIGN) }],
  });
  expect(await costsOf(second)).toMatchObject({ attempts: 1, reused: 1 });
  expect(await costsOf(first)).toMatchObject({ reused: 0 });
  // Of the same name and size, and other bytes.
  const other = Buffer.from(BENIGN);
  other[other.length - 1] = 0;
  const third = await upload(other);
  expect((await assessmentOf(third))?.cached).toBeUndefined();
  expect((await assessmentOf(third))?.files[0]?.sha256).toBe(sha256(other));
  const stranger = await upload(BENIGN, 'other');
  expect((await assessmentOf(stranger))?.cached).toBeUndefined();
  expect(shop.told).toEqual([]);
});

it('the worker takes nothing again when the operator wants that', async () => {
  const { limits } = (await open()).config;
  await shop.close();
  await open({ limits: { ...limits, maxReuseMs: 0 } });
  const target = `upload:${await shop.upload({ 'a.pkl': BENIGN })}`;
  await shop.run(target);
  expect((await assessmentOf(await shop.run(target)))?.cached).toBeUndefined();
});

it('the worker reads no byte again of a commit of the Hub that it scanned, unless the Hub says something against it', async () => {
  const repo = hub.repo('owner/again');
  const model = fakeFile('model.pt', torchZip([1024 * 1024]), { lfs: true });
  repo.commit([fakeFile('config.json', '{"a": 1}'), model]);
  await open({ allowPrivateAddresses: true, hubEndpoint: hub.endpoint });
  const first = await shop.run('hf://owner/again');
  const second = await shop.run('hf://owner/again');
  expect((await assessmentOf(second))?.cached).toMatchObject({ job: first.id });
  const [before, after] = [await costsOf(first), await costsOf(second)];
  expect(after.fetchedBytes).toBeGreaterThan(0);
  expect(after.fetchedBytes).toBeLessThan(before.fetchedBytes ?? 0);
  Object.assign(model, { security: { status: 'unsafe' } });
  const warned = await shop.run('hf://owner/again');
  expect((await assessmentOf(warned))?.cached).toBeUndefined();
  expect((await assessmentOf(warned))?.findings.map(({ ruleId }) => ruleId)).toContain('hub.verdict.unsafe');
  repo.commit([fakeFile('config.json', '{"a": 2}')]);
  const newer = await shop.run('hf://owner/again');
  expect((await assessmentOf(newer))?.cached).toBeUndefined();
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FakeRepo, fakeFile } from '../../support/fake-hub.ts';
import { noise } from '../../support/temp.ts';
import { barrier, until } from '../../support/until.ts';
import type { Client } from '../routes/harness.ts';
import { npy } from './npy.ts';
import { HUB_TOKEN, ProxyKit, person, TENANT } from './proxy-kit.ts';

/** The interval of the checks whether a download can go on, and of interim responses. */
const [LOOKS_AGAIN_MS, SAYS_SO_MS] = [5_000, 3_000];
const WEIGHTS = noise(3 * 1024 * 1024, 7);

describe('the Hub proxy', () => {
  let kit: ProxyKit;
  let repo: FakeRepo;
  let approved: string;
  let other: string;
  let client: Client;

  beforeAll(async () => {
    kit = await ProxyKit.start();
    repo = kit.hub.repo('owner/model');
    repo.private = true;
    approved = repo.commit([
      fakeFile('config.json', '{"model_type": "bert"}'),
      fakeFile('a/b/näme (1).txt', 'text'),
      fakeFile('empty', ''),
      fakeFile('weights.npy', npy(WEIGHTS), { lfs: true }),
    ]);
    await kit.scanAndApprove(`hf://owner/model@${approved}`);
    other = repo.commit([fakeFile('config.json', '{"other": 1}')]);
    client = await kit.service.as('client', ['gate'], TENANT);
  });
  afterAll(() => kit.close());
  beforeEach(() => kit.hub.heal());
  afterEach(() => void vi.useRealTimers());

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    client.raw(`/hub/owner/model/resolve/${path}`, { method, headers });

  test('sends the file headers that the Hub sends', async () => {
    const response = await get(`${approved}/weights.npy`, {}, 'HEAD');
    expect(response.status).toBe(200);
    const etag = `"${createHash('sha256').update(npy(WEIGHTS)).digest('hex')}"`;
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag,
      'x-linked-etag': etag,
      'x-repo-commit': approved,
      'x-linked-size': String(npy(WEIGHTS).length),
      'content-length': String(npy(WEIGHTS).length),
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect([...response.headers.keys()].filter((name) => name.startsWith('x-xet'))).toEqual([]);
  });

  test.each<[string, number, number, number]>([
    ['bytes=0-99', 206, 0, 100],
    ['bytes=100-', 206, 100, npy(WEIGHTS).length],
    ['bytes=-50', 206, npy(WEIGHTS).length - 50, npy(WEIGHTS).length],
    ['bytes=0-99,200-300', 200, 0, npy(WEIGHTS).length],
    ['bytes=9-3', 200, 0, npy(WEIGHTS).length],
    ['lines=1-2', 200, 0, npy(WEIGHTS).length],
  ])('answers the range %s with %i', async (range, status, start, end) => {
    const response = await get(`${approved}/weights.npy`, { range });
    expect(response.status).toBe(status);
    expect(Buffer.from(await response.arrayBuffer()).equals(npy(WEIGHTS).subarray(start, end))).toBe(true);
    if (status === 206)
      expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${npy(WEIGHTS).length}`);
  });

  test('answers a range beyond the end with 416, and an If-Range of another file with the whole file', async () => {
    const beyond = await get(`${approved}/weights.npy`, { range: `bytes=${npy(WEIGHTS).length}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${npy(WEIGHTS).length}`]);
    const stale = await get(`${approved}/weights.npy`, { range: 'bytes=5-', 'if-range': '"other"' });
    expect([stale.status, stale.headers.get('content-length')]).toEqual([200, String(npy(WEIGHTS).length)]);
    await stale.body?.cancel();
  });

  test('serves unusual names and empty files', async () => {
    expect(await (await get(`${approved}/a/b/${encodeURIComponent('näme (1).txt')}`)).text()).toBe('text');
    const empty = await get(`${approved}/empty`);
    expect([empty.status, await empty.text(), empty.headers.get('content-length')]).toEqual([200, '', '0']);
  });

  test('resolves main to the newest allowed commit and names it', async () => {
    const response = await get('main/config.json');
    expect([response.headers.get('x-repo-commit'), await response.text()]).toEqual([
      approved,
      '{"model_type": "bert"}',
    ]);
    expect(await (await client.raw('/hub/api/models/owner/model')).json()).toMatchObject({ sha: approved });
  });

  test('resolves a tag as the Hub does, and refuses it if its commit is not approved', async () => {
    repo.refs.set('v1', approved).set('v2', other);
    expect((await get('v1/config.json', {}, 'HEAD')).headers.get('x-repo-commit')).toBe(approved);
    const refused = await get('v2/config.json', {}, 'HEAD');
    expect([refused.status, refused.headers.get('x-error-code')]).toEqual([403, 'GatedRepo']);
    expect(refused.headers.get('x-error-message')).toMatch(/does not know .* \(v2\): it was not scanned/);
  });

  test('reports a revision and a model that do not exist', async () => {
    const paths = [
      'owner/model/resolve/nope/config.json',
      'api/models/owner/model/revision/nope',
      'api/models/owner/no',
    ];
    const codes = [];
    for (const path of paths) codes.push((await client.raw(`/hub/${path}`)).headers.get('x-error-code'));
    expect(codes).toEqual(['RevisionNotFound', 'RevisionNotFound', 'RepoNotFound']);
  });

  test('repeats a refusal in a warning header, which clients print, but not a missing file', async () => {
    const refused = await get(`${other}/config.json`, {}, 'HEAD');
    const message = refused.headers.get('x-error-message');
    expect(refused.headers.get('x-hf-warning')?.split('; ')).toEqual([
      expect.stringMatching(/^assay-[0-9a-f]{16}$/),
      ...(message?.split('; ') ?? []),
    ]);
    expect((await get(`${approved}/generation_config.json`, {}, 'HEAD')).headers.get('x-hf-warning')).toBeNull();
  });

  test('answers whoami, refs and auth-check requests of clients', async () => {
    const whoami = await client.raw('/hub/api/whoami-v2');
    expect(await whoami.json()).toMatchObject({
      type: 'user',
      name: 'client',
      orgs: [{ name: TENANT }],
      auth: { accessToken: { displayName: 'client', role: 'read' } },
    });
    expect((await fetch(`${kit.endpoint}/api/whoami-v2`)).status).toBe(401);
    expect(await (await client.raw('/hub/api/models/owner/model/refs')).json()).toEqual({
      branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: approved }],
      converts: [],
      tags: [],
      pullRequests: [],
    });
    expect((await client.raw('/hub/api/models/owner/model/auth-check')).status).toBe(200);
    kit.hub.repo('owner/shut').commit([fakeFile('config.json', '{}')]);
    const shut = await client.raw('/hub/api/models/owner/shut/auth-check');
    expect([shut.status, shut.headers.get('x-error-code')]).toEqual([403, 'GatedRepo']);
  });

  test.each([
    ['POST', 'api/repos/create'],
    ['POST', 'api/models/owner/model/commit/main'],
    ['PUT', 'owner/model/resolve/main/config.json'],
    ['DELETE', 'api/repos/delete'],
  ])('refuses an upload by %s %s and says where to upload', async (method, path) => {
    const response = await client.raw(`/hub/${path}`, { method, body: '{"name": "x"}' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(response.headers.get('x-error-message')).toMatch(
      /it accepts no uploads; to upload, set HF_ENDPOINT to the Hub/,
    );
  });

  test('gives the reason, the report and the next step for what is not approved', async () => {
    const unsafe = kit.hub.repo('owner/unsafe');
    const commit = unsafe.commit([fakeFile('config.json', '{}')]);
    const id = await kit.scan(`hf://owner/unsafe@${commit}`);
    const response = await client.raw(`/hub/owner/unsafe/resolve/${commit}/config.json`);
    expect(response.status).toBe(403);
    expect(response.headers.get('x-error-code')).toBe('GatedRepo');
    expect(response.headers.get('x-error-message')).toContain(
      `Assay does not serve hf://owner/unsafe@${commit} for production: it is at the stage candidate, and is not approved`,
    );
    expect(response.headers.get('x-error-message')).toContain(`/v1/versions/${id}/report?format=html`);
    expect(await response.json()).toMatchObject({ status: 403, code: 'not-approved' });
  });

  test('does not serve quarantined bytes under any model', async () => {
    const fallen = kit.hub.repo('owner/fallen');
    const commit = fallen.commit([fakeFile('config.json', '{"fallen": true}')]);
    const id = await kit.scanAndApprove(`hf://owner/fallen@${commit}`);
    const path = `/hub/owner/fallen/resolve/${commit}/config.json`;
    expect((await client.raw(path)).status).toBe(200);
    await kit.service.registry.quarantine(person('selma', ['security-approver']), id, 'it phones home');
    const response = await client.raw(path);
    expect([response.status, response.headers.get('x-error-message')]).toEqual([
      403,
      expect.stringContaining('it is quarantined: it phones home'),
    ]);
  });

  test('does not serve what is quarantined during its own download', async () => {
    const late = kit.hub.repo('owner/late');
    const commit = late.commit([fakeFile('w.npy', npy(noise(50_000, 31)), { lfs: true })]);
    const id = await kit.scanAndApprove(`hf://owner/late@${commit}`);
    const asked = new Promise<void>((resolve) => {
      kit.hub.onRequest = ({ server, method }) => server === 'cdn' && method === 'GET' && resolve();
    });
    let goOn = () => {};
    kit.hub.fail(/GET cdn:/, {
      waitsFor: new Promise<void>((resolve) => {
        goOn = resolve;
      }),
    });
    const answer = client.raw(`/hub/owner/late/resolve/${commit}/w.npy`);
    await asked;
    kit.hub.onRequest = undefined;
    await kit.service.registry.quarantine(person('selma', ['security-approver']), id, 'it phones home');
    goOn();
    const response = await answer;
    expect([response.status, response.headers.get('x-error-message')]).toEqual([
      403,
      expect.stringContaining('it is quarantined: it phones home'),
    ]);
  });

  test('cuts a running download when its version is quarantined, and refuses to resume it', async () => {
    const long = kit.hub.repo('owner/long');
    const bytes = npy(noise(64 * 1024 * 1024, 32));
    const commit = long.commit([fakeFile('w.npy', bytes, { lfs: true })]);
    const id = await kit.scanAndApprove(`hf://owner/long@${commit}`);
    const path = `/hub/owner/long/resolve/${commit}/w.npy`;
    // The periodic check of the download runs when the test advances the clock.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const connected = once(kit.service.app.server, 'connection') as Promise<[Socket]>;
    const asking = request(`${kit.service.url}${path}`, {
      agent: false,
      headers: { authorization: `Bearer ${client.token}` },
    });
    const [[answer], [socket]] = await Promise.all([
      once(asking.end(), 'response') as Promise<[IncomingMessage]>,
      connected,
    ]);
    expect(answer.statusCode).toBe(200);
    // A slow client: it reads no more before the download is cut.
    await once(answer, 'readable');
    expect(answer.read()).not.toBeNull();
    await kit.service.registry.quarantine(person('selma', ['security-approver']), id, 'it phones home');
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(LOOKS_AGAIN_MS);
    await until('the download is cut', () => socket.destroyed);
    vi.useRealTimers();
    await expect(buffer(answer)).rejects.toThrow('aborted');
    const rest = await client.raw(path, { headers: { range: 'bytes=1000-' } });
    expect([rest.status, rest.headers.get('x-error-code')]).toEqual([403, 'GatedRepo']);
  });

  test("never sends the Hub's token to a client nor the client's token to the Hub", async () => {
    const seen = kit.hub.requests.map(({ server, headers }) => [server, headers.authorization]);
    expect(new Set(seen.filter(([server]) => server === 'hub').map(([, value]) => value))).toEqual(
      new Set([`Bearer ${HUB_TOKEN}`]),
    );
    expect(seen.filter(([server, value]) => server !== 'hub' && value !== undefined)).toEqual([]);
    const response = await get(`${approved}/config.json`);
    expect(JSON.stringify(Object.fromEntries(response.headers))).not.toContain(HUB_TOKEN);
  });

  test('serves only holders of a token of the tenant', async () => {
    const stranger = await kit.service.as('stranger', ['gate'], 'other');
    const theirs = await stranger.raw(`/hub/owner/model/resolve/${approved}/config.json`);
    expect(theirs.status).toBe(403);
    const none = await fetch(`${kit.endpoint}/owner/model/resolve/${approved}/config.json`);
    expect([none.status, none.headers.get('x-error-message')]).toEqual([401, expect.stringContaining('set HF_TOKEN')]);
    const wrong = await fetch(`${kit.endpoint}/owner/model/resolve/${approved}/config.json`, {
      headers: { authorization: `Bearer ${HUB_TOKEN}` },
    });
    expect(wrong.status).toBe(401);
  });

  test.each([
    ['/hub/owner/model/resolve/main/../../../../etc/passwd', 404],
    ['/hub/owner/model/resolve/main/..%2f..%2fetc%2fpasswd', 404],
    ['/hub/owner/model/resolve/..%2f..%2fx/config.json', 404],
    ['/hub/owner%2f..%2fx/model/resolve/main/config.json', 404],
    ['/hub/datasets/squad/resolve/main/config.json', 404],
    ['/hub/datasets/owner/squad/resolve/main/config.json', 404],
    ['/hub/api/datasets/owner/squad', 404],
    ['/hub/owner/model/resolve/main/missing.json', 404],
  ])('answers %s with %i', async (path, status) => {
    const response = await client.raw(path, { method: 'HEAD' });
    expect([response.status, response.headers.get('x-error-code')]).toEqual([
      status,
      expect.stringMatching(/NotFound$/),
    ]);
  });

  describe('a Hub response that differs from the commit', () => {
    test.each<[string, number, Parameters<ProxyKit['hub']['fail']>[1], string]>([
      ['another byte', 21, { corrupt: true }, 'upstream-mismatch'],
      ['a cut body', 22, { truncateAt: 1000 }, 'upstream-away'],
      ['another length', 23, { totalBytes: 70_000 }, 'upstream-mismatch'],
      ['no answer', 24, { reset: true }, 'upstream-away'],
    ])('with %s is refused, and no byte of it is sent', async (name, seed, fault, code) => {
      const slug = name.replaceAll(' ', '-');
      const bytes = npy(noise(64 * 1024, seed));
      const commit = kit.hub.repo(`owner/${slug}`).commit([fakeFile('w.npy', bytes, { lfs: true })]);
      await kit.scanAndApprove(`hf://owner/${slug}@${commit}`);
      kit.hub.fail(/cdn:/, fault);
      const response = await client.raw(`/hub/owner/${slug}/resolve/${commit}/w.npy`);
      expect([response.status, codeOf(await response.json())]).toEqual([502, code]);
      kit.hub.heal();
      const hinted = await client.raw(`/hub/owner/${slug}/resolve/${commit}/w.npy`);
      expect(Buffer.from(await hinted.arrayBuffer()).equals(bytes)).toBe(true);
    });

    test('with another file listing is refused', async () => {
      const rewritten = kit.hub.repo('owner/rewritten');
      const files = [fakeFile('config.json', '{"n": 1}')];
      const commit = rewritten.commit(files);
      await kit.scanAndApprove(`hf://owner/rewritten@${commit}`);
      rewritten.commits.set(commit, [...files, fakeFile('modeling.py', 'import os')]);
      const response = await client.raw(`/hub/owner/rewritten/resolve/${commit}/config.json`);
      expect([response.status, codeOf(await response.json())]).toEqual([502, 'upstream-mismatch']);
    });

    test('leaves no partial file', () => {
      expect(readdirSync(join(kit.folder, 'gate', TENANT, 'blobs', 'incoming'))).toEqual([]);
    });
  });

  test('sends interim responses during a download, but not through a proxy, which can take one for the final response', async () => {
    const slow = [];
    for (const [index, how] of ['proxied', 'direct'].entries()) {
      const slug = `owner/slow-${how}`;
      const bytes = npy(noise(10_000, 40 + index));
      const commit = kit.hub.repo(slug).commit([fakeFile('w.npy', bytes, { lfs: true })]);
      await kit.scanAndApprove(`hf://${slug}@${commit}`);
      slow.push({ how, slug, bytes, commit });
    }
    const sockets: Socket[] = [];
    const keep = (socket: Socket) => void sockets.push(socket);
    const { server } = kit.service.app;
    server.on('connection', keep);
    const asked = () => kit.hub.requests.filter(({ server: at, url }) => at === 'cdn' && url.includes('slow-')).length;
    const before = asked();
    const come = barrier();
    kit.hub.fail(/GET cdn:\/owner%2Fslow-/, { waitsFor: come.opened });
    // The timer of interim responses runs when the test advances the clock.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const interim: string[] = [];
    const downloads = slow.map(async ({ how, slug, bytes, commit }) => {
      const headers = {
        authorization: `Bearer ${client.token}`,
        ...(how === 'proxied' ? { 'x-forwarded-for': '192.0.2.1' } : {}),
      };
      const asking = request(`${kit.endpoint}/${slug}/resolve/${commit}/w.npy`, { agent: false, headers });
      asking.on('information', () => interim.push(how)).end();
      const [answer] = await once(asking, 'response');
      const got = await buffer(answer);
      return [how, answer.statusCode, got.equals(bytes)];
    });
    await until('both wait for the Hub', () => asked() === before + 2);
    // The idle timeout does not apply meanwhile.
    expect(sockets.map(({ timeout }) => timeout)).toEqual([0, 0]);
    vi.advanceTimersByTime(3 * SAYS_SO_MS);
    await until('three interim responses arrived', () => interim.length === 3);
    come.open();
    // A client receives the interim responses before the final one.
    expect(await Promise.all(downloads)).toEqual([
      ['proxied', 200, true],
      ['direct', 200, true],
    ]);
    expect(interim).toEqual(['direct', 'direct', 'direct']);
    server.off('connection', keep);
  });

  test('counts its responses in the metrics', async () => {
    const { decisions } = kit.service.app.metrics;
    const count = async (action: string) =>
      (await decisions.get()).values.find(({ labels }) => labels.action === action)?.value ?? 0;
    const before = [await count('allow'), await count('deny')];
    await get(`${approved}/config.json`, {}, 'HEAD');
    await get(`${other}/config.json`, {}, 'HEAD');
    const [allow = 0, deny = 0] = before;
    expect([await count('allow'), await count('deny')]).toEqual([allow + 1, deny + 1]);
  });

  test('downloads a file once for concurrent requests', async () => {
    const popular = kit.hub.repo('owner/popular');
    const bytes = npy(noise(2 * 1024 * 1024, 11));
    const commit = popular.commit([fakeFile('w.npy', bytes, { lfs: true })]);
    await kit.scanAndApprove(`hf://owner/popular@${commit}`);
    const before = kit.hub.requests.filter(({ server }) => server === 'cdn').length;
    const bodies = await Promise.all(
      Array.from({ length: 8 }, async () =>
        Buffer.from(await (await client.raw(`/hub/owner/popular/resolve/${commit}/w.npy`)).arrayBuffer()),
      ),
    );
    expect(bodies.every((body) => body.equals(bytes))).toBe(true);
    expect(kit.hub.requests.filter(({ server }) => server === 'cdn').length).toBe(before + 1);
  });
});

function codeOf(problem: unknown): unknown {
  return typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : undefined;
}

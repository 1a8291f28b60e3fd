import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import { type FakeHub, type FakeRepo, fakeFile } from '../../support/fake-hub.ts';
import { big, errorOf, fileOf, HubHarness, MiB, TOKEN, textOf } from '../../support/hub-harness.ts';

let harness: HubHarness;
let hub: FakeHub;
let repo: FakeRepo;
const open = (ref?: string, env?: NodeJS.ProcessEnv) => harness.open(ref, env);

beforeEach(async () => {
  harness = await HubHarness.start();
  ({ hub, repo } = harness);
});
afterEach(() => harness.close());

describe('a repository', () => {
  test('is listed over all pages and pinned, with claimed digests', async () => {
    const files = [
      fakeFile('config.json', '{}'),
      fakeFile('a b/ü.txt', 'text'),
      fakeFile('a b/c/deep', 'x'),
      fakeFile('small.bin', 'w', { lfs: true }),
      big(),
    ];
    const commit = repo.commit(files);
    const artifact = await open();
    expect(artifact).toMatchObject({ ref: 'hf://owner/model', pinned: `hf://owner/model@${commit}`, notes: [] });
    const seen = artifact.files.map(({ path, size, distance, claimed }) => [
      path,
      size,
      distance,
      claimed?.algorithm,
      claimed?.hex,
    ]);
    expect(seen.sort()).toEqual(
      [
        ['config.json', 2, 'near', 'git-sha1', files[0]?.oid],
        ['a b/ü.txt', 4, 'near', 'git-sha1', files[1]?.oid],
        ['a b/c/deep', 1, 'near', 'git-sha1', files[2]?.oid],
        ['small.bin', 1, 'near', 'sha256', files[3]?.oid],
        ['model.bin', 20 * MiB, 'far', 'sha256', files[4]?.oid],
      ].sort(),
    );
    expect(await textOf(artifact, 'a b/ü.txt')).toBe('text');
    expect(await textOf(artifact, 'small.bin')).toBe('w');
  });

  test('is opened by a browser URL, a legacy name, a revision, a folder and a file', async () => {
    const first = repo.commit([fakeFile('config.json', 'first'), fakeFile('sub/x', 'x')], 'refs/pr/1');
    const second = repo.commit([fakeFile('config.json', 'second')]);
    const legacy = hub.repo('gpt2').commit([fakeFile('config.json', 'legacy')]);
    expect((await open('hf://gpt2')).pinned).toBe(`hf://gpt2@${legacy}`);
    expect((await open(`${hub.endpoint}/owner/model`)).pinned).toBe(`hf://owner/model@${second}`);
    expect((await open(`${hub.endpoint}/owner/model/tree/refs%2Fpr%2F1`)).pinned).toBe(`hf://owner/model@${first}`);
    expect(await textOf(await open(`hf://owner/model@${first}`), 'config.json')).toBe('first');
    const folder = await open('hf://owner/model@refs/pr/1/sub');
    expect([folder.pinned, folder.files.map((file) => file.path)]).toEqual([`hf://owner/model@${first}/sub`, ['x']]);
    const file = await open(`${hub.endpoint}/owner/model/blob/main/config.json`);
    expect([file.pinned, file.files.map((one) => one.path)]).toEqual([
      `hf://owner/model@${second}/config.json`,
      ['config.json'],
    ]);
  });

  test('is read at its commit after its branch moved', async () => {
    const commit = repo.commit([
      fakeFile('config.json', 'old'),
      fakeFile('b', 'b'),
      fakeFile('c', 'c'),
      fakeFile('d', 'd'),
    ]);
    hub.onRequest = (request) => {
      if (request.url.includes('/tree/')) repo.commit([fakeFile('config.json', 'new')]);
    };
    const artifact = await open();
    expect(artifact.pinned).toBe(`hf://owner/model@${commit}`);
    expect(await textOf(artifact, 'config.json')).toBe('old');
    const later = hub.requests.slice(1).map((request) => request.url);
    expect(later.length).toBeGreaterThan(2);
    for (const url of later) expect(url).toContain(commit);
  });
});

describe('the token', () => {
  test('is sent to the Hub and to no other server', async () => {
    repo.gated = true;
    repo.commit([big(), ...['a', 'b', 'c', 'd'].map((name) => fakeFile(name, name))]);
    const artifact = await open('hf://owner/model', { HF_TOKEN: TOKEN });
    const source = await fileOf(artifact, 'model.bin').open();
    await source.read(10 * MiB, 16);
    await source.close();
    const of = (server: string) => hub.requests.filter((request) => request.server === server);
    expect(of('hub').length).toBeGreaterThan(3);
    for (const request of of('hub')) expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(of('cdn').length).toBeGreaterThan(1);
    for (const request of of('cdn')) expect(JSON.stringify(request.headers)).not.toContain(TOKEN);
    expect(artifact.notes.join()).toMatch(/unencrypted/);
  });

  test('is not sent to the target of a Link header', async () => {
    repo.commit(['a', 'b', 'c', 'd'].map((name) => fakeFile(name, name)));
    hub.nextPageOrigin = hub.origin('foreign');
    await open('hf://owner/model', { HF_TOKEN: TOKEN });
    const foreign = hub.requests.filter((request) => request.server === 'foreign');
    expect(foreign.length).toBe(1);
    expect(JSON.stringify(foreign[0]?.headers)).not.toContain(TOKEN);
  });
});

describe('an error of the Hub is reported for', () => {
  test.each([
    [
      'a gated repository',
      { gated: true },
      {},
      'unauthorized',
      /accept the terms at http.*owner\/model, then set HF_TOKEN/,
    ],
    ['a private repository', { private: true }, {}, 'not-found', /set HF_TOKEN/],
    ['a wrong token', {}, { HF_TOKEN: 'hf_other' }, 'unauthorized', /valid/],
  ])('%s', async (_, state, env, code, hint) => {
    Object.assign(repo, state).commit([fakeFile('config.json', '{}')]);
    const error = await errorOf(open('hf://owner/model', env).then((artifact) => textOf(artifact, 'config.json')));
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
  });

  test('missing names, revisions and files', async () => {
    repo.commit([fakeFile('config.json', '{}')]);
    expect(await errorOf(open('hf://owner/other', { HF_TOKEN: TOKEN }))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('owner/other'),
    });
    expect(await errorOf(open('hf://owner/model@v9'))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('v9'),
    });
    expect(await errorOf(open('hf://owner/model@main/none'))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('none'),
    });
    hub.repo('owner/empty').commit([]);
    expect(await errorOf(open('hf://owner/empty'))).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/nothing to scan/),
    });
  });

  test('rate limits, which are waited out if they are short', async () => {
    repo.commit([fakeFile('config.json', '{}')]);
    hub.fail(/revision/, { status: 429, headers: { 'retry-after': '0' } }, 2);
    hub.fail(/resolve/, { status: 503 }, 1);
    expect(await textOf(await open(), 'config.json')).toBe('{}');
    hub.fail(/revision/, { status: 429, headers: { 'retry-after': '9999' } });
    expect(await errorOf(open())).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/429.*9999 seconds/),
    });
    hub.heal();
    hub.fail(/revision/, { status: 500 });
    expect((await errorOf(open())).code).toBe('network');
  });

  test('a server that is not a Hub', async () => {
    for (const body of ['<html>', '[]', 'null', '{"sha":"main"}', `{"sha":"${'A'.repeat(40)}"}`]) {
      hub.heal();
      hub.fail(/revision/, { status: 200, body });
      expect(await errorOf(open())).toMatchObject({ code: 'network', hint: expect.stringMatching(/HF_ENDPOINT/) });
    }
    expect((await errorOf(open('hf://owner/model', { HF_ENDPOINT: 'http://127.0.0.1:1' }))).code).toBe('network');
    expect((await errorOf(open('hf://owner/model', { HF_ENDPOINT: 'ftp://x' }))).code).toBe('usage');
  });
});

describe('a listing', () => {
  const oid = '0'.repeat(40);
  test.each([
    ['with a path that has "../"', [{ type: 'file', path: '../x', size: 1, oid }]],
    ['with an absolute path', [{ type: 'file', path: '/etc/passwd', size: 1, oid }]],
    ['with a negative size', [{ type: 'file', path: 'x', size: -1, oid }]],
    ['with a size that is a string', [{ type: 'file', path: 'x', size: '1', oid }]],
    ['with an invalid digest', [{ type: 'file', path: 'x', size: 1, oid: '../../x' }]],
    ['with an invalid LFS digest', [{ type: 'file', path: 'x', size: 1, oid, lfs: { size: 1, oid } }]],
    ['with a repeated file', [1, 2].map((size) => ({ type: 'file', path: 'x', size, oid }))],
    ['with an unknown entry type', [{ type: 'submodule', path: 'x', size: 1, oid }]],
    ['without entries', [null]],
  ])('%s is refused', async (_, entries) => {
    repo.commit([fakeFile('config.json', '{}')]);
    hub.fail(/tree/, { status: 200, body: JSON.stringify(entries) });
    expect(['malformed', 'network']).toContain((await errorOf(open())).code);
  });

  test('without an end is refused', async () => {
    repo.commit([fakeFile('config.json', '{}')]);
    const link = `<${hub.endpoint}/api/models/owner/model/tree/main>; rel="next"`;
    hub.fail(/tree/, { status: 200, headers: { link }, body: '[]' });
    expect((await errorOf(open())).code).toBe('limit');
    hub.heal();
    repo.commit(Array.from({ length: 9 }, (_, i) => fakeFile(`f${i}`, 'x')));
    const few = openArtifact('hf://owner/model', { ...harness.options(), limits: { ...DEFAULT_LIMITS, maxFiles: 8 } });
    expect((await errorOf(few)).code).toBe('limit');
  });
});

describe('files fetched whole', () => {
  test('are refused when their bytes do not match the announced digest', async () => {
    repo.commit([fakeFile('config.json', '{}'), fakeFile('small.bin', 'weights', { lfs: true })]);
    const artifact = await open();
    hub.fail(/resolve.*config|cdn/, { corrupt: true });
    expect(await errorOf(textOf(artifact, 'config.json'))).toMatchObject({
      code: 'mismatch',
      message: expect.stringMatching(/git-sha1/),
    });
    expect(await errorOf(textOf(artifact, 'small.bin'))).toMatchObject({
      code: 'mismatch',
      message: expect.stringMatching(/sha256/),
    });
  });

  test('are refused when their length does not match', async () => {
    repo.commit([
      fakeFile('short', 'x'.repeat(100), { size: 200 }),
      fakeFile('long', 'x'.repeat(200), { size: 100 }),
      fakeFile('huge', 'x', { size: 2 ** 50 }),
    ]);
    const artifact = await open();
    for (const path of ['short', 'long']) expect((await errorOf(textOf(artifact, path))).code).toBe('mismatch');
    expect((await errorOf(textOf(artifact, 'huge'))).code).toBe('limit');
  });

  test('are resumed where the connection broke', async () => {
    const content = Buffer.alloc(3 * MiB, 'abc');
    repo.commit([fakeFile('notes.txt', content)]);
    const artifact = await open();
    hub.fail(/resolve/, { truncateAt: MiB }, 2);
    expect((await textOf(artifact, 'notes.txt')) === content.toString()).toBe(true);
    const ranges = hub.requests
      .filter((request) => request.url.includes('resolve'))
      .map((request) => request.headers.range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/), expect.stringMatching(/^bytes=\d+-$/)]);
    hub.fail(/resolve/, { truncateAt: 10 });
    expect((await errorOf(textOf(artifact, 'notes.txt'))).code).toBe('network');
  });

  test('leave no temporary file after success and after an error', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'assay-hub-'));
    vi.stubEnv('TMPDIR', temporary);
    const content = Buffer.alloc(12 * MiB, 'abc');
    repo.commit([fakeFile('big.txt', content), fakeFile('wrong.txt', content, { oid: '0'.repeat(40) })]);
    const artifact = await open();
    expect((await textOf(artifact, 'big.txt')).length).toBe(content.length);
    expect((await errorOf(textOf(artifact, 'wrong.txt'))).code).toBe('mismatch');
    expect(readdirSync(temporary)).toEqual([]);
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true });
  });
});

test('the token is read from where huggingface_hub stores it', async () => {
  const { hubSettings } = await import('../../../src/sources/hub-cache/settings.ts');
  const { writeFileSync } = await import('node:fs');
  const home = mkdtempSync(join(tmpdir(), 'hf-home-'));
  expect(hubSettings({ HF_HOME: home })).toMatchObject({
    token: undefined,
    cacheFolder: join(home, 'hub'),
    endpoint: 'https://huggingface.co',
  });
  writeFileSync(join(home, 'token'), `${TOKEN}\n`);
  expect(hubSettings({ HF_HOME: home }).token).toBe(TOKEN);
  expect(hubSettings({ HF_HOME: home, HF_TOKEN: 'hf_own' }).token).toBe('hf_own');
  expect(hubSettings({ HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }).token).toBeUndefined();
  expect(hubSettings({ HF_TOKEN_PATH: join(home, 'token'), HF_HOME: '/nonexistent' }).token).toBe(TOKEN);
  expect(hubSettings({ XDG_CACHE_HOME: '/x' }).cacheFolder).toBe('/x/huggingface/hub');
  expect(hubSettings({ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/b', HF_HUB_CACHE: '/a' }).cacheFolder).toBe('/a');
  expect(() => hubSettings({ HF_TOKEN: 'hf s3cret' })).toThrow(/not allowed in a token/);
  rmSync(home, { recursive: true });
  expect(existsSync(home)).toBe(false);
});

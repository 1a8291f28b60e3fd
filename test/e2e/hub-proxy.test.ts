import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ALIVE_MS } from '../../src/service/hub-proxy/hand-out.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { npy } from '../service/hub-proxy/npy.ts';
import { HUB_TOKEN, ProxyKit, person } from '../service/hub-proxy/proxy-kit.ts';
import { type FakeRepo, fakeFile } from '../support/fake-hub.ts';
import { BrittleLine, HOW_HUB_CLIENT, hasHubClient, runHubClient, runPython } from '../support/hub-client.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { noise } from '../support/temp.ts';
import { barrier, until } from '../support/until.ts';

const CONFIG = { architectures: ['BertModel'], model_type: 'bert', hidden_size: 48, num_attention_heads: 4 };
const TOKENIZER = {
  version: '1.0',
  added_tokens: [],
  pre_tokenizer: { type: 'Whitespace' },
  model: { type: 'WordLevel', vocab: { '[UNK]': 0, hello: 1, world: 2 }, unk_token: '[UNK]' },
};
/** Reads a URL with Python's own client, and prints the digest of the body. */
const HTTP_CLIENT = [
  'import hashlib, sys, urllib.request',
  'headers = {"authorization": "Bearer " + sys.argv[2], "user-agent": "unknown/None; hf_hub/0.36.0; python/3.11"}',
  'request = urllib.request.Request(sys.argv[1], headers=headers)',
  'print(hashlib.sha256(urllib.request.urlopen(request, timeout=600).read()).hexdigest())',
].join('\n');
const BIG = npy(noise(11 * 1024 * 1024, 5));

requirePart(
  'huggingface_hub',
  hasHubClient,
  HOW_HUB_CLIENT,
  'the Hub proxy with its real clients',
  () => {
    let kit: ProxyKit;
    let token: string;
    let repo: FakeRepo;
    let approved: string;
    let unapproved: string;
    let version: string;
    let homes = 0;

    beforeAll(async () => {
      kit = await ProxyKit.start();
      token = await kit.token('users');
      repo = kit.hub.repo('owner/model');
      repo.gated = true;
      approved = repo.commit([
        fakeFile('config.json', JSON.stringify(CONFIG)),
        fakeFile('tokenizer.json', JSON.stringify(TOKENIZER)),
        fakeFile('tokenizer_config.json', '{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}'),
        fakeFile('a/b/ü (1).txt', 'text'),
        fakeFile('a/empty.txt', ''),
        fakeFile('weights.npy', BIG, { lfs: true }),
        fakeFile('a/more.npy', npy(noise(100_000, 6)), { lfs: true }),
      ]);
      repo.refs.set('refs/pr/1', approved);
      version = await kit.scanAndApprove(`hf://owner/model@${approved}`);
      unapproved = repo.commit([fakeFile('config.json', JSON.stringify({ ...CONFIG, hidden_size: 96 }))]);
      await kit.scan(`hf://owner/model@${unapproved}`);
    }, 240_000);
    afterAll(() => kit.close());
    beforeEach(() => kit.hub.heal());

    /** A client with an empty cache. */
    function fresh(changes: { endpoint?: string; token?: string; env?: NodeJS.ProcessEnv } = {}) {
      homes += 1;
      const home = join(kit.folder, `home-${homes}`);
      mkdirSync(home);
      return { endpoint: kit.endpoint, token, home, ...changes };
    }

    test('serves the same snapshot of an approved commit as the Hub itself, byte for byte', async () => {
      const ours = fresh();
      const theirs = fresh({ endpoint: kit.hub.endpoint, token: HUB_TOKEN });
      const request = [{ do: 'snapshot', repo: 'owner/model', revision: approved }];
      const [fromProxy] = await runHubClient(ours, request);
      const [fromHub] = await runHubClient(theirs, request);
      expect([fromProxy?.message, fromHub?.message]).toEqual([undefined, undefined]);
      const layout = layoutOf(ours.home);
      expect(layout.length).toBeGreaterThan(12);
      expect(layout).toEqual(layoutOf(theirs.home));
    });

    test('resolves main, and a file of it, to the newest approved commit', async () => {
      const client = fresh();
      const [folder, file, pr] = await runHubClient(client, [
        { do: 'snapshot', repo: 'owner/model' },
        { do: 'file', repo: 'owner/model', path: 'config.json' },
        { do: 'file', repo: 'owner/model', path: 'config.json', revision: 'refs/pr/1' },
      ]);
      expect(folder?.answer).toMatch(new RegExp(`/snapshots/${approved}$`));
      expect(file?.answer).toBe(`${folder?.answer}/config.json`);
      expect(pr?.answer).toBe(file?.answer);
      expect(JSON.parse(readFileSync(file?.answer, 'utf8'))).toEqual(CONFIG);
      expect(readFileSync(join(client.home, 'hub/models--owner--model/refs/main'), 'utf8')).toBe(approved);
    });

    test('refuses an unapproved commit with the reason and the remedy', async () => {
      const answers = await runHubClient(fresh(), [
        { do: 'snapshot', repo: 'owner/model', revision: unapproved },
        { do: 'file', repo: 'owner/model', path: 'config.json', revision: unapproved },
      ]);
      for (const { error, message } of answers) {
        expect(error).toBe('GatedRepoError');
        expect(message).toContain(`Assay does not serve hf://owner/model@${unapproved} for production`);
        expect(message).toContain('it is at the stage candidate, and is not approved');
        expect(message).toMatch(
          /see the report at \S+\/v1\/versions\/[\w-]+\/report\?format=html; request its approval there/,
        );
      }
    });

    test('reports an unknown model and an invalid token', async () => {
      kit.hub.repo('owner/stray').commit([fakeFile('config.json', '{}')]);
      const [stray, missing] = await runHubClient(fresh(), [
        { do: 'snapshot', repo: 'owner/stray' },
        { do: 'snapshot', repo: 'owner/nowhere' },
      ]);
      expect([stray?.error, stray?.message]).toEqual([
        'GatedRepoError',
        expect.stringMatching(/Assay does not know hf:\/\/owner\/stray@[0-9a-f]{40} \(main\): it was not scanned/),
      ]);
      expect([missing?.error, missing?.message]).toEqual([
        'RepositoryNotFoundError',
        expect.stringContaining('the Hub has no model owner/nowhere'),
      ]);
      const request = [{ do: 'snapshot', repo: 'owner/model' }];
      const [wrong] = await runHubClient(fresh({ token: HUB_TOKEN }), request);
      expect([wrong?.error, wrong?.message]).toEqual([
        'GatedRepoError',
        expect.stringContaining('set HF_TOKEN to an API token of Assay with the role gate'),
      ]);
    });

    test('answers the requests that libraries send before a download', async () => {
      const [asked] = await runHubClient(fresh(), [{ do: 'look', repo: 'owner/model' }]);
      expect(asked?.message).toBeUndefined();
      expect(asked?.answer).toMatchObject({
        sha: approved,
        ls: expect.arrayContaining(['owner/model/a', 'owner/model/config.json']),
        glob: expect.arrayContaining(['owner/model/a/empty.txt', 'owner/model/a/b/ü (1).txt']),
        read: JSON.stringify(CONFIG),
        exists: [true, false],
        refs: [['main', approved]],
        paths: expect.arrayContaining([['config.json', JSON.stringify(CONFIG).length]]),
      });
      expect(asked?.answer.files.sort()).toEqual(
        repo.commits
          .get(approved)
          ?.map(({ path }) => path)
          .sort(),
      );
      expect(asked?.answer.siblings).toContainEqual([
        'weights.npy',
        BIG.length,
        repo.commits.get(approved)?.find(({ path }) => path === 'weights.npy')?.oid,
      ]);
    });

    test("has its reason shown by the Hub's command line and by transformers", async () => {
      const why = `Assay does not serve hf://owner/model@${unapproved} for production: it is at the stage candidate`;
      const [download, upload, missing, config, login] = await runHubClient(fresh(), [
        { do: 'hf', args: ['download', 'owner/model', '--revision', unapproved] },
        { do: 'hf', args: ['upload', 'owner/model', kit.folder, '--include', 'nothing'] },
        { do: 'hf', args: ['download', 'owner/model', '--revision', 'nope'] },
        { do: 'config', repo: 'owner/nowhere' },
        { do: 'login' },
      ]);
      expect(download?.answer).toEqual([1, expect.stringContaining(why)]);
      expect(upload?.answer).toEqual([1, expect.stringContaining('it accepts no uploads; to upload, set HF_ENDPOINT')]);
      expect(missing?.answer).toEqual([1, expect.stringContaining('has no revision "nope"')]);
      expect(config?.error).toBe('OSError');
      expect(login).toEqual({ answer: 'users' });
    });

    test('lets transformers load a configuration and a tokenizer with changes to the environment only', async () => {
      const [loaded] = await runHubClient(fresh(), [{ do: 'config', repo: 'owner/model' }]);
      expect(loaded).toEqual({ answer: ['bert', 48, [1, 2]] });
    });

    // The client stores its download in pieces of 10 MiB.
    test('resumes an interrupted download', async () => {
      const line = await BrittleLine.to(kit.service.url, 10.5 * 1024 * 1024);
      const client = fresh({ endpoint: `${line.origin}/hub` });
      const [file] = await runHubClient(client, [
        { do: 'file', repo: 'owner/model', path: 'weights.npy', revision: approved },
      ]);
      await line.close();
      expect([line.isBroken, line.ranges]).toEqual([true, 1]);
      expect(readFileSync(file?.answer).equals(BIG)).toBe(true);
    });

    test('serves two concurrent clients the whole file', async () => {
      const twin = kit.hub.repo('owner/twin');
      const commit = twin.commit(repo.commits.get(approved) ?? []);
      await kit.scanAndApprove(`hf://owner/twin@${commit}`);
      const [both] = await runHubClient(fresh(), [{ do: 'both', repo: 'owner/twin', revision: commit }]);
      for (const folder of both?.answer ?? []) {
        expect(readFileSync(join(folder, 'weights.npy')).equals(BIG)).toBe(true);
        expect(readFileSync(join(folder, 'a/b/ü (1).txt'), 'utf8')).toBe('text');
      }
      expect(both?.answer).toHaveLength(2);
    });

    test('serves approved files from the cache while the Hub is down, and after a restart', async () => {
      const again = await kit.another();
      kit.hub.fail(/./, { reset: true });
      const [folder, file, refused] = await runHubClient(fresh({ endpoint: `${again.url}/hub` }), [
        { do: 'snapshot', repo: 'owner/model' },
        { do: 'file', repo: 'owner/model', path: 'config.json', revision: 'refs/pr/1' },
        { do: 'file', repo: 'owner/model', path: 'config.json', revision: unapproved },
      ]);
      expect([folder?.message, file?.message]).toEqual([undefined, undefined]);
      expect(readFileSync(join(folder?.answer, 'weights.npy')).equals(BIG)).toBe(true);
      expect(refused?.error).toBe('GatedRepoError');
      await again.close();
    });

    test('serves no bytes that differ from the assessed ones', async () => {
      const turned = kit.hub.repo('owner/turned');
      const files = [fakeFile('config.json', '{"n": 7}'), fakeFile('w.npy', npy(noise(50_000, 9)), { lfs: true })];
      const commit = turned.commit(files);
      await kit.scanAndApprove(`hf://owner/turned@${commit}`);
      kit.hub.fail(/GET (?:cdn|hub:\/owner\/turned\/resolve)/, { corrupt: true });
      const client = fresh();
      const answers = await runHubClient(
        client,
        files.map(({ path }) => ({ do: 'file', repo: 'owner/turned', path, revision: commit })),
      );
      for (const { error, message } of answers) {
        expect(error).toBe('HfHubHTTPError');
        expect(message).toContain('the Hub serves other content than was assessed, so Assay does not serve it');
      }
      const left = readdirSync(join(client.home, 'hub/models--owner--turned'), { recursive: true, encoding: 'utf8' });
      expect(left.filter((path) => /^(?:blobs\/|snapshots\/[^/]+\/)/.test(path))).toEqual([]);
    });

    /** Makes the Hub answer only after the client got `times` interim responses. @returns their text */
    async function answerLate(times: number, asking: () => Promise<void>) {
      const held = barrier();
      kit.hub.fail(/GET cdn:/, { waitsFor: held.opened }, 1);
      const before = kit.hub.requests.length;
      const intervals = vi.spyOn(globalThis, 'setInterval');
      const processing = vi.spyOn(ServerResponse.prototype, 'writeProcessing');
      const goOn = vi.spyOn(ServerResponse.prototype, 'writeContinue');
      const asked = asking();
      asked.catch(() => undefined);
      try {
        await until('the Hub gets the request', () =>
          kit.hub.requests.slice(before).some(({ server }) => server === 'cdn'),
        );
        const alive = intervals.mock.calls.filter(([, ms]) => ms === ALIVE_MS);
        expect(alive).toHaveLength(1);
        for (let i = 0; i < times; i++) alive.forEach(([tell]) => void tell());
        return { processing: processing.mock.calls.length, goOn: goOn.mock.calls.length };
      } finally {
        held.open();
        await asked;
        vi.restoreAllMocks();
      }
    }

    test('sends a client of a slow Hub interim responses more often than it times out', async () => {
      const slow = kit.hub.repo('owner/slow');
      const bytes = npy(noise(50_000, 10));
      const commit = slow.commit([fakeFile('w.npy', bytes, { lfs: true })]);
      await kit.scanAndApprove(`hf://owner/slow@${commit}`);
      const patient = fresh({ env: { HF_HUB_DOWNLOAD_TIMEOUT: '600' } });
      const before = kit.hub.requests.filter(({ server }) => server === 'cdn').length;
      // The time that huggingface_hub waits for a response.
      expect(ALIVE_MS).toBeLessThan(10_000 / 2);
      const told = await answerLate(4, async () => {
        const [file] = await runHubClient(patient, [
          { do: 'file', repo: 'owner/slow', path: 'w.npy', revision: commit },
        ]);
        expect(readFileSync(file?.answer).equals(bytes)).toBe(true);
      });
      expect(told).toEqual({ processing: 4, goOn: 0 });
      expect(kit.hub.requests.filter(({ server }) => server === 'cdn').length).toBe(before + 1);
    });

    test('sends a client before huggingface_hub 1.0, over http.client, interim responses that it understands', async () => {
      const slow = kit.hub.repo('owner/slower');
      const bytes = npy(noise(1_000, 12));
      const commit = slow.commit([fakeFile('w.npy', bytes, { lfs: true })]);
      await kit.scanAndApprove(`hf://owner/slower@${commit}`);
      const told = await answerLate(4, async () => {
        const printed = await runPython(HTTP_CLIENT, [`${kit.endpoint}/owner/slower/resolve/${commit}/w.npy`, token]);
        expect(printed.trim()).toBe(slow.commits.get(commit)?.[0]?.oid);
      });
      expect(told).toEqual({ processing: 0, goOn: 4 });
    });

    test("serves the Hub's JavaScript client, which scans the served files", async () => {
      const env = { HF_ENDPOINT: kit.endpoint, HF_TOKEN: token, HF_HOME: '/nonexistent' };
      const artifact = await openArtifact('hf://owner/model', { env });
      expect(artifact.pinned).toBe(`hf://owner/model@${approved}`);
      expect(artifact.files.map(({ path, claimed }) => [path, claimed?.hex]).sort()).toEqual(
        repo.commits
          .get(approved)
          ?.map(({ path, oid }) => [path, oid])
          .sort(),
      );
      await artifact.close();
    });

    test('refuses a commit as soon as its approval is revoked', async () => {
      const { registry } = kit.service;
      const [approval] = await registry.approvals(person('reader', ['viewer']), version);
      if (approval === undefined) throw new Error('no approval');
      await registry.quarantine(person('selma', ['security-approver']), version, 'it was tampered with');
      const [refused] = await runHubClient(fresh(), [{ do: 'snapshot', repo: 'owner/model', revision: approved }]);
      expect(refused?.message).toContain('it is quarantined: it was tampered with');
    });
  },
  STORY,
);

/** The content of a cache as a loader sees it: links with their targets, references, and bytes. */
function layoutOf(home: string): [string, string][] {
  const folder = join(home, 'hub/models--owner--model');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(?:blobs|refs|snapshots)\//.test(path),
  );
  return paths.sort().flatMap((path): [string, string][] => {
    const stat = lstatSync(join(folder, path));
    if (stat.isDirectory()) return [];
    if (stat.isSymbolicLink()) return [[path, `-> ${readlinkSync(join(folder, path))}`]];
    return [[path, readFileSync(join(folder, path)).toString('base64')]];
  });
}

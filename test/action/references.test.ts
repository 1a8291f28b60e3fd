import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validSarif } from '../report/validators.ts';
import { FakeHub, type FakeRepo, fakeFile } from '../support/fake-hub.ts';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, MALICIOUS } from './artifacts.ts';
import { FakeGitHub } from './fake-github.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction, type Step } from './run-action.ts';

const scratch = tempFolder();
let repository: Repository;
let base: string;
let hub: FakeHub;
let github: FakeGitHub;
let good: FakeRepo;
let bad: FakeRepo;
let commit: string;
let count = 0;

beforeEach(async () => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository.write('README.md', '# models\n').write('train.py', 'import x\n').commit('base');
  hub = await FakeHub.start({ token: 'hf_s3cret' });
  github = await FakeGitHub.start();
  good = hub.repo('acme/good');
  bad = hub.repo('acme/bad');
  commit = good.commit([fakeFile('config.json', '{}'), fakeFile('model.pkl', CLEAN)]);
  bad.commit([fakeFile('config.json', '{}'), fakeFile('pytorch_model.bin', MALICIOUS)]);
});

afterEach(async () => {
  await hub.close();
  await github.close();
});

interface Asked {
  readonly inputs?: Record<string, string>;
  readonly env?: NodeJS.ProcessEnv;
  readonly fork?: boolean;
  readonly onStart?: Step['onStart'];
}

async function onPullRequest({ inputs = {}, env = {}, fork = false, onStart }: Asked = {}): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const payload = pullRequest(base, head, { fork });
  const own = { HF_ENDPOINT: hub.endpoint, GITHUB_API_URL: github.url, ...env };
  return runAction(
    { repository, event: 'pull_request', payload, sha, inputs, env: own, ...(onStart && { onStart }) },
    scratch,
  );
}

/** An HTTP proxy with CONNECT tunnels, as in a closed network. */
async function tunnels() {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer();
  server.on('connect', (request, socket) => {
    asked.push(String(request.url));
    const [host, port] = String(request.url).split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) sockets.add(end.on('error', () => socket.destroy()));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

const rulesOf = ({ annotations }: Ran) =>
  annotations.map(({ title, file, line }) => [title?.replace('Assay: ', ''), `${file}:${line}`]);

describe('an added reference', () => {
  it('is scanned at its commit, and reported with the pinned form for its line', async () => {
    repository.write('train.py', 'import x\nNAME = "acme/good"\nmodel = AutoModel.from_pretrained(NAME)\n');
    const ran = await onPullRequest();
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 0, outputs: { decision: 'warn', 'findings-count': '1' } });
    expect(rulesOf(ran)).toEqual([['reference.unpinned', 'train.py:3']]);
    expect(ran.annotations[0]?.message).toContain(`revision="${commit}"`);
    expect(ran.summary).toContain(`hf://acme/good@${commit}`);
  });

  it('is not reported when it is pinned', async () => {
    repository.write('train.py', `AutoModel.from_pretrained("acme/good", revision="${commit}")\n`);
    expect(await onPullRequest()).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
  });

  it('to a malicious model is denied on its line, also in SARIF', async () => {
    repository.write('deploy/app.yaml', 'model:\n  name: gpt\nserving:\n  modelId: acme/bad\n');
    const ran = await onPullRequest({ inputs: { 'sarif-file': 'a.sarif', category: 'gate' } });
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(new Set(rulesOf(ran).map(([, place]) => place))).toEqual(new Set(['deploy/app.yaml:4']));
    expect(rulesOf(ran).map(([rule]) => rule)).toEqual(
      expect.arrayContaining(['reference.denied', 'pickle.global.dangerous', 'reference.unpinned']),
    );
    const log = validSarif(readFileSync(join(repository.folder, 'a.sarif'), 'utf8')) as {
      runs: [{ results: { ruleId: string; locations: [{ physicalLocation: object }] }[] }];
    };
    for (const { locations } of log.runs[0].results) {
      expect(locations[0].physicalLocation).toEqual({
        artifactLocation: { uri: 'deploy/app.yaml' },
        region: { startLine: 4 },
      });
    }
  });

  it('is found through a constant that changed elsewhere, and not where it only moved', async () => {
    base = repository.write('train.py', 'NAME = "acme/good"\nAutoModel.from_pretrained(NAME)\n').commit('base with it');
    repository.write('train.py', '# moved\n\nNAME = "acme/good"\nAutoModel.from_pretrained(NAME)\n');
    expect(await onPullRequest()).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
    repository.git('checkout', '--quiet', 'main');
    repository.write('train.py', 'NAME = "acme/bad"\nAutoModel.from_pretrained(NAME)\n');
    expect(await onPullRequest()).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('is found through a changed constant of a module, in the file that uses it', async () => {
    base = repository
      .write('config.py', 'NAME = "acme/good"\n')
      .write('app/__init__.py', 'from config import NAME\n')
      .write('app/train.py', 'from . import NAME\nx = 1\nAutoModel.from_pretrained(NAME)\n')
      .write('other.py', 'from config import OTHER\nAutoModel.from_pretrained(OTHER)\n')
      .commit('base with modules');
    repository.write('config.py', 'NAME = "acme/bad"\n');
    const ran = await onPullRequest();
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(new Set(rulesOf(ran).map(([, place]) => place))).toEqual(new Set(['app/train.py:3']));
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', base);
    repository.write('config.py', '# the same\nNAME = "acme/good"\n').write('app/more.py', 'import config\n');
    expect(await onPullRequest()).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
  });

  it('is resolved through an unchanged module, in its committed state', async () => {
    base = repository.write('app/settings.py', `class S:\n  MODEL = "acme/good"\n`).commit('base with settings');
    repository.write(
      'app/run.py',
      `from app.settings import S\nAutoModel.from_pretrained(S.MODEL, revision="${commit}")\n`,
    );
    const head = repository.commit('head');
    const sha = repository.merged(base, head);
    repository.write('app/settings.py', 'class S:\n  MODEL = "acme/bad"\n');
    const env = { HF_ENDPOINT: hub.endpoint };
    const step = { repository, event: 'pull_request', payload: pullRequest(base, head), sha, env };
    expect(await runAction(step, scratch)).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
    expect(hub.requests.length).toBeGreaterThan(0);
  });

  it('is reported when it is computed, and not resolved on the Hub when it names a folder of the repository', async () => {
    repository.write('train.py', 'AutoModel.from_pretrained(sys.argv[1])\nAutoModel.from_pretrained("models/mine")\n');
    repository.write('models/mine/config.json', '{}');
    const ran = await onPullRequest();
    expect(rulesOf(ran)).toEqual([['reference.unresolved', 'train.py:1']]);
    expect(ran.code).toBe(0);
  });

  it('is one finding for all constants that change where more files than are searched can use them', async () => {
    for (let i = 0; i <= 5_000; i++) repository.write(`src/${i % 50}/part${i}.py`, 'pass\n');
    base = repository.commit('many files');
    for (const name of ['a', 'b', 'c']) repository.write(`config_${name}.py`, `MODEL = "acme/${name}"[::-1]\n`);
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 0, outputs: { decision: 'warn', 'findings-count': '1' } });
    expect(rulesOf(ran)).toEqual([['reference.unresolved', 'config_a.py:1']]);
    expect(ran.annotations[0]?.message).toContain('its constants and those of 2 more modules changed');
  });

  it('is read through the proxy of the runner', async () => {
    const proxy = await tunnels();
    try {
      repository.write('train.py', `AutoModel.from_pretrained("acme/good", revision="${commit}")\n`);
      const ran = await onPullRequest({ env: { HTTP_PROXY: proxy.url } });
      expect(ran).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
      expect(new Set(proxy.asked)).toEqual(new Set([new URL(hub.endpoint).host]));
    } finally {
      await proxy.close();
    }
  });

  it('to an unreadable model fails the step', async () => {
    repository.write('train.py', 'AutoModel.from_pretrained("acme/missing")\n');
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)).toEqual([['reference.not-scanned', 'train.py:1']]);
  });

  it('is not followed into the network of the runner', async () => {
    repository.write(
      'train.py',
      `torch.hub.load_state_dict_from_url("https://127.0.0.1:${new URL(hub.endpoint).port}/a.bin")\n`,
    );
    const ran = await onPullRequest();
    expect(ran.code).toBe(1);
    expect(hub.requests).toEqual([]);
  });

  it('is read with the given Hub token and with no other', async () => {
    good.private = true;
    repository.write('train.py', `AutoModel.from_pretrained("acme/good", revision="${commit}")\n`);
    expect((await onPullRequest({ env: { HF_TOKEN: 'hf_s3cret' } })).code).toBe(1);
    repository.git('checkout', '--quiet', 'main');
    repository.write('train.py', `AutoModel.from_pretrained("acme/good", revision="${commit}")\n`);
    const ran = await onPullRequest({ inputs: { 'hf-token': 'hf_s3cret', 'github-token': 'ghs_s3cret' } });
    expect(ran).toMatchObject({ code: 0, annotations: [] });
    expect(JSON.stringify(hub.requests)).not.toContain('ghs_s3cret');
  });
});

describe('an outage of the Hub', () => {
  const rateLimit = () => hub.fail(/./, { status: 429, headers: { 'retry-after': '0' } });
  beforeEach(() => void repository.write('train.py', 'AutoModel.from_pretrained("acme/good")\n'));

  it('fails the step', async () => {
    rateLimit();
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 2, outputs: { decision: 'incomplete' } });
    expect(ran.annotations[0]).toMatchObject({ level: 'error', file: 'train.py', line: '1' });
    expect(ran.summary).toContain('## Assay: NOT DECIDED');
  });

  it('gives a neutral check if the input says so, and fails the step where the job cannot create a check', async () => {
    rateLimit();
    const inputs = { 'on-outage': 'neutral', 'github-token': 'ghs_s3cret' };
    const neutral = await onPullRequest({ inputs });
    expect(neutral).toMatchObject({ code: 0, outputs: { decision: 'incomplete' } });
    expect(github.checks).toMatchObject([{ name: 'Assay', status: 'completed', conclusion: 'neutral' }]);
    repository.git('checkout', '--quiet', 'main');
    github.refuse = 403;
    repository.write('train.py', 'AutoModel.from_pretrained("acme/good")\n');
    expect(await onPullRequest({ inputs })).toMatchObject({ code: 2, outputs: { decision: 'incomplete' } });
  });

  it('does not hide a denied file', async () => {
    rateLimit();
    repository.write('new.pkl', MALICIOUS);
    expect(await onPullRequest({ inputs: { 'on-outage': 'neutral', 'github-token': 't' } })).toMatchObject({
      code: 1,
      outputs: { decision: 'deny' },
    });
  });

  it('is handled like the input offline: referenced models fail the step', async () => {
    const ran = await onPullRequest({ inputs: { offline: 'true' }, env: { HF_HOME: join(scratch, 'no-cache') } });
    expect(ran.code).not.toBe(0);
    expect(hub.requests).toEqual([]);
    expect(rulesOf(ran)).toEqual([['reference.not-scanned', 'train.py:1']]);
  });
});

describe('the comment', () => {
  const inputs = { comment: 'true', 'github-token': 'ghs_s3cret' };
  beforeEach(() => void repository.write('new.pkl', MALICIOUS));

  it('is created once and then updated, and comments by others stay unchanged', async () => {
    github.comments.push({
      id: 1,
      body: '<!-- assay: one comment for each category -->\nmine',
      user: { type: 'User' },
    });
    await onPullRequest({ inputs });
    expect(github.comments).toHaveLength(2);
    expect(github.comments[1]?.body).toContain('## Assay: DENY');
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', base);
    repository.write('README.md', '# more\n');
    await onPullRequest({ inputs });
    expect(github.comments.map(({ body }) => body.includes('ALLOW'))).toEqual([false, true]);
    expect(github.comments[0]?.body).toMatch(/mine$/);
    expect(github.tokens).toEqual(new Set(['Bearer ghs_s3cret']));
  });

  it('of a fork is replaced by the summary, since its token can only read', async () => {
    github.refuse = 403;
    const ran = await onPullRequest({ inputs, fork: true });
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(ran.annotations.at(-1)).toMatchObject({ level: 'notice', title: 'Assay wrote no comment' });
    expect(ran.annotations.at(-1)?.message).toContain('fork');
    expect(ran.summary).toContain('## Assay: DENY');
  });

  it.each([
    [403, {}, 'pull-requests: write'],
    [429, {}, 'rate limit'],
    [403, { 'x-ratelimit-remaining': '0' }, 'rate limit'],
    [500, {}, 'HTTP 500'],
  ])(
    'that GitHub answers with %i %j is reported, and does not change the decision',
    async (status, headers, message) => {
      github.refuse = status;
      github.headers = headers;
      const ran = await onPullRequest({ inputs });
      expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
      expect(ran.annotations.at(-1)?.message).toContain(message);
    },
  );

  it('is not created without the input', async () => {
    await onPullRequest({ inputs: { 'github-token': 'ghs_s3cret' } });
    expect(github.requests).toBe(0);
  });
});

describe('a step that the runner cancels', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends on %s while a store does not answer, and leaves no files',
    async (signal) => {
      repository.write('train.py', 'AutoModel.from_pretrained("acme/good")\n');
      const silent = createServer();
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
      const ran = await onPullRequest({
        env: { HF_ENDPOINT: `http://127.0.0.1:${address.port}` },
        onStart: (child) => silent.once('request', () => child.kill(signal)),
      });
      silent.closeAllConnections();
      silent.close();
      expect(ran).toMatchObject({ code: 2, outputs: { decision: 'error' }, left: [], stderr: '' });
      expect(ran.annotations[0]?.message).toContain('stopped before the end');
    },
  );
});

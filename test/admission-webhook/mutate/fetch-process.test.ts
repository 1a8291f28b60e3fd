import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookState } from '../../../admission-webhook/src/index.ts';
import { treeDigest } from '../../../src/integrity/hash/tree-digest.ts';
import { type CliResult, runCli, STRANGER } from '../../cli/run-cli.ts';
import { FakeHub, type FakeRepo, fakeFile } from '../../support/fake-hub.ts';
import { requirePart } from '../../support/parts.ts';
import { approved } from '../decide/support.ts';
import { answer, change, FETCH, podOf, webhook } from './ground.ts';

const PYTHON = resolve('.venv/bin/python');
const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const CACHE = '/assay/models/hub';
const TOKEN = 'hf_s3cret';

/** What the Hub's libraries read offline: prints the digest of each file. */
const LOAD = `
import hashlib, os, sys, huggingface_hub
folder = huggingface_hub.snapshot_download("acme/llama", revision=sys.argv[1])
for root, _, names in os.walk(folder):
    for name in names:
        path = os.path.join(root, name)
        print(os.path.relpath(path, folder), hashlib.sha256(open(path, "rb").read()).hexdigest())
`;

const FILES: Readonly<Record<string, Buffer>> = {
  'config.json': Buffer.from('{"model_type":"llama"}'),
  'tokenizer/vocab.txt': Buffer.from('a\nb\n'),
  'model.safetensors': Buffer.alloc(11 * 1024 * 1024, 'w'),
};
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const DIGEST = treeDigest(
  Object.entries(FILES).map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) })),
);

type Variable = { readonly name: string; readonly value: string };
type Container = { readonly args: readonly string[]; readonly env: readonly Variable[] };

describe('the command of the init container, run as a process', () => {
  let hub: FakeHub;
  let repo: FakeRepo;
  let commit: string;
  let root: string;
  let state: WebhookState;
  let fetcher: Container;
  let server: Container;

  beforeAll(async () => {
    hub = await FakeHub.start({ token: TOKEN });
    repo = hub.repo('acme/llama');
    repo.gated = true;
    commit = repo.commit(
      Object.entries(FILES).map(([path, bytes]) => fakeFile(path, bytes, { lfs: path.endsWith('.safetensors') })),
    );
    const reference = `hf://acme/llama@${commit}`;
    state = await webhook([approved(reference, { digest: DIGEST, endpoint: hub.endpoint })]);
    const env = [
      { name: 'HF_ENDPOINT', value: hub.endpoint },
      { name: 'HF_TOKEN', value: TOKEN },
    ];
    const { object } = change(podOf({ args: ['--model', 'acme/llama'], env }), state, FETCH);
    expect(answer(object, state, FETCH).allowed).toBe(true);
    const { spec } = JSON.parse(JSON.stringify(object));
    fetcher = spec.initContainers[0];
    server = spec.containers[0];
  });
  afterAll(() => hub.close());

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'assay-fetch-'));
    // Every user can write to an emptyDir of a Pod.
    mkdirSync(join(root, 'models'));
    chmodSync(join(root, 'models'), 0o777);
    chmodSync(root, 0o755);
    return () => {
      hub.heal();
      rmSync(root, { recursive: true });
    };
  });

  const inPlace = (text: string) => text.replaceAll(CACHE, join(root, 'models/hub'));
  const envOf = ({ env }: Container) => Object.fromEntries(env.map(({ name, value }) => [name, inPlace(value)]));

  /** Runs as any user, without a home folder and with the volume as the only writable place. */
  function fetch(args = fetcher.args): Promise<CliResult> {
    return runCli(args.map(inPlace), { cwd: '/', env: { ...envOf(fetcher), HOME: '/nonexistent' }, ...STRANGER });
  }

  const left = () => readdirSync(join(root, 'models'));

  it('fetches the approved bytes and prints the revision', async () => {
    const { code, stdout, stderr } = await fetch();
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `revision=${commit}\n`, stderr: '' });
    // A restarted container finds the files.
    const sent = hub.sentBy('cdn');
    expect((await fetch()).code).toBe(0);
    expect(hub.sentBy('cdn')).toBe(sent);
  });

  it('refuses bytes that were corrupted in transit, and leaves no files', async () => {
    hub.fail(/GET cdn:/, { corrupt: true });
    const { code, stdout, stderr } = await fetch();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(left()).toEqual([]);
  });

  it("refuses other bytes at the same commit, although their digests match the server's", async () => {
    const files = repo.commits.get(commit) ?? [];
    const evil = fakeFile('model.safetensors', Buffer.alloc(11 * 1024 * 1024, 'x'), { lfs: true });
    repo.commits.set(commit, [...files.filter(({ path }) => path !== evil.path), evil]);
    try {
      const { code, stdout, stderr } = await fetch();
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(`^.*hf://acme/llama@${commit}: its bytes have the digest sha256:.* instead of ${DIGEST}.*\n$`),
      );
      expect(left()).toEqual([]);
    } finally {
      repo.commits.set(commit, files);
    }
  });

  it('refuses an additional file and a missing file', async () => {
    const files = repo.commits.get(commit) ?? [];
    for (const other of [[...files, fakeFile('modeling.py', 'import os')], files.slice(1)]) {
      repo.commits.set(commit, other);
      expect((await fetch()).code).toBe(2);
      expect(left()).toEqual([]);
    }
    repo.commits.set(commit, files);
  });

  it('reports an invalid digest', async () => {
    const args = fetcher.args.map((text) => (text === DIGEST ? 'sha256:abc' : text));
    const { code, stderr } = await fetch(args);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/--expect sha256:abc: is not a digest; give sha256: and 64 hex digits/),
    });
  });

  requirePart('python venv', existsSync(PYTHON), HOW, 'what the loader then reads', () => {
    it('is exactly the approved bytes, read offline, by the revision in its arguments', async () => {
      expect((await fetch()).code).toBe(0);
      const before = hub.requests.length;
      const revision = server.args.at(-1)?.replace('--revision=', '') ?? '';
      const { stdout } = await promisify(execFile)(PYTHON, ['-c', LOAD, revision], {
        env: { PATH: process.env.PATH, ...envOf(server) },
        timeout: 60_000,
      });
      const read = Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split(' ')),
      );
      expect(read).toEqual(Object.fromEntries(Object.entries(FILES).map(([path, bytes]) => [path, sha256(bytes)])));
      expect(hub.requests.length).toBe(before);
    });

    it('is nothing when the bytes were refused', async () => {
      hub.fail(/GET cdn:/, { corrupt: true });
      expect((await fetch()).code).toBe(2);
      const loading = promisify(execFile)(PYTHON, ['-c', LOAD, commit], {
        env: { PATH: process.env.PATH, ...envOf(server) },
        timeout: 60_000,
      });
      await expect(loading).rejects.toThrow(/LocalEntryNotFoundError|offline/i);
    });
  });
});

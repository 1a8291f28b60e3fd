import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../src/core/artifact.ts';
import { isAssayError } from '../../src/core/errors.ts';
import { type PullOutcome, pull } from '../../src/pipeline/pull/pull.ts';
import type { SourceOptions } from '../../src/sources/source.ts';
import { FakeHub, type FakeRepo, fakeFile } from '../support/fake-hub.ts';
import { EVIL, stubJudge } from '../support/stub-judge.ts';

const MiB = 1024 * 1024;
let hub: FakeHub;
let repo: FakeRepo;
let root: string;
let cache: string;

beforeEach(async () => {
  hub = await FakeHub.start();
  repo = hub.repo('owner/model');
  root = mkdtempSync(join(tmpdir(), 'assay-pull-'));
  cache = join(root, 'home', 'hub');
});
afterEach(async () => {
  await hub.close();
  rmSync(root, { recursive: true });
});

function options(): SourceOptions {
  return {
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: join(root, 'home') },
    egress: { retry: { retries: 1, firstDelayMs: 1 } },
  };
}

const pullModel = (seen: Artifact[] = [], ref = 'hf://owner/model'): Promise<PullOutcome> =>
  pull(ref, stubJudge(seen), options());

/** Weights large enough that a scan of the remote model reads only their ends. */
function weights(filler: string, middle = ''): Buffer {
  const bytes = Buffer.alloc(11 * MiB, filler);
  bytes.write(middle, 5 * MiB);
  return bytes;
}

function tree(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !lstatSync(join(folder, path)).isDirectory())
    .sort();
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isAssayError(error)) throw error ?? new Error('no error');
  return error.code;
}

describe('pull', () => {
  test('writes the judged bytes in the layout of huggingface_hub', async () => {
    const files = [
      fakeFile('config.json', '{}'),
      fakeFile('a/same.json', '{}'),
      fakeFile('a/empty', ''),
      fakeFile('model.bin', weights('w'), { lfs: true }),
    ];
    const commit = repo.commit(files);
    const seen: Artifact[] = [];
    const outcome = await pullModel(seen);
    const folder = join(cache, 'models--owner--model');
    expect(outcome).toMatchObject({
      kind: 'written',
      repo: 'owner/model',
      commit,
      folder: join(folder, 'snapshots', commit),
    });
    expect(tree(cache)).toEqual(
      [
        ...new Set(files.map((file) => `models--owner--model/blobs/${file.oid}`)),
        'models--owner--model/refs/main',
        ...files.map((file) => `models--owner--model/snapshots/${commit}/${file.path}`),
      ].sort(),
    );
    expect(readFileSync(join(folder, 'refs/main'), 'utf8')).toBe(commit);
    expect(readlinkSync(join(folder, 'snapshots', commit, 'config.json'))).toBe(`../../blobs/${files[0]?.oid}`);
    expect(readlinkSync(join(folder, 'snapshots', commit, 'a/same.json'))).toBe(`../../../blobs/${files[0]?.oid}`);
    for (const file of files) {
      const written = readFileSync(join(folder, 'snapshots', commit, file.path));
      expect(written.equals(Buffer.from(file.content.slice(0, file.content.size)))).toBe(true);
    }
    // The artifact is judged twice under one name: as the Hub serves it, then completely from the disk.
    expect(seen.map(({ ref, pinned }) => [ref, pinned])).toEqual(
      [1, 2].map(() => ['hf://owner/model', `hf://owner/model@${commit}`]),
    );
    expect(seen.map((artifact) => artifact.files.some((file) => file.distance === 'far'))).toEqual([true, false]);
  });

  test('stores the requested revision', async () => {
    const pr = repo.commit([fakeFile('config.json', '1')], 'refs/pr/7');
    const tagged = repo.commit([fakeFile('config.json', '2')], 'v1.0');
    await pullModel([], 'hf://owner/model@refs/pr/7');
    await pullModel([], 'hf://owner/model@v1.0');
    await pullModel([], `hf://owner/model@${tagged}`);
    const refs = join(cache, 'models--owner--model/refs');
    expect(tree(refs)).toEqual(['refs/pr/7', 'v1.0']);
    expect([readFileSync(join(refs, 'refs/pr/7'), 'utf8'), readFileSync(join(refs, 'v1.0'), 'utf8')]).toEqual([
      pr,
      tagged,
    ]);
  });

  test('fetches no valid blob again, but an invalid one', async () => {
    const files = [fakeFile('config.json', '{"a":1}'), fakeFile('model.bin', weights('w'), { lfs: true })];
    repo.commit(files);
    await pullModel();
    const sent = hub.sentBy('cdn');
    const second = repo.commit([...files, fakeFile('more.json', '{}')]);
    await pullModel();
    expect(hub.sentBy('cdn') - sent).toBeLessThan(MiB);
    const blob = join(cache, 'models--owner--model/blobs', files[1]?.oid ?? '');
    writeFileSync(blob, weights('w', EVIL));
    expect((await pullModel()).kind).toBe('written');
    expect(hub.sentBy('cdn') - sent).toBeGreaterThan(11 * MiB);
    expect(readFileSync(blob).equals(weights('w'))).toBe(true);
    expect(tree(join(cache, 'models--owner--model/snapshots', second)).length).toBe(3);
  });

  test('replaces a snapshot that contains an unjudged file', async () => {
    const commit = repo.commit([fakeFile('config.json', '{}')]);
    const evil = join(cache, 'models--owner--model/snapshots', commit, 'modeling.py');
    mkdirSync(dirname(evil), { recursive: true });
    writeFileSync(evil, 'import os');
    expect((await pullModel()).kind).toBe('written');
    expect(tree(dirname(evil))).toEqual(['config.json']);
  });
});

describe('pull leaves no files', () => {
  test('of a denied model', async () => {
    repo.commit([fakeFile('config.json', '{}'), fakeFile('evil.bin', EVIL, { lfs: true })]);
    expect(await pullModel()).toMatchObject({ kind: 'refused', judgement: { decision: { action: 'deny' } } });
    expect(existsSync(join(root, 'home'))).toBe(false);
  });

  test('of a model whose payload was not in the ranges of the remote scan', async () => {
    repo.commit([fakeFile('config.json', '{}'), fakeFile('model.bin', weights('w', EVIL), { lfs: true })]);
    const seen: Artifact[] = [];
    expect((await pullModel(seen)).kind).toBe('refused');
    expect(seen.length).toBe(2);
    expect(existsSync(join(root, 'home'))).toBe(false);
  });

  test('of a model whose bytes do not match their digests', async () => {
    repo.commit([
      fakeFile('config.json', '{}'),
      fakeFile('model.bin', weights('w'), { lfs: true, oid: 'ab'.repeat(32) }),
    ]);
    expect(await codeOf(pullModel())).toBe('mismatch');
    expect(existsSync(join(root, 'home'))).toBe(false);
  });

  test('of a model that the server serves differently to the scan and to the download', async () => {
    repo.commit([fakeFile('config.json', '{}'), fakeFile('model.bin', weights('w'), { lfs: true })]);
    mkdirSync(cache, { recursive: true });
    const judge = stubJudge();
    const outcome = pull(
      'hf://owner/model',
      async (artifact) => {
        const judgement = await judge(artifact);
        hub.fail(/cdn/, { corrupt: true });
        return judgement;
      },
      options(),
    );
    expect(await codeOf(outcome)).toBe('mismatch');
    expect(readdirSync(cache)).toEqual([]);
  });

  test('of an interrupted download', async () => {
    repo.commit([fakeFile('config.json', '{}'), fakeFile('model.bin', weights('w'), { lfs: true })]);
    const judge = stubJudge();
    const outcome = pull(
      'hf://owner/model',
      async (artifact) => {
        const judgement = await judge(artifact);
        hub.fail(/cdn/, { truncateAt: 1000 });
        return judgement;
      },
      options(),
    );
    expect(await codeOf(outcome)).toBe('network');
    expect(existsSync(join(root, 'home'))).toBe(false);
  });

  test('when it is aborted', async () => {
    repo.commit([fakeFile('model.bin', weights('w'), { lfs: true })]);
    const stop = new AbortController();
    const onEvent = ({ kind }: { kind: string }) => void (kind === 'bytes' && stop.abort());
    expect(await codeOf(pull('hf://owner/model', stubJudge(), { ...options(), signal: stop.signal, onEvent }))).toBe(
      'aborted',
    );
    expect(existsSync(join(root, 'home'))).toBe(false);
  });

  test('when the scan did not cover what was written', async () => {
    repo.commit([fakeFile('config.json', '{}')]);
    const judge = stubJudge();
    const blind = pull(
      'hf://owner/model',
      async (artifact) => {
        const { assessment, decision } = await judge(artifact);
        const files = assessment.files.map((file) => ({ ...file, sha256: null, digestBasis: 'none' as const }));
        return { assessment: { ...assessment, files }, decision };
      },
      options(),
    );
    expect(await codeOf(blind)).toBe('mismatch');
    const incomplete = await pull(
      'hf://owner/model',
      async (artifact) => {
        const { assessment, decision } = await judge(artifact);
        return { assessment: { ...assessment, status: 'incomplete' as const }, decision };
      },
      options(),
    );
    expect(incomplete.kind).toBe('refused');
    expect(existsSync(join(root, 'home'))).toBe(false);
  });
});

test('pull accepts only whole models of the Hub, with a connection', async () => {
  repo.commit([fakeFile('config.json', '{}')]);
  for (const ref of ['./model', 'https://example.com/m.bin', 'hf://owner/model@main/config.json']) {
    expect(await codeOf(pullModel([], ref))).toBe('usage');
  }
  expect(await codeOf(pull('hf://owner/model', stubJudge(), { ...options(), offline: true }))).toBe('usage');
  writeFileSync(join(root, 'home'), 'a file where the cache should be');
  expect(await codeOf(pullModel())).toBe('unreadable');
});

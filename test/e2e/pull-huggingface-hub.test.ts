import { execFile } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pull } from '../../src/pipeline/pull/pull.ts';
import { FakeHub, fakeFile } from '../support/fake-hub.ts';
import { requirePart, STORY } from '../support/parts.ts';
import { stubJudge } from '../support/stub-judge.ts';

const PYTHON = resolve('.venv/bin/python');
const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';

/** Prints the folder of the snapshot, and the warnings of the cache's own inspection. */
const SNAPSHOT = `
import sys, huggingface_hub
folder = huggingface_hub.snapshot_download("owner/model", revision=sys.argv[1], local_files_only=sys.argv[2] == "local")
print(folder)
for warning in huggingface_hub.scan_cache_dir().warnings: print(warning)
`;

requirePart(
  'python venv',
  existsSync(PYTHON),
  HOW,
  'the cache of a pull, with the real huggingface_hub,',
  () => {
    let hub: FakeHub;
    let root: string;
    let commit: string;

    beforeAll(async () => {
      hub = await FakeHub.start({ token: 'hf_s3cret', pageSize: 2 });
      root = mkdtempSync(join(tmpdir(), 'assay-hfhub-'));
      const repo = hub.repo('owner/model');
      repo.gated = true;
      commit = repo.commit([
        fakeFile('config.json', '{}'),
        fakeFile('same.json', '{}'),
        fakeFile('a b/ü.txt', 'text'),
        fakeFile('empty', ''),
        fakeFile('model.bin', Buffer.alloc(11 * 1024 * 1024, 'w'), { lfs: true }),
      ]);
      repo.refs.set('refs/pr/1', commit);
    });
    afterAll(async () => {
      await hub.close();
      rmSync(root, { recursive: true });
    });

    const env = (home: string) => ({
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: join(root, home),
      HF_TOKEN: 'hf_s3cret',
      HF_HUB_DISABLE_TELEMETRY: '1',
      PATH: process.env.PATH,
    });

    async function snapshot(home: string, revision: string, where: 'local' | 'remote'): Promise<string> {
      const { stdout } = await promisify(execFile)(PYTHON, ['-c', SNAPSHOT, revision, where], {
        env: env(home),
        timeout: 170_000,
      });
      const [folder = '', ...warnings] = stdout.trim().split('\n');
      expect(warnings).toEqual([]);
      return folder;
    }

    /** The content of a cache as a loader sees it: links with their targets, references, and bytes. */
    function layout(home: string): [string, string][] {
      const folder = join(root, home, 'hub/models--owner--model');
      const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
        /^(?:blobs|refs|snapshots)\//.test(path),
      );
      return paths.sort().flatMap((path): [string, string][] => {
        const stat = lstatSync(join(folder, path));
        if (stat.isDirectory()) return [];
        const link = stat.isSymbolicLink();
        return [
          [path, link ? `-> ${readlinkSync(join(folder, path))}` : readFileSync(join(folder, path)).toString('base64')],
        ];
      });
    }

    test('equals the result of its own download from the same Hub', async () => {
      await snapshot('theirs', 'main', 'remote');
      const outcome = await pull('hf://owner/model', stubJudge(), { env: env('ours') });
      expect(outcome).toMatchObject({ kind: 'written', commit });
      expect(layout('ours')).toEqual(layout('theirs'));
    });

    test('is used without a connection, by branch, pull request and commit', async () => {
      await pull('hf://owner/model@refs/pr/1', stubJudge(), { env: env('ours') });
      const before = hub.requests.length;
      for (const revision of ['main', 'refs/pr/1', commit]) {
        expect(await snapshot('ours', revision, 'local')).toBe(
          join(root, 'ours/hub/models--owner--model/snapshots', commit),
        );
      }
      expect(hub.requests.length).toBe(before);
    });

    test('is used instead of a download when there is a connection', async () => {
      const before = hub.sentBy('cdn');
      await snapshot('ours', 'main', 'remote');
      expect(hub.sentBy('cdn')).toBe(before);
    });

    test('reuses blobs that huggingface_hub downloaded', async () => {
      const before = hub.sentBy('cdn');
      const outcome = await pull(`hf://owner/model@${commit}`, stubJudge(), { env: env('theirs') });
      expect(outcome.kind).toBe('written');
      expect(hub.sentBy('cdn') - before).toBeLessThan(200_000);
    });
  },
  STORY,
);

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/core/artifact.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import type { SourceOptions } from '../../../src/sources/source.ts';
import { contentOf, gitSha1Of, sha256Of } from '../../support/fake-content.ts';

const root = mkdtempSync(join(tmpdir(), 'assay-path-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
function folder(files: Record<string, string>, links: Record<string, string> = {}): string {
  const path = join(root, String(made++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    symlinkSync(target, join(path, name));
  }
  return path;
}

async function contents(artifact: Artifact): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const file of artifact.files) {
    all[file.path] = await file.open().then(
      async (source) => {
        const text = Buffer.from(await source.read(0, source.size)).toString();
        await source.close();
        return text;
      },
      (error: unknown) => (isAssayError(error) ? `${error.code}: ${error.message}` : Promise.reject(error)),
    );
  }
  return all;
}

async function errorOf(
  ref: string,
  options?: SourceOptions,
): Promise<{ code: string; message: string; hint: string | undefined }> {
  const error: unknown = await openArtifact(ref, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isAssayError(error)) throw error ?? new Error('no error');
  return { code: error.code, message: error.message, hint: error.hint };
}

describe('a folder', () => {
  test('gives every file, sorted by the bytes of the paths', async () => {
    const path = folder({ b: '1', 'a/z': '2', 'a.txt': '3', ä: '4', 'a/b/c': '5', Z: '6' });
    const artifact = await openArtifact(path);
    expect(artifact.files.map((file) => file.path)).toEqual(['Z', 'a.txt', 'a/b/c', 'a/z', 'b', 'ä']);
    expect(await contents(artifact)).toMatchObject({ 'a/b/c': '5', ä: '4' });
    expect(artifact).toMatchObject({ ref: path, pinned: path, notes: [] });
  });

  const CLIENTS_OWN = {
    '.cache/huggingface/.gitignore': '*',
    '.cache/huggingface/CACHEDIR.TAG':
      'Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache.\n#\thttps://bford.info/cachedir/\n',
    '.cache/huggingface/download/m.metadata': `${'a'.repeat(40)}\n${'b'.repeat(64)}\n1764000000.25\n`,
    '.cache/huggingface/download/m.lock': '',
    '.cache/huggingface/upload/m.metadata': `1764000000.25\n4\n0\n${'b'.repeat(64)}\nlfs\n\n1\n1\n`,
  };

  test('includes weights below the bookkeeping folder of the Hub client, since an index can name them', async () => {
    const evil = "cos\nsystem\n(S'id'\ntR.";
    const hidden = {
      '.cache/huggingface/weights.bin': evil,
      '.cache/huggingface/download/m.metadata': evil,
      '.cache/huggingface/download/n.lock': evil,
      '.cache/huggingface/upload/m.metadata': `${CLIENTS_OWN['.cache/huggingface/upload/m.metadata']}${evil}`,
      '.cache/huggingface/.gitignore': evil,
      '.cache/huggingface/CACHEDIR.TAG': evil,
      '.cache/huggingface/download/long.metadata': '1'.repeat(5000),
    };
    const artifact = await openArtifact(folder({ m: '1', ...hidden }, { '.cache/huggingface/m.lock': '../../m' }));
    const paths = [...Object.keys(hidden), '.cache/huggingface/m.lock', 'm'];
    expect(artifact.files.map((file) => file.path).toSorted()).toEqual(paths.toSorted());
    expect(artifact.notes).toEqual([]);
  });

  test('excludes bookkeeping files, with a note', async () => {
    const artifact = await openArtifact(folder({ m: '1', '.git/HEAD': 'x', ...CLIENTS_OWN, '.cache/own': '2' }));
    expect(artifact.files.map((file) => file.path)).toEqual(['.cache/own', 'm']);
    expect(artifact.notes.join()).toMatch(
      /\.git was passed over.*\.cache\/huggingface was passed over|\.cache\/huggingface.*\.git/,
    );
  });

  test('follows links within it, and refuses links that leave it, loop or are broken', async () => {
    const outside = folder({ secret: 'secret' });
    const path = folder(
      { 'data/real': 'inside' },
      {
        in: 'data/real',
        also: 'data',
        out: join(outside, 'secret'),
        outdir: outside,
        gone: 'nowhere',
        self: 'self',
        'data/up': '..',
      },
    );
    const artifact = await openArtifact(path);
    const found = await contents(artifact);
    expect(found).toMatchObject({ in: 'inside', 'also/real': 'inside', 'data/real': 'inside' });
    expect(found.out).toMatch(/unreadable: is a link that leads out of the folder/);
    expect(found.outdir).toMatch(/unreadable: is a link that leads out of the folder/);
    expect(found.gone).toMatch(/unreadable: is a link to a file that does not exist/);
    expect(found.self).toMatch(/unreadable: is a link that leads to itself/);
    expect(found['data/up']).toMatch(/unreadable: is a link to a folder that contains it/);
    expect(Object.values(found).join()).not.toContain('secret');
    expect(artifact.notes.join()).toMatch(/cannot be read, and count as unknown/);
  });

  test('reports pipes, unusual names and unreadable folders as unread', async () => {
    const path = folder({ m: '1', 'locked/m': '2' });
    execFileSync('mkfifo', [join(path, 'pipe')]);
    writeFileSync(Buffer.concat([Buffer.from(`${path}/odd`), Buffer.from([0xff])]), 'x');
    chmodSync(join(path, 'locked'), 0);
    const found = await contents(await openArtifact(path));
    expect(found.pipe).toMatch(/unreadable: is a device, a pipe or a socket/);
    expect(found['odd\ufffd']).toMatch(/unreadable: its name is not UTF-8/);
    // Root can read any folder.
    expect(found.locked ?? found['locked/m']).toMatch(
      process.getuid?.() === 0 ? /2/ : /unreadable: the folder cannot be read/,
    );
    chmodSync(join(path, 'locked'), 0o700);
  });

  test('has limits for its files and its depth', async () => {
    const path = folder({ a: '1', b: '2', c: '3' });
    expect((await errorOf(path, { limits: { ...DEFAULT_LIMITS, maxFiles: 2 } })).code).toBe('limit');
    expect((await errorOf(folder({ [`${'d/'.repeat(70)}f`]: '1' }))).code).toBe('limit');
    // Every level links twice to the next: 2^20 paths.
    const links = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        [`l${i}/a`, `../l${i + 1}`],
        [`l${i}/b`, `../l${i + 1}`],
      ]).flat(),
    );
    expect(
      (await errorOf(folder({ 'l20/f': '1' }, links), { limits: { ...DEFAULT_LIMITS, maxFiles: 5000 } })).code,
    ).toBe('limit');
  });
});

describe('a path that is not an artifact', () => {
  test('gives one error with a hint', async () => {
    expect(await errorOf(folder({}))).toMatchObject({
      code: 'not-found',
      message: 'the folder contains no files',
    });
    expect(await errorOf(join(root, 'missing'))).toMatchObject({ code: 'not-found' });
    expect((await errorOf('owner/no-such-model')).hint).toContain('hf://owner/no-such-model');
    expect(await errorOf('/dev/null')).toMatchObject({ code: 'unreadable' });
    for (const ref of ['s3://b/k', 'gopher://x', 'hf://owner/model@..'])
      expect((await errorOf(ref)).code).toBe('usage');
  });
});

describe('a Hugging Face cache', () => {
  const commit = 'c'.repeat(40);
  const weights = sha256Of(contentOf('weights'));
  const config = gitSha1Of(contentOf('{}'));
  function cache(extra: Record<string, string> = {}, links: Record<string, string> = {}): string {
    const base = 'models--owner--model';
    const path = folder(
      {
        [`${base}/blobs/${weights}`]: 'weights',
        [`${base}/blobs/${config}`]: '{}',
        [`${base}/refs/main`]: commit,
        ...extra,
      },
      {
        [`${base}/snapshots/${commit}/config.json`]: `../../blobs/${config}`,
        [`${base}/snapshots/${commit}/sub/model.bin`]: `../../../blobs/${weights}`,
        ...links,
      },
    );
    return join(path, base);
  }

  test('gives a snapshot pinned to its commit, whose files claim the digests in the names of their blobs', async () => {
    const model = cache();
    const env = { HF_HUB_CACHE: dirname(model) };
    for (const path of [model, join(model, 'snapshots', commit)]) {
      const artifact = await openArtifact(path, { env });
      expect(artifact.pinned).toBe(`hf://owner/model@${commit}`);
      expect(artifact.files.map(({ path, claimed, size }) => ({ path, claimed, size }))).toEqual([
        { path: 'config.json', size: 2, claimed: { algorithm: 'git-sha1', hex: config } },
        { path: 'sub/model.bin', size: 7, claimed: { algorithm: 'sha256', hex: weights } },
      ]);
      expect(await contents(artifact)).toEqual({ 'config.json': '{}', 'sub/model.bin': 'weights' });
    }
    const file = await openArtifact(join(model, 'snapshots', commit, 'sub/model.bin'), { env });
    expect(file).toMatchObject({
      pinned: `hf://owner/model@${commit}/sub/model.bin`,
      files: [{ path: 'model.bin', claimed: { hex: weights } }],
    });
  });

  test('that is not the configured one is not pinned, whatever its folder names', async () => {
    const path = join(cache(), 'snapshots', commit);
    const env = { HF_HUB_CACHE: dirname(cache()) };
    for (const at of [path, join(path, 'sub/model.bin')]) {
      expect((await openArtifact(at, { env })).pinned).toBe(at);
      expect((await openArtifact(at, { env: { HF_HOME: '/nowhere' } })).pinned).toBe(at);
    }
    expect((await openArtifact(path, { env })).notes.join()).toMatch(
      /not in the cache in use \(HF_HUB_CACHE\): it is not pinned/,
    );
  });

  test('with an additional file is not pinned', async () => {
    const artifact = await openArtifact(
      join(cache({ [`models--owner--model/snapshots/${commit}/evil.py`]: 'x' }), 'snapshots', commit),
    );
    expect(artifact.pinned).toBe(artifact.ref);
    expect(artifact.notes.join()).toMatch(/not pinned to a commit/);
  });

  test("does not open another model's blobs", async () => {
    const other = cache();
    const model = cache({}, { [`models--owner--model/snapshots/${commit}/x`]: join(other, 'blobs', weights) });
    const found = await contents(await openArtifact(join(model, 'snapshots', commit)));
    expect(found.x).toMatch(/unreadable: is a link that leads out of the folder/);
  });

  test('is used for a Hub reference in offline mode', async () => {
    const env = { HF_HUB_CACHE: dirname(cache()) };
    for (const options of [{ env, offline: true }, { env: { ...env, HF_HUB_OFFLINE: '1' } }]) {
      const artifact = await openArtifact('hf://owner/model', options);
      expect(artifact).toMatchObject({ ref: 'hf://owner/model', pinned: `hf://owner/model@${commit}` });
      expect(Object.keys(await contents(artifact))).toEqual(['config.json', 'sub/model.bin']);
      const sub = await openArtifact(`hf://owner/model@${commit}/sub`, options);
      expect(sub).toMatchObject({ pinned: `hf://owner/model@${commit}/sub`, files: [{ path: 'model.bin' }] });
    }
    expect(await errorOf('hf://owner/model@other', { env, offline: true })).toMatchObject({
      code: 'not-found',
      hint: expect.stringMatching(/--offline/),
    });
    expect(await errorOf('https://example.com/m.bin', { env, offline: true })).toMatchObject({ code: 'usage' });
  });
});

test('opening a path loads neither the Hub client nor undici', () => {
  const seen = new Set<string>();
  const follow = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, name = ''] of text.matchAll(/^(?:import|export) (?!type ).*?from '([^']+)';$/gms)) {
      if (name.startsWith('.')) follow(join(dirname(file), name));
      else seen.add(name);
    }
  };
  follow('src/sources/open-artifact.ts');
  follow('src/sources/path/path.ts');
  expect([...seen].filter((name) => !name.startsWith('src/') && !name.startsWith('node:'))).toEqual([]);
});

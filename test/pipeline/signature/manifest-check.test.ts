import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ArtifactFile } from '../../../src/core/artifact.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { manifestChecks } from '../../../src/pipeline/signature/manifest-check.ts';
import type { ScannedFile } from '../../../src/pipeline/signature/scanned-bytes.ts';
import { memoryFile } from '../../support/artifacts.ts';

const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');
const sha256 = (text: string) => hash('sha256', text);

type Tree = Readonly<Record<string, string>>;

async function check(tree: Tree, change: (file: ScannedFile) => ScannedFile = (file) => file) {
  const files = Object.entries(tree).map(([path, text]) => memoryFile(path, Buffer.from(text)));
  const scanned = files.map(({ path, size }): ScannedFile => {
    return change({ path, size, sha256: sha256(tree[path] ?? ''), digestBasis: 'computed' });
  });
  const checks = await manifestChecks(files, scanned);
  expect(checks.length).toBeLessThanOrEqual(1);
  return checks[0];
}

const MODEL = { 'model.bin': 'weights', 'config.json': '{}' };
const sums = (tree: Tree) =>
  Object.entries(tree)
    .map(([path, text]) => `${sha256(text)}  ${path}\n`)
    .join('');

describe('the check of manifests within an artifact', () => {
  it('is absent when there is no manifest', async () => expect(await check(MODEL)).toBeUndefined());

  it('passes when the digests match, and states that this does not prove the origin', async () => {
    expect(await check({ ...MODEL, SHA256SUMS: sums(MODEL) })).toEqual({
      id: 'integrity.manifest',
      status: 'pass',
      detail:
        '2 of 2 files have the SHA-256 announced in SHA256SUMS, which is itself part of the artifact: the digests match, but the origin of the files is not proven',
    });
    const one = await check({ ...MODEL, 'model.bin.sha256': sha256('weights') });
    expect(one).toMatchObject({ status: 'pass', detail: expect.stringMatching(/^1 of 2 files .* model\.bin\.sha256/) });
  });

  it('fails on any mismatch, and names the file and the manifest', async () => {
    const other = { ...MODEL, 'model.bin': 'others' };
    const failed = {
      status: 'fail',
      detail: 'model.bin does not have the SHA-256 in sub/SHA256SUMS',
    };
    const within = (tree: Tree) =>
      Object.fromEntries(Object.entries(tree).map(([path, text]) => [`sub/${path}`, text]));
    expect(await check({ ...within(other), 'sub/SHA256SUMS': sums(MODEL) })).toMatchObject({
      ...failed,
      detail: `sub/${failed.detail}`,
    });
    const three = { ...other, SHA256SUMS: sums(MODEL), 'model.bin.sha256': sha256('others'), MD5SUMS: 'nonsense' };
    expect(await check(three)).toMatchObject({
      status: 'fail',
      detail: 'model.bin does not have the SHA-256 in SHA256SUMS',
    });
    const all = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, String(i)]));
    const none = Object.fromEntries(Object.keys(all).map((path) => [path, 'x']));
    expect((await check({ ...none, SHA256SUMS: sums(all) }))?.detail).toMatch(/^f0 .*; f1 .*; f2 .*; and 6 more$/);
  });

  it('fails on a mismatch with a claimed digest, and does not pass on a match with claimed digests alone', async () => {
    const claimed = (file: ScannedFile): ScannedFile =>
      file.path === 'model.bin' ? { ...file, digestBasis: 'claimed' } : file;
    const tree = { ...MODEL, SHA256SUMS: sums(MODEL) };
    expect(await check(tree, claimed)).toEqual({
      id: 'integrity.manifest',
      status: 'not-assessed',
      detail: 'model.bin was not fully read: its claimed digest matches SHA256SUMS',
    });
    expect(await check({ ...tree, 'model.bin': 'others' }, claimed)).toMatchObject({ status: 'fail' });
    const unknown = (file: ScannedFile): ScannedFile =>
      file.path === 'model.bin' ? { ...file, sha256: null, digestBasis: 'none' } : file;
    expect(await check(tree, unknown)).toMatchObject({ status: 'not-assessed' });
  });

  it.each<[string, Tree, string]>([
    [
      'names a missing file',
      { SHA256SUMS: sums({ ...MODEL, 'gone.bin': 'x' }) },
      'SHA256SUMS names gone.bin, which is missing',
    ],
    [
      'contains MD5 digests only',
      { MD5SUMS: `${hash('md5', 'weights')}  model.bin` },
      'MD5SUMS contains only the MD5 of model.bin, which can be forged',
    ],
    [
      'contains digests that were not computed',
      { SHA512SUMS: `${hash('sha512', 'weights')}  model.bin` },
      'SHA-512 of model.bin was not computed: assay digest --check SHA512SUMS compares it',
    ],
    [
      'is a DVC file',
      { 'model.bin.dvc': `outs: [{path: model.bin, hash: md5, md5: ${hash('md5', 'weights')}, size: 7}]` },
      'model.bin.dvc contains only the MD5 of model.bin, which can be forged',
    ],
    [
      'names a path with "../"',
      { SHA256SUMS: `${sha256('x')}  ../x` },
      'SHA256SUMS is not used: line 1 names a file outside its folder',
    ],
    [
      'contains no digest',
      { 'checksums.txt': 'see the website' },
      'checksums.txt is not used: line 1 does not contain a digest',
    ],
    ['is empty', { SHA256SUMS: '' }, 'SHA256SUMS does not contain a digest'],
  ])('is not assessed for a manifest that %s', async (_, tree, detail) => {
    expect(await check({ ...MODEL, ...tree })).toEqual({ id: 'integrity.manifest', status: 'not-assessed', detail });
  });

  it('ignores weak digests beside strong ones, but fails on a wrong size', async () => {
    const tree = { ...MODEL, SHA256SUMS: sums(MODEL), MD5SUMS: `${'0'.repeat(32)}  model.bin` };
    expect(await check(tree)).toMatchObject({ status: 'pass' });
    const dvc = `outs: [{path: model.bin, md5: ${'0'.repeat(32)}, size: 8}]`;
    expect(await check({ ...tree, 'model.bin.dvc': dvc })).toMatchObject({ status: 'fail' });
  });

  it('accepts a manifest that lists itself, as a shell redirection creates', async () => {
    expect(await check({ ...MODEL, SHA256SUMS: `${sums(MODEL)}${sha256('')}  SHA256SUMS\n` })).toMatchObject({
      status: 'pass',
    });
  });

  it('does not use a manifest that changed after the scan', async () => {
    const text = sums(MODEL);
    const files: ArtifactFile[] = [
      memoryFile('model.bin', Buffer.from('weights')),
      {
        ...memoryFile('SHA256SUMS', Buffer.from(text)),
        open: async () => new MemorySource(Buffer.from(`${text}\n`), ''),
      },
    ];
    const scanned = [
      { path: 'model.bin', size: 7, sha256: sha256('weights'), digestBasis: 'computed' as const },
      { path: 'SHA256SUMS', size: text.length, sha256: sha256(text), digestBasis: 'computed' as const },
    ];
    expect(await manifestChecks(files, scanned)).toMatchObject([
      { status: 'not-assessed', detail: 'SHA256SUMS is not used: it changed after it was scanned' },
    ]);
  });

  it('limits the bytes of manifests that it reads', async () => {
    const line = `${sha256('weights')}  model.bin\n`;
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`${i}.sha256`, `#${'x'.repeat(1_000_000)}\n${line}`]),
    );
    expect((await check({ ...MODEL, ...many }))?.detail).toMatch(/exceeds the number of manifests/);
  });

  it('stops on an abort signal', async () => {
    const files = [memoryFile('SHA256SUMS', Buffer.from('x'))];
    const scanned = [{ path: 'SHA256SUMS', size: 1, sha256: sha256('x'), digestBasis: 'computed' as const }];
    await expect(manifestChecks(files, scanned, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });
});

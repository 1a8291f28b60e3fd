import { describe, expect, it } from 'vitest';
import { compareClaims, type KnownFile, manifestClaims } from '../../../src/integrity/manifests/claims.ts';
import type { ManifestEntry } from '../../../src/integrity/manifests/manifest.ts';
import { manifestKind, readManifest } from '../../../src/integrity/manifests/read-manifest.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('the name of a manifest', () => {
  it.each([
    ['SHA256SUMS', { kind: 'checksums', algorithm: 'sha256' }],
    ['sub/sha256sum.txt', { kind: 'checksums', algorithm: 'sha256' }],
    ['sha256sums.txt', { kind: 'checksums', algorithm: 'sha256' }],
    ['SHA512SUMS', { kind: 'checksums', algorithm: 'sha512' }],
    ['MD5SUMS', { kind: 'checksums', algorithm: 'md5' }],
    ['B2SUMS', { kind: 'checksums', algorithm: 'blake2b' }],
    ['CHECKSUM', { kind: 'checksums' }],
    ['checksums.txt', { kind: 'checksums' }],
    ['checksum.sha256', { kind: 'checksums', algorithm: 'sha256' }],
    ['checksums-sha256.txt', { kind: 'checksums', algorithm: 'sha256' }],
    ['a/model.pt.sha256', { kind: 'sidecar', algorithm: 'sha256', beside: 'model.pt' }],
    ['model.pt.sha256sum', { kind: 'sidecar', algorithm: 'sha256', beside: 'model.pt' }],
    ['model.pt.MD5', { kind: 'sidecar', algorithm: 'md5', beside: 'model.pt' }],
    ['model.pt.dvc', { kind: 'dvc' }],
    ['dvc.lock', { kind: 'dvc-lock' }],
  ])('%s is recognized', (path, kind) => {
    expect(manifestKind(path)).toEqual(kind);
  });

  it.each([
    'model.pt',
    'sha256',
    '.sha256',
    '.dvc',
    'my-checksums.json',
    'sums',
    'dvc.yaml',
    'SHA256SUMS.asc',
    'sha256sums/x',
  ])('%s is not recognized', (path) => {
    expect(manifestKind(path)).toBeUndefined();
  });
});

describe('manifests within an artifact', () => {
  const known = (path: string, sha256: string, more: Partial<KnownFile> = {}): KnownFile => ({
    path,
    size: 3,
    digests: new Map([['sha256', sha256]]),
    basis: 'computed',
    ...more,
  });
  const entry = (path: string, more: Partial<ManifestEntry> = {}): ManifestEntry => ({
    path,
    algorithm: 'sha256',
    hex: A,
    ...more,
  });

  it('describe files beside and below them, never themselves', () => {
    const entries = [entry('a'), entry('sub/b'), entry('SHA256SUMS')];
    expect(manifestClaims([{ path: 'x/SHA256SUMS', entries }]).map(({ path, from }) => [path, from])).toEqual([
      ['x/a', 'x/SHA256SUMS'],
      ['x/sub/b', 'x/SHA256SUMS'],
    ]);
    expect(manifestClaims([{ path: 'SHA256SUMS', entries }]).map(({ path }) => path)).toEqual(['a', 'sub/b']);
  });

  it('are compared with computed digests only', () => {
    const outcome = (claim: ManifestEntry, ...files: KnownFile[]) =>
      compareClaims([{ ...claim, from: 'SHA256SUMS' }], files)[0]?.outcome;
    expect(outcome(entry('a'), known('a', A))).toBe('kept');
    expect(outcome(entry('a'), known('a', B))).toBe('broken');
    expect(outcome(entry('a'), known('b', A))).toBe('missing');
    expect(outcome(entry('a', { size: 4 }), known('a', A))).toBe('broken');
    expect(outcome(entry('a', { algorithm: 'sha512' }), known('a', A))).toBe('unknown');
    // A claimed digest does not confirm a manifest, but contradicts it if it differs.
    expect(outcome(entry('a'), known('a', A, { basis: 'claimed' }))).toBe('unknown');
    expect(outcome(entry('a'), known('a', B, { basis: 'claimed' }))).toBe('broken');
  });

  it('are parsed by their kind', async () => {
    const read = async (path: string, text: string) => {
      const kind = manifestKind(path);
      return kind && readManifest(kind, Buffer.from(text), path);
    };
    expect(await read('m.pt.sha256', A)).toEqual([entry('m.pt')]);
    expect(await read('SHA256SUMS', `${A}  m.pt`)).toEqual([entry('m.pt')]);
    expect(await read('B2SUMS', `${A}${A}  m.pt`)).toEqual([entry('m.pt', { algorithm: 'blake2b', hex: A + A })]);
    const md5 = 'c'.repeat(32);
    const out = entry('m.pt', { algorithm: 'md5', hex: md5 });
    expect(await read('m.pt.dvc', `outs: [{path: m.pt, hash: md5, md5: ${md5}}]`)).toEqual([out]);
    const text = `schema: '2.0'\nstages: {s: {outs: [{path: m.pt, hash: md5, md5: ${md5}}]}}`;
    expect(await read('dvc.lock', text)).toEqual([out]);
    await expect(read('SHA256SUMS', A)).rejects.toThrow('line 1 does not contain a digest');
  });
});

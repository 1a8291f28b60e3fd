import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import {
  formatReference,
  isArtifactPath,
  isLoopback,
  isRevision,
  parseReference,
  shownAddress,
} from '../../../src/core/reference/reference.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

describe('a reference', () => {
  test.each([
    ['model.bin', { kind: 'path', path: 'model.bin' }],
    ['C:\\models\\a.bin', { kind: 'path', path: 'C:\\models\\a.bin' }],
    ['odd:name.pkl', { kind: 'path', path: 'odd:name.pkl' }],
    ['file:///a/b%20c', { kind: 'path', path: '/a/b c' }],
    ['hf://owner/model', { kind: 'hf', repo: 'owner/model' }],
    ['hf://gpt2', { kind: 'hf', repo: 'gpt2' }],
    ['hf://gpt2@main/config.json', { kind: 'hf', repo: 'gpt2', revision: 'main', path: 'config.json' }],
    [`hf://owner/model@${commit}/a/b.bin`, { kind: 'hf', repo: 'owner/model', revision: commit, path: 'a/b.bin' }],
    ['hf://owner/model@refs/pr/3/a.bin', { kind: 'hf', repo: 'owner/model', revision: 'refs/pr/3', path: 'a.bin' }],
    ['hf://owner/model@feature%2Fx', { kind: 'hf', repo: 'owner/model', revision: 'feature/x' }],
    ['https://huggingface.co/owner/model', { kind: 'hf', repo: 'owner/model' }],
    ['https://huggingface.co/gpt2/', { kind: 'hf', repo: 'gpt2' }],
    ['https://hf.co/owner/model?library=transformers#usage', { kind: 'hf', repo: 'owner/model' }],
    [
      'https://huggingface.co/owner/model/tree/v1.0/sub',
      { kind: 'hf', repo: 'owner/model', revision: 'v1.0', path: 'sub' },
    ],
    [
      'https://huggingface.co/owner/model/tree/refs%2Fpr%2F1',
      { kind: 'hf', repo: 'owner/model', revision: 'refs/pr/1' },
    ],
    [
      'https://huggingface.co/gpt2/blob/main/a%20b.bin',
      { kind: 'hf', repo: 'gpt2', revision: 'main', path: 'a b.bin' },
    ],
    [
      'https://huggingface.co/o/m/resolve/main/x.bin?download=true',
      { kind: 'hf', repo: 'o/m', revision: 'main', path: 'x.bin' },
    ],
    ['http://127.0.0.1:8080/hub/o/m/tree/main', { kind: 'hf', repo: 'o/m', revision: 'main' }],
    ['s3://models/a/b.bin', { kind: 's3', bucket: 'models', key: 'a/b.bin' }],
    ['s3://models/a/b?versionId=x.1', { kind: 's3', bucket: 'models', key: 'a/b', versionId: 'x.1' }],
    ['oci://127.0.0.1:5000/a/b', { kind: 'oci', registry: '127.0.0.1:5000', repository: 'a/b' }],
    [
      `oci://ghcr.io/a/b:v1@sha256:${'0'.repeat(64)}`,
      { kind: 'oci', registry: 'ghcr.io', repository: 'a/b', tag: 'v1', digest: `sha256:${'0'.repeat(64)}` },
    ],
    ['models:/fraud/12', { kind: 'models', name: 'fraud', at: { version: '12' } }],
    ['models:/fraud%20two@champion', { kind: 'models', name: 'fraud two', at: { alias: 'champion' } }],
    [
      `https://example.com/m.bin#sha256=${'a'.repeat(64)}`,
      { kind: 'https', url: 'https://example.com/m.bin', sha256: 'a'.repeat(64) },
    ],
    ['https://example.com/m.bin?v=1#x', { kind: 'https', url: 'https://example.com/m.bin?v=1' }],
  ])('is parsed: %s', (text, expected) => {
    const reference = parseReference(text, 'http://127.0.0.1:8080/hub/');
    expect(reference).toEqual(expected);
    expect(parseReference(formatReference(reference))).toEqual(reference);
  });

  test.each([
    ['', /empty/],
    ['s3://', /not a name of a bucket/],
    ['s3://Bad_Bucket/model', /not a name of a bucket/],
    ['oci:///model', /not a host of a registry/],
    ['oci://user:secret@registry/model', /user name or a password/],
    ['oci://registry/Model', /not a name of a repository/],
    ['oci://registry/a/../b', /not a name of a repository/],
    ['oci://registry/model@sha256:12', /not a SHA-256 digest/],
    ['oci://registry/model:-x', /not a tag/],
    ['models:/name', /no version of a registered model/],
    ['models:/name/Production', /no version of a registered model/],
    ['git+https://host/repo', /not supported/],
    ['gs://bucket/model', /not supported/],
    ['https://example.com/m.bin#sha256=12', /64 hex digits/],
    ['gopher://host/model', /unknown scheme gopher:/],
    ['hf://datasets/owner/name', /datasets of the Hub/],
    ['https://huggingface.co/spaces/owner/name', /spaces of the Hub/],
    ['https://huggingface.co/docs/hub', /shows no model's files/],
    ['https://huggingface.co/owner/model/discussions/3', /shows no model's files/],
    ['hf://', /not a name of a model/],
    ['hf://owner/../etc', /not a name of a model/],
    ['hf://owner/model@', /not a revision/],
    ['hf://owner/model@..', /not a revision/],
    ['hf://owner/model@a%2F..%2Fb', /not a revision/],
    ['hf://owner/model@main?x=1', /not a revision/],
    ['hf://owner/model@main/../x', /not a path/],
    ['hf://owner/model@main/%2e%2e/x', /not a path/],
    ['hf://owner/model@%zz', /broken % escape/],
    ['http://example.com/m.bin', /http:\/\//],
    ['https://user:secret@example.com/m.bin', /user name or a password/],
  ])('is refused with a usage error: %s', (text, message) => {
    const error = thrown(() => parseReference(text));
    expect(isAssayError(error) && error.code).toBe('usage');
    expect(isAssayError(error) && error.hint).toBeTruthy();
    expect(String(error)).toMatch(message);
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });

  test('is parsed from any text, or gives a usage error, and keeps its own formatted form', () => {
    const schemes = fc.constantFrom('', 'hf://', 'https://huggingface.co/', 'https://', 'hf://a/b@', 'models:/');
    fc.assert(
      fc.property(schemes, fc.string({ unit: 'grapheme' }), (scheme, rest) => {
        try {
          const reference = parseReference(scheme + rest);
          expect(parseReference(formatReference(reference))).toEqual(reference);
          if (reference.kind === 'hf') expect(reference.revision ?? 'main').not.toMatch(/\.\.|[?#%\s]/);
        } catch (error) {
          if (!isAssayError(error)) throw error;
          expect(error.code).toBe('usage');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('accepts no path with ".." as an artifact path', () => {
    for (const path of ['', '/a', 'a//b', '../a', 'a/..', './a', 'a\\b', 'a\0', 'a/'])
      expect(isArtifactPath(path)).toBe(false);
    for (const path of ['a', '.gitattributes', 'a/b..c', 'ünïcode/x']) expect(isArtifactPath(path)).toBe(true);
    for (const revision of ['-x', 'a/.b', 'a.lock', '/a', 'a/', 'a b', 'x'.repeat(300)])
      expect(isRevision(revision)).toBe(false);
  });

  test('is displayed without the secrets of a URL', () => {
    expect(shownAddress('https://u:p@host:1/a?X-Amz-Signature=s#t')).toBe('https://host:1/a');
  });
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('treats %s as this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  '127.evil.example',
  '127.0.0.1.evil.example',
  '127.0.0.1@evil.example',
  'localhost.evil.example',
  'evil-127.0.0.1',
  '1127.0.0.1',
  '128.0.0.1',
  '[::2]',
  '[::ffff:7f00:1]',
  '0.0.0.0',
  '',
  '127.0.0.1\nevil.example',
])('does not treat %j as this machine', (host) => {
  expect(isLoopback(host)).toBe(false);
});

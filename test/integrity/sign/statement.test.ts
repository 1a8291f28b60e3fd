import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelStatement } from '../../../src/integrity/sign/statement.ts';

const hex = (text: string) => createHash('sha256').update(text).digest('hex');

function statementOf(paths: readonly string[]) {
  const files = paths.map((path) => ({ path, digest: hex(path) }));
  const { payload, rootDigest } = modelStatement({
    name: 'model',
    algorithm: 'sha256',
    allowSymlinks: false,
    ignorePaths: ['model.sig', '.git'],
    files,
  });
  return { json: JSON.parse(payload.toString('utf8')), rootDigest };
}

describe('the statement of a model', () => {
  it('equals that of the reference implementation', () => {
    const { json, rootDigest } = statementOf(['b', 'a']);
    expect(rootDigest).toBe(
      createHash('sha256')
        .update(Buffer.from(hex('a'), 'hex'))
        .update(Buffer.from(hex('b'), 'hex'))
        .digest('hex'),
    );
    expect(json).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'model', digest: { sha256: rootDigest } }],
      predicateType: 'https://model_signing/signature/v1.0',
      predicate: {
        serialization: {
          method: 'files',
          hash_type: 'sha256',
          allow_symlinks: false,
          ignore_paths: ['model.sig', '.git'],
        },
        resources: [
          { name: 'a', algorithm: 'sha256', digest: hex('a') },
          { name: 'b', algorithm: 'sha256', digest: hex('b') },
        ],
      },
    });
  });

  it('orders by the segments of a path, each by code point', () => {
    // U+FFFD is below the emoji by code point, but above its first UTF-16 unit.
    const paths = ['sub.txt', 'sub/b', 'sub/a/z', 'sub-x', '\u{1f389}', '\ufffd', 'B', 'a', 'sub/a.txt'];
    const names = statementOf(paths).json.predicate.resources.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['B', 'a', 'sub/a/z', 'sub/a.txt', 'sub/b', 'sub-x', 'sub.txt', '\ufffd', '\u{1f389}']);
  });

  it('orders any paths like a comparison of their segments one by one', () => {
    const part = fc.stringMatching(/^[^\0/\ud800-\udfff]{1,4}$/u);
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 12 }), (paths) => {
        const names = statementOf(paths).json.predicate.resources.map(({ name }: { name: string }) => name);
        expect(names).toEqual([...paths].sort(byParts));
      }),
    );
  });
});

function byParts(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = Buffer.compare(Buffer.from(left[at] ?? ''), Buffer.from(right[at] ?? ''));
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

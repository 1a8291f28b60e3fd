import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HashedFile, treeDigest } from '../../../src/integrity/hash/tree-digest.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const file: fc.Arbitrary<HashedFile> = fc.record({
  path: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('a', 'a/b', 'a:1', 'é', '\ufb01', '\u{1f600}')),
  size: fc.nat(),
  sha256: fc.string().map(hash),
});
const tree = fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 8 });
const sorted = (files: readonly HashedFile[]) =>
  JSON.stringify(
    [...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, size, sha256 }) => [path, size, sha256]),
  );

describe('the digest of a tree', () => {
  it('does not depend on the order of its files', () => {
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.nat()), (files, random) => {
        const keys = new Map(files.map(({ path }) => [path, random.next().value]));
        const shuffled = [...files].sort((a, b) => (keys.get(a.path) ?? 0) - (keys.get(b.path) ?? 0));
        expect(treeDigest(shuffled)).toBe(treeDigest(files));
      }),
    );
  });

  it('covers the length-framed path, the size and the content of each file, in byte order of the paths', () => {
    fc.assert(
      fc.property(tree, (files) => {
        const whole = createHash('sha256');
        for (const { path, size, sha256 } of [...files].sort((a, b) =>
          Buffer.from(a.path).compare(Buffer.from(b.path)),
        )) {
          const bytes = Buffer.from(path);
          whole.update(
            Buffer.concat([
              Buffer.from(`${bytes.length}:`),
              bytes,
              Buffer.from(`${size}:`),
              Buffer.from(sha256, 'hex'),
            ]),
          );
        }
        expect(treeDigest(files)).toBe(`sha256:${whole.digest('hex')}`);
      }),
    );
  });

  it('differs for different trees', () => {
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        fc.pre(sorted(a) !== sorted(b));
        expect(treeDigest(a)).not.toBe(treeDigest(b));
      }),
      { numRuns: 1_000 },
    );
  });

  it('changes with a path, a size or a content', () => {
    const one = { path: 'model.bin', size: 3, sha256: hash('a') };
    const digests = [
      [one],
      [{ ...one, path: 'model.bi' }],
      [{ ...one, size: 4 }],
      [{ ...one, sha256: hash('b') }],
      [one, { ...one, path: 'other' }],
      [],
    ].map(treeDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('can be computed by other programs, sorted by bytes and not by UTF-16', () => {
    const first = { path: '\ufb01', size: 1, sha256: hash('1') };
    const second = { path: '\u{1f600}', size: 22, sha256: hash('2') };
    const expected = createHash('sha256')
      .update('3:\ufb011:')
      .update(Buffer.from(first.sha256, 'hex'))
      .update('4:\u{1f600}22:')
      .update(Buffer.from(second.sha256, 'hex'))
      .digest('hex');
    expect(treeDigest([second, first])).toBe(`sha256:${expected}`);
  });
});

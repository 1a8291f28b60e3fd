import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { modelStatement } from '../../../src/integrity/sign/statement.ts';
import { omsRootsOf } from '../../../src/integrity/statements/oms-roots.ts';

const hex = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (path: string) => ({ path, sha256: hex(path) });
const rootOf = (...paths: string[]) => {
  const root = createHash('sha256');
  for (const path of paths) root.update(hex(path), 'hex');
  return root.digest('hex');
};

it('the roots of the two orders differ for a file name that starts like a folder name', () => {
  const files = ['sub.txt', 'sub/b', 'a'].map(file);
  expect(omsRootsOf(files)).toEqual({
    referenceOrder: rootOf('a', 'sub/b', 'sub.txt'),
    specOrder: rootOf('a', 'sub.txt', 'sub/b'),
  });
});

it('names are ordered by their bytes, not by UTF-16', () => {
  const roots = omsRootsOf(['\u{1f389}', '\ufffd'].map(file));
  expect(roots?.specOrder).toBe(rootOf('\ufffd', '\u{1f389}'));
  expect(roots?.referenceOrder).toBe(roots?.specOrder);
});

it('the roots exclude what a signature excludes', () => {
  const all = ['.git/HEAD', '.gitattributes', '.github/a.yml', 'model.sig', 'model.bin'];
  expect(omsRootsOf(all.map(file))?.specOrder).toBe(rootOf('model.bin'));
  expect(omsRootsOf([file('.gitattributes')])).toBeUndefined();
});

it('the root of the reference order equals the subject digest of a signature', () => {
  const part = fc.stringMatching(/^[a-z.\u00e9-]{1,4}$/).filter((name) => !/^\.{1,2}$/.test(name));
  const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `m/${parts.join('/')}`);
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 8 }), (paths) => {
      const files = paths.map((path) => ({ path, digest: hex(path) }));
      const { rootDigest } = modelStatement({
        name: 'm',
        algorithm: 'sha256',
        allowSymlinks: false,
        ignorePaths: [],
        files,
      });
      expect(omsRootsOf(paths.map(file))?.referenceOrder).toBe(rootDigest);
    }),
  );
});

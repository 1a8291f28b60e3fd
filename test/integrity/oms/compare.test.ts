import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { SHA256_PLAN } from '../../../src/integrity/hash/plan.ts';
import { compareModel, type SignedFile } from '../../../src/integrity/oms/compare.ts';
import type { OmsManifest, Resource, Serialization } from '../../../src/integrity/oms/manifest.ts';
import { hashBytes } from './model-folder.ts';
import { sha256 } from './signed.ts';

const manifestOf = (contents: Record<string, string>, more: Partial<Serialization> = {}): OmsManifest => ({
  version: 'v1.0',
  name: 'model',
  serialization: { method: 'files', algorithm: 'sha256', allowSymlinks: false, ignorePaths: [], ...more },
  resources: Object.entries(contents).map(([path, content]) => ({ path, digest: sha256(content) })),
});
const shard = (path: string, start: number, content: string): Resource => ({
  path,
  range: { start, end: start + content.length },
  digest: sha256(content),
});
const filesOf = (contents: Record<string, string>, plan = SHA256_PLAN) =>
  Promise.all(Object.entries(contents).map(([path, content]) => hashBytes(path, Buffer.from(content), plan)));

const SIGNED = { 'a.json': 'a', 'sub/b.bin': 'b', 'sub.txt': 'c' };
const SAME = { covered: 3, changed: [], missing: [], uncovered: [], emptyFiles: [], git: [] };
const signed = manifestOf(SIGNED);

test('an unchanged model has no differences', async () => {
  expect(compareModel(signed, { files: await filesOf(SIGNED) })).toEqual(SAME);
});

describe('a difference is found:', () => {
  test.each<[string, Record<string, string>, object]>([
    ['changed content', { ...SIGNED, 'a.json': 'A' }, { covered: 2, changed: ['a.json'] }],
    ['a truncated file', { ...SIGNED, 'a.json': 'aa' }, { covered: 2, changed: ['a.json'] }],
    ['an empty file', { ...SIGNED, 'a.json': '' }, { covered: 2, changed: ['a.json'] }],
    ['a missing file', { 'a.json': 'a', 'sub.txt': 'c' }, { covered: 2, missing: ['sub/b.bin'] }],
    ['an added file', { ...SIGNED, 'x.py': '' }, { uncovered: [{ path: 'x.py', why: 'added' }] }],
    [
      'two swapped files',
      { ...SIGNED, 'a.json': 'b', 'sub/b.bin': 'a' },
      { covered: 1, changed: ['a.json', 'sub/b.bin'] },
    ],
    [
      'a name in other letter case',
      { 'A.json': 'a', 'sub/b.bin': 'b', 'sub.txt': 'c' },
      { covered: 2, missing: ['a.json'], uncovered: [{ path: 'A.json', why: 'added' }] },
    ],
  ])('%s', async (_, contents, expected) => {
    expect(compareModel(signed, { files: await filesOf(contents) })).toEqual({ ...SAME, ...expected });
  });

  test('a name that looks the same in another Unicode form', async () => {
    const composed = { '\u00e9': 'a' };
    const files = await filesOf({ 'e\u0301': 'a' });
    expect(compareModel(manifestOf(composed), { files })).toMatchObject({ covered: 0, missing: ['\u00e9'] });
  });

  test('all files missing', () => {
    expect(compareModel(signed, { files: [] })).toEqual({ ...SAME, covered: 0, missing: Object.keys(SIGNED) });
  });
});

test('the signature file is not part of what it signs', async () => {
  const files = await filesOf({ ...SIGNED, 'model.sig': 's', 'sub/model.sig': 's' });
  expect(compareModel(signed, { files, signature: 'model.sig' })).toEqual({
    ...SAME,
    uncovered: [{ path: 'sub/model.sig', why: 'added' }],
  });
});

describe('files that the signature ignores', () => {
  const found = { ...SIGNED, '.git/HEAD': 'ref', '.gitignore': '', '.gitattributes': '', '.github/x.py': 'x' };
  const why = async (ignorePaths: readonly string[], contents: Record<string, string> = found) => {
    const gitsOwn = new Set(['.git', '.gitignore', '.gitattributes', 'x/.gitignore']);
    const manifest = manifestOf(SIGNED, { ignorePaths });
    const { uncovered, git } = compareModel(manifest, { files: await filesOf(contents), gitsOwn });
    return { uncovered: uncovered.map(({ path, why: reason }) => `${path} ${reason}`), git };
  };

  test("are uncovered, except git's own files", async () => {
    const all = ['.git', '.gitattributes', '.github', '.gitignore'];
    expect(await why(all)).toEqual({
      uncovered: ['.git/HEAD ignored', '.github/x.py ignored'],
      git: ['.gitignore', '.gitattributes'],
    });
  });

  test('are recognized without a list for old releases', async () => {
    expect(await why([])).toEqual({
      uncovered: ['.git/HEAD added', '.github/x.py added'],
      git: ['.gitignore', '.gitattributes'],
    });
  });

  test('are reported as added where the signer would have signed them', async () => {
    expect(await why(['model.sig'])).toEqual({
      uncovered: ['.git/HEAD added', '.gitignore added', '.gitattributes added', '.github/x.py added'],
      git: [],
    });
  });

  test('are uncovered when their content is not what git reads', async () => {
    const manifest = manifestOf(SIGNED, { ignorePaths: ['.gitattributes'] });
    const files = await filesOf({ ...SIGNED, '.gitattributes': 'cos\nsystem\n', '.git': 'x' });
    expect(compareModel(manifest, { files, gitsOwn: new Set() })).toMatchObject({
      uncovered: [
        { path: '.gitattributes', why: 'ignored' },
        { path: '.git', why: 'added' },
      ],
      git: [],
    });
  });

  test("are git's own files only at the top level", async () => {
    const nested = { 'x/.git/config': '', 'x/.gitignore': '', '.gitx/a': '', '.git': 'gitdir: ../x' };
    expect(await why(['.git'], nested)).toEqual({
      uncovered: ['x/.git/config added', 'x/.gitignore added', '.gitx/a added'],
      git: ['.git'],
    });
  });

  test.each([
    ['docs', 'docs/x.md', 'ignored'],
    ['docs/', 'docs/x.md', 'ignored'],
    ['./docs', 'docs/x.md', 'ignored'],
    ['docs', 'docs', 'ignored'],
    ['docs', 'docsx/a', 'added'],
    ['docs', 'x/docs/a', 'added'],
    ['.', 'x', 'ignored'],
    ['/docs', 'docs/x.md', 'added'],
    ['../docs', 'docs/x.md', 'added'],
  ])('are matched by path: %s, for %s: %s', async (ignored, path, reason) => {
    expect((await why([ignored], { [path]: 'x' })).uncovered).toEqual([`${path} ${reason}`]);
  });

  test('are compared when they were signed nevertheless', async () => {
    const manifest = manifestOf({ 'docs/a': 'a' }, { ignorePaths: ['docs'] });
    expect(compareModel(manifest, { files: await filesOf({ 'docs/a': 'b' }) })).toMatchObject({ changed: ['docs/a'] });
  });
});

describe('symbolic links', () => {
  const linked = async (link: 'within' | 'hub-cache', content = 'a') => [{ ...(await one('a.json', content)), link }];
  const only = manifestOf({ 'a.json': 'a' });

  test('are uncovered when the signer did not allow them', async () => {
    const files = await linked('within');
    const uncovered = [{ path: 'a.json', why: 'link' }];
    expect(compareModel(only, { files })).toEqual({ ...SAME, covered: 0, uncovered });
    expect(compareModel(only, { files: await linked('within', 'x') })).toMatchObject({
      changed: ['a.json'],
      uncovered: [],
    });
    expect(compareModel(manifestOf({}), { files })).toMatchObject({ uncovered });
  });

  test('are compared like files when the signer allowed them, and in the Hub cache', async () => {
    const allowed = manifestOf({ 'a.json': 'a' }, { allowSymlinks: true });
    expect(compareModel(allowed, { files: await linked('within') })).toMatchObject({ covered: 1, uncovered: [] });
    expect(compareModel(only, { files: await linked('hub-cache') })).toMatchObject({ covered: 1, uncovered: [] });
    expect(compareModel(allowed, { files: await linked('within', 'x') })).toMatchObject({ changed: ['a.json'] });
  });
});

describe('a single file', () => {
  test.each(['.', 'model.pkl'])('is named %s', async (name) => {
    const manifest = manifestOf({ [name]: 'a' });
    expect(compareModel(manifest, { files: await filesOf({ 'model.pkl': 'a' }), single: true })).toMatchObject({
      covered: 1,
      missing: [],
    });
    expect(compareModel(manifest, { files: await filesOf({ 'model.pkl': 'b' }), single: true })).toMatchObject({
      covered: 0,
      changed: ['model.pkl'],
    });
  });

  test('is not matched with a file in a folder', async () => {
    expect(compareModel(manifestOf({ '.': 'a' }), { files: await filesOf({ 'model.pkl': 'a' }) })).toMatchObject({
      covered: 0,
      missing: ['.'],
      uncovered: [{ path: 'model.pkl', why: 'added' }],
    });
  });

  test('is not matched under another name', async () => {
    expect(
      compareModel(manifestOf({ 'other.pkl': 'a' }), { files: await filesOf({ 'model.pkl': 'a' }), single: true }),
    ).toMatchObject({ covered: 0, missing: ['other.pkl'] });
  });
});

describe('shards', () => {
  const plan = { algorithm: 'sha256', shardSize: 4 } as const;
  const manifest: OmsManifest = {
    ...manifestOf({}, { method: 'shards', shardSize: 4 }),
    // Sorted by name, as in the specification.
    resources: [
      shard('a', 0, 'aaaa'),
      shard('a', 12, 'dd'),
      shard('a', 4, 'bbbb'),
      shard('a', 8, 'cccc'),
      shard('b', 0, 'b'),
    ],
  };
  const compare = async (contents: Record<string, string>) =>
    compareModel(manifest, { files: await filesOf(contents, plan) });

  test('are compared in the order of the file', async () => {
    expect(await compare({ a: 'aaaabbbbccccdd', b: 'b' })).toEqual({ ...SAME, covered: 2 });
  });

  test.each([
    ['a changed shard', 'aaaaBbbbccccdd'],
    ['two swapped shards', 'bbbbaaaaccccdd'],
    ['a truncated last shard', 'aaaabbbbcccc'],
    ['an extended last shard', 'aaaabbbbccccddd'],
    ['an additional shard', 'aaaabbbbccccddxxxxxx'],
    ['no shard', ''],
  ])('with a difference change the file: %s', async (_, a) => {
    expect(await compare({ a, b: 'b' })).toMatchObject({ covered: 1, changed: ['a'] });
  });

  test('do not list empty files', async () => {
    expect(await compare({ a: 'aaaabbbbccccdd', b: 'b', '__init__.py': '' })).toEqual({
      ...SAME,
      covered: 2,
      emptyFiles: ['__init__.py'],
    });
  });
});

test('a file that was not hashed as its signature requires is a defect', async () => {
  const [file] = await filesOf({ 'a.json': 'a' }, { algorithm: 'blake2b' });
  const error = thrown(() => compareModel(signed, { files: file === undefined ? [] : [file] }));
  expect(isAssayError(error) && error.code).toBe('internal');
});

function one(path: string, content: string): Promise<SignedFile> {
  return hashBytes(path, Buffer.from(content));
}

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, lfsPointer, MALICIOUS, sha256 } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';

const scratch = tempFolder();
let repository: Repository;
let base: string;
let count = 0;

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository.write('README.md', '# models\n').commit('base');
});

const place = (path: string, content: Uint8Array | string) => {
  mkdirSync(dirname(join(repository.folder, path)), { recursive: true });
  writeFileSync(join(repository.folder, path), content);
};

async function onCommit(head: string, inputs: Record<string, string> = {}): Promise<Ran> {
  const tree = repository.git('rev-parse', `${head}^{tree}`);
  const sha = repository.git('commit-tree', tree, '-p', base, '-p', head, '-m', 'merge');
  repository.git('update-ref', '--no-deref', 'HEAD', sha);
  return runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs }, scratch);
}

const rulesOf = ({ annotations }: Ran) => annotations.map(({ title, file }) => [title?.replace('Assay: ', ''), file]);

describe('a submodule', () => {
  let vendor: Repository;

  beforeEach(() => {
    vendor = new Repository(join(scratch, `v${count++}`));
    vendor.write('README.md', '# vendor\n').commit('first');
    repository.git('submodule', '--quiet', 'add', vendor.folder, 'vendor/models');
    base = repository.commit('with a submodule');
  });

  /** Moves the submodule to one of its commits, as a pull request does. */
  const moved = (commit: string) => {
    repository.git('update-index', '--cacheinfo', `160000,${commit},vendor/models`);
    repository.git('commit', '--quiet', '-m', 'head');
    return repository.git('rev-parse', 'HEAD');
  };
  const fetched = (commit: string) => {
    repository.git('-C', 'vendor/models', 'fetch', '--quiet', 'origin');
    repository.git('-C', 'vendor/models', 'checkout', '--quiet', commit);
  };

  it('that is not checked out at its commit is reported and denied', async () => {
    const ran = await onCommit(moved(vendor.write('m.pkl', CLEAN).commit('second')));
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)).toEqual([['change.submodule', 'vendor/models']]);
    expect(ran.annotations[0]?.message).toContain('submodules: recursive');
  });

  it('that is checked out is judged by what the change adds to it', async () => {
    const second = vendor.write('m.pkl', MALICIOUS).write('README.md', '# more\n').commit('second');
    fetched(second);
    const ran = await onCommit(moved(second));
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)).toEqual([['pickle.global.dangerous', 'vendor/models/m.pkl']]);
    const third = vendor.write('n.pkl', CLEAN).commit('third');
    fetched(third);
    base = repository.git('commit-tree', repository.git('rev-parse', 'HEAD^{tree}'), '-p', base, '-m', 'merged');
    repository.git('checkout', '--quiet', '--detach', base);
    expect(await onCommit(moved(third))).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
  });

  it('is searched for references and Git LFS pointers, within the given path', async () => {
    vendor.write('load.py', 'torch.hub.load("acme/code", "m")\n').write('m.pkl', lfsPointer(MALICIOUS));
    const second = vendor.commit('second');
    fetched(second);
    const oid = sha256(MALICIOUS);
    place(join('.git/modules/vendor/models/lfs/objects', oid.slice(0, 2), oid.slice(2, 4), oid), MALICIOUS);
    const head = moved(second);
    const ran = await onCommit(head, { path: 'vendor/models/m.pkl' });
    expect(rulesOf(ran)).toEqual([['pickle.global.dangerous', 'vendor/models/m.pkl']]);
    repository.git('checkout', '--quiet', '--detach', head);
    const all = await onCommit(head);
    expect(rulesOf(all)).toEqual([
      ['pickle.global.dangerous', 'vendor/models/m.pkl'],
      ['reference.unpinned-code', 'vendor/models/load.py'],
    ]);
  });

  it('is not replaced by the surrounding repository or by the target of a link', async () => {
    const own = repository.git('rev-parse', 'HEAD');
    repository.git('update-index', '--add', '--cacheinfo', `160000,${own},elsewhere`);
    repository.git('update-index', '--add', '--cacheinfo', `160000,${vendor.git('rev-parse', 'HEAD')},linked`);
    repository.git('commit', '--quiet', '-m', 'head');
    mkdirSync(join(repository.folder, 'elsewhere'));
    symlinkSync(vendor.folder, join(repository.folder, 'linked'));
    const ran = await onCommit(repository.git('rev-parse', 'HEAD'));
    expect(rulesOf(ran)).toEqual([
      ['change.submodule', 'elsewhere'],
      ['change.submodule', 'linked'],
    ]);
  });
});

describe('a DVC file', () => {
  const md5 = (content: Uint8Array | string) => createHash('md5').update(content).digest('hex');
  const out = (path: string, digest: string, size = 1) =>
    `outs:\n- md5: ${digest}\n  size: ${size}\n  hash: md5\n  path: ${path}\n`;
  const lock = (path: string, digest: string) =>
    `schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    outs:\n    - path: ${path}\n      hash: md5\n      md5: ${digest}\n      size: 1\n`;

  it('is judged by its data in the workspace or in the DVC cache', async () => {
    const head = repository
      .write('m/a.pkl.dvc', out('a.pkl', md5(MALICIOUS)))
      .write('dvc.lock', lock('b.pkl', md5(CLEAN)))
      .commit('head');
    place('m/a.pkl', MALICIOUS);
    place(join('.dvc/cache/files/md5', md5(CLEAN).slice(0, 2), md5(CLEAN).slice(2)), CLEAN);
    const ran = await onCommit(head);
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)).toEqual([
      ['pickle.global.dangerous', 'm/a.pkl'],
      ['change.dvc-md5', 'dvc.lock'],
      ['change.dvc-md5', 'm/a.pkl.dvc'],
    ]);
    expect(ran.summary).toContain('2 files of models');
  });

  it('of a folder is judged by each file of the folder', async () => {
    const listing = JSON.stringify([
      { md5: md5(CLEAN), relpath: 'a.pkl' },
      { md5: md5('rows\n'), relpath: 'in/rows.csv' },
      { md5: md5(MALICIOUS), relpath: 'in/b.pkl' },
    ]);
    const head = repository.write('all.dvc', out('all', `${md5(listing)}.dir`)).commit('head');
    place(join('.dvc/cache/files/md5', md5(listing).slice(0, 2), `${md5(listing).slice(2)}.dir`), listing);
    place('all/a.pkl', CLEAN);
    place('all/in/rows.csv', 'rows\n');
    const part = await onCommit(head);
    expect(rulesOf(part)).toEqual([
      ['change.dvc', 'all.dvc'],
      ['change.dvc-md5', 'all.dvc'],
    ]);
    expect(part.annotations[0]?.message).toContain('all/in/b.pkl');
    place('all/in/b.pkl', MALICIOUS);
    repository.git('checkout', '--quiet', '--detach', head);
    const whole = await onCommit(head);
    expect(rulesOf(whole)).toEqual([
      ['pickle.global.dangerous', 'all/in/b.pkl'],
      ['change.dvc-md5', 'all.dvc'],
    ]);
  });

  it.each([
    ['is missing', () => {}, 'is not in the checkout'],
    ['does not match', () => place('a.pkl', MALICIOUS), 'differs from the file in the checkout'],
    [
      'is a link out of the workspace',
      () => symlinkSync('/etc/hostname', join(repository.folder, 'a.pkl')),
      'is not in the checkout',
    ],
  ])('whose data %s is reported with the remedy and denied', async (_, lay, message) => {
    const head = repository.write('a.pkl.dvc', out('a.pkl', md5(CLEAN))).commit('head');
    lay();
    const ran = await onCommit(head);
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(ran.annotations).toHaveLength(1);
    expect(ran.annotations[0]).toMatchObject({ level: 'error', file: 'a.pkl.dvc', line: '2' });
    expect(ran.annotations[0]?.message).toContain(message);
    expect(ran.annotations[0]?.message).toContain('dvc pull');
  });

  it('does not replace a file of the repository at the same path', async () => {
    const head = repository
      .write('a.pkl.dvc', out('a.pkl', md5(MALICIOUS)))
      .write('a.pkl', CLEAN)
      .commit('head');
    place(join('.dvc/cache/files/md5', md5(MALICIOUS).slice(0, 2), md5(MALICIOUS).slice(2)), MALICIOUS);
    const ran = await onCommit(head);
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)).toEqual([
      ['change.dvc', 'a.pkl'],
      ['change.dvc-md5', 'a.pkl.dvc'],
    ]);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { gitFolders, lfsPointer } from '../../../src/service/hub-proxy/git-objects.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';

const hasGit = spawnSync('git', ['--version'], { stdio: 'ignore' }).status === 0;

requirePart('git', hasGit, 'apt-get install git', 'the object ids', () => {
  const folder = tempFolder();
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, HOME: folder } });

  test('of folders equal what git computes', () => {
    git('init', '-q');
    const paths = ['config.json', 'a/b/c/deep.txt', 'a/b.txt', 'a-b/x', 'a.b', 'ü/ö', 'zz/1', 'zz/10', 'zz/2'];
    for (const path of paths) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `of ${path}`);
    }
    git('add', '.');
    const listed = git('-c', 'core.quotepath=false', 'ls-tree', '-r', '-t', git('write-tree').trim())
      .trim()
      .split('\n')
      .map((line) => /^\d+ (blob|tree) (\w+)\t(.*)$/.exec(line) ?? [])
      .map(([, kind, oid = '', path = '']) => ({ kind, oid, path }));
    const files = listed.filter(({ kind }) => kind === 'blob');
    const folders = listed.filter(({ kind }) => kind === 'tree').map(({ path, oid }) => [path, oid]);
    expect(files).toHaveLength(paths.length);
    expect([...gitFolders(files)].sort()).toEqual(folders.sort());
  });

  test('of Git LFS pointers equal what git computes', () => {
    const sha256 = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393';
    const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize 12345\n`;
    const oid = execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).trim();
    expect(lfsPointer(sha256, 12345)).toEqual({ oid, size: text.length });
  });
});

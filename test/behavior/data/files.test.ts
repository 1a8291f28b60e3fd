import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DataFiles } from '../../../src/behavior/data/files.ts';
import { contextOf } from '../../../src/behavior/data/options.ts';
import { AssayError } from '../../../src/core/index.ts';

function folderWith(outside = false) {
  const folder = mkdtempSync(join(tmpdir(), 'files-'));
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  write('a.txt', 'one');
  return { folder, write, files: new DataFiles({ folder, outside }, contextOf({ folder })) };
}

const nothing = async () => undefined;

it('refuses a file that changes while it is read', async () => {
  const { files, write } = folderWith();
  await expect(files.use('a.txt', async () => write('a.txt', 'another'))).rejects.toMatchObject({
    code: 'changed',
    subject: 'a.txt',
  });
});

it('refuses a file that is another one when it is read again', async () => {
  const { files, write } = folderWith();
  await files.use('a.txt', nothing);
  write('a.txt', 'two');
  await expect(files.use('a.txt', nothing)).rejects.toMatchObject({ code: 'changed' });
});

it('refuses a file that goes away', async () => {
  const { files, folder } = folderWith();
  await expect(files.use('a.txt', async () => rmSync(join(folder, 'a.txt')))).rejects.toMatchObject({
    code: 'changed',
  });
  await expect(files.use('a.txt', nothing)).rejects.toMatchObject({ code: 'not-found', subject: 'a.txt' });
});

it('has no digest of a file that was refused', async () => {
  const { files } = folderWith();
  const none = files.sha256();
  const refused = files.use('a.txt', async () => {
    throw new AssayError('malformed', 'is bad', { subject: 'part', hint: 'correct it' });
  });
  await expect(refused).rejects.toMatchObject({
    code: 'malformed',
    subject: 'a.txt',
    message: 'part: is bad',
    hint: 'correct it',
  });
  expect(files.sha256()).toBe(none);
});

it('refuses devices, also where paths may lead anywhere', async () => {
  const { files } = folderWith(true);
  await expect(files.use('/dev/zero', nothing)).rejects.toMatchObject({ code: 'unreadable', subject: '/dev/zero' });
});

it.each(['a//b', '/a', 'a/', './../a', 'a/..', 'D:/a', '\\\\server\\a'])(
  'does not take %s for a path within the folder',
  (path) => {
    expect(() => folderWith().files.resolve(path)).toThrow('is not a path within the folder of the suite');
  },
);

it('needs its folder', () => {
  const folder = join(tmpdir(), 'is-not-there', 'at-all');
  expect(() => new DataFiles({ folder }, contextOf({ folder }))).toThrow('no such file or folder');
});

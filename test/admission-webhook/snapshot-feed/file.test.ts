import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SNAPSHOT_LIMITS } from '../../../src/snapshot/index.ts';
import { denied, entry, NOW, sha256, signed, stranger, writer } from '../../snapshot/samples.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { closeFeeds, feedOf, versionOf } from './feeds.ts';

const root = tempFolder();
let folders = 0;
closeFeeds();

function newFolder(): string {
  const folder = join(root, `${++folders}`);
  mkdirSync(folder);
  return folder;
}

/** Replaces the file atomically. */
function replace(path: string, bytes: Uint8Array): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

describe('a snapshot file', () => {
  it('is loaded and answers lookups', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    replace(path, await signed());
    const feed = await feedOf(folder, path);
    const held = feed.held();
    if (held.kind !== 'held') throw new Error(held.why);
    expect(held).toMatchObject({ from: path, loadedAt: NOW });
    expect(held.index.lookup({ digest: sha256('model') }, { now: NOW }).kind).toBe('approved');
    expect(feed.health()).toEqual({ from: path, lastTried: NOW, lastGood: NOW, problem: null, floor: 7 });
  });

  it('is loaded again when it is replaced', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    replace(path, await signed());
    const feed = await feedOf(folder, path);
    const told: number[] = [];
    feed.onChange((held) => held.kind === 'held' && told.push(held.index.meta.version));
    replace(path, await signed({ version: 8, entries: [denied()] }));
    await until('version 8 is held', () => versionOf(feed) === 8);
    const held = feed.held();
    expect(held.kind === 'held' && held.index.lookup({ digest: sha256('model') }, { now: NOW }).kind).toBe('denied');
    expect(told).toEqual([8]);
  });

  it('is loaded again when a mounted ConfigMap changes', async () => {
    const folder = newFolder();
    const mounted = join(folder, 'mounted');
    const publish = async (version: number) => {
      const data = join(mounted, `..2026_${version}`);
      mkdirSync(data, { recursive: true });
      writeFileSync(join(data, 'snapshot.json'), await signed({ version }));
      symlinkSync(`..2026_${version}`, join(mounted, '..data_tmp'));
      renameSync(join(mounted, '..data_tmp'), join(mounted, '..data'));
    };
    await publish(7);
    symlinkSync('..data/snapshot.json', join(mounted, 'snapshot.json'));
    const feed = await feedOf(folder, join(mounted, 'snapshot.json'));
    expect(versionOf(feed)).toBe(7);
    await publish(8);
    await until('version 8 is held', () => versionOf(feed) === 8);
  });

  it('can appear after the feed started', async () => {
    const folder = newFolder();
    const path = join(folder, 'later', 'snapshot.json');
    const feed = await feedOf(folder, path);
    expect(feed.held()).toEqual({ kind: 'none', why: `${path}: no such file` });
    mkdirSync(join(folder, 'later'));
    replace(path, await signed());
    await until('version 7 is held', () => versionOf(feed) === 7);
    expect(feed.health().problem).toBeNull();
  });

  it('stays in use while the file holds something invalid', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    const good = await signed();
    replace(path, good);
    const feed = await feedOf(folder, path, { tenant: 'acme' });
    const flipped = Buffer.from(good);
    flipped[300] = (flipped[300] ?? 0) ^ 1;
    const worse: readonly [Uint8Array, RegExp][] = [
      [flipped, /signature|malformed|changed|another key/],
      [good.subarray(0, good.length - 10), /changed|not a snapshot/],
      [Buffer.from('<!doctype html><title>Sign in</title>'), /not a snapshot/],
      [Buffer.from(JSON.stringify({ schemaVersion: '1' })), /not signed/],
      [Buffer.alloc(0), /not a snapshot/],
      [await signed({ version: 6 }), /version 6, and 7 was seen/],
      [await signed({ version: 8, tenant: 'other' }), /belongs to the tenant "other"/],
      [await signed({ version: 8 }, stranger.privateKey), /another key/],
    ];
    for (const [bytes, problem] of worse) {
      replace(path, bytes);
      await until(`${problem}`, () => problem.test(feed.health().problem ?? ''));
      expect(versionOf(feed)).toBe(7);
      replace(path, good);
      await until('the valid one is held again', () => feed.health().problem === null);
    }
    replace(path, await signed({ version: 9 }));
    await until('version 9 is held', () => versionOf(feed) === 9);
    expect(feed.health().problem).toBeNull();
  });

  it('that is too large is not read', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    writeFileSync(path, '');
    truncateSync(path, SNAPSHOT_LIMITS.maxBytes + 1);
    const feed = await feedOf(folder, path);
    expect(feed.health().problem).toContain(`more than ${SNAPSHOT_LIMITS.maxBytes} bytes`);
  });

  it('stays in use when it expires, and health reports that', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    replace(path, await signed());
    const late = new Date('2027-01-01T00:00:00Z');
    const feed = await feedOf(folder, path, { now: () => late });
    const held = feed.held();
    expect(held.kind === 'held' && held.index.isExpired(late)).toBe(true);
    expect(feed.health().problem).toBe('the snapshot expired at 2026-12-02T11:00:00Z');
  });

  it('is verified again when the trusted keys change', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    replace(path, await signed({}, stranger.privateKey));
    const feed = await feedOf(folder, path);
    expect(feed.held()).toMatchObject({ kind: 'none', why: expect.stringContaining('another key') });
    writeFileSync(join(folder, 'writer.pub'), stranger.publicKey.export({ type: 'spki', format: 'pem' }));
    await until('version 7 is held', () => versionOf(feed) === 7);
  });

  it('is not accepted while the trusted key cannot be read', async () => {
    const folder = newFolder();
    const path = join(folder, 'snapshot.json');
    replace(path, await signed());
    const feed = await feedOf(folder, path, { key: join(folder, 'no-key.pub') });
    expect(feed.held()).toMatchObject({ kind: 'none', why: expect.stringContaining('no-key.pub: no such file') });
    writeFileSync(join(folder, 'no-key.pub'), 'nonsense');
    await until('a problem is reported', () => /trust file|no-key/.test(feed.health().problem ?? ''));
    writeFileSync(join(folder, 'no-key.pub'), writer.publicKey.export({ type: 'spki', format: 'pem' }));
    await until('version 7 is held', () => versionOf(feed) === 7);
  });
});

describe('the state folder', () => {
  it('keeps the last valid snapshot over a restart, before the source answers', async () => {
    const folder = newFolder();
    const [path, state] = [join(folder, 'snapshot.json'), join(folder, 'state')];
    replace(path, await signed());
    await (await feedOf(folder, path, { state })).close();
    rmSync(path);
    const feed = await feedOf(folder, path, { state });
    expect(feed.held()).toMatchObject({ kind: 'held', from: `${join(state, 'snapshot.json')}, from the state folder` });
    await until('a problem is reported', () => feed.health().problem !== null);
    expect(feed.health().problem).toContain('no such file');
    expect(versionOf(feed)).toBe(7);
  });

  it('is verified like a source', async () => {
    const folder = newFolder();
    const [path, state] = [join(folder, 'snapshot.json'), join(folder, 'state')];
    replace(path, await signed());
    await (await feedOf(folder, path, { state })).close();
    rmSync(path);
    const kept = readFileSync(join(state, 'snapshot.json'));
    kept[kept.length - 60] = (kept[kept.length - 60] ?? 0) ^ 1;
    writeFileSync(join(state, 'snapshot.json'), kept);
    expect((await feedOf(folder, path, { state })).held().kind).toBe('none');
    // An older snapshot that was put back.
    writeFileSync(join(state, 'snapshot.json'), await signed({ version: 6 }));
    expect((await feedOf(folder, path, { state })).held().kind).toBe('none');
  });

  it('keeps the floor, so that an older snapshot is refused after a restart', async () => {
    const folder = newFolder();
    const [path, state] = [join(folder, 'snapshot.json'), join(folder, 'state')];
    replace(path, await signed());
    await (await feedOf(folder, path, { state })).close();
    rmSync(join(state, 'snapshot.json'));
    replace(path, await signed({ version: 6 }));
    const feed = await feedOf(folder, path, { state });
    expect(feed.held()).toMatchObject({ kind: 'none', why: expect.stringContaining('version 6, and 7 was seen') });
    expect(feed.health().floor).toBe(7);
  });

  it('holds only the last valid snapshot and the floor', async () => {
    const folder = newFolder();
    const [path, state] = [join(folder, 'snapshot.json'), join(folder, 'state')];
    replace(path, await signed());
    const feed = await feedOf(folder, path, { state });
    replace(path, Buffer.from('nothing'));
    await until('a problem is reported', () => feed.health().problem !== null);
    replace(path, await signed({ version: 9, entries: [entry(), denied({ number: 2 })] }));
    await until('version 9 is held', () => versionOf(feed) === 9);
    await feed.close();
    expect(readdirSync(state).sort()).toEqual(['floor', 'snapshot.json']);
    expect(readFileSync(join(state, 'floor'), 'utf8')).toBe('9\n');
    expect(readFileSync(join(state, 'snapshot.json'))).toEqual(readFileSync(path));
  });

  it('stops the feed when its floor is required and unreadable, and is repaired where it is not required', async () => {
    const folder = newFolder();
    const [path, state] = [join(folder, 'snapshot.json'), join(folder, 'state')];
    replace(path, await signed());
    mkdirSync(state);
    writeFileSync(join(state, 'floor'), 'seven');
    await expect(feedOf(folder, path, { state, requireFloor: true })).rejects.toMatchObject({ code: 'unreadable' });
    const feed = await feedOf(folder, path, { state });
    expect(versionOf(feed)).toBe(7);
    // The floor is known again from then on.
    expect(readFileSync(join(state, 'floor'), 'utf8')).toBe('7\n');
    expect(feed.health().problem).toBeNull();
  });

  it('must be writable', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    const wrong = feedOf(folder, 'x', { state: join(folder, 'file', 'state') });
    await expect(wrong).rejects.toMatchObject({ code: 'usage', subject: expect.stringContaining('--state') });
  });
});

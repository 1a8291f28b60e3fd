import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../src/core/artifact.ts';
import type { ByteSource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { contentOf, sparse, torchZip } from '../support/fake-content.ts';
import { type FakeHub, type FakeRepo, fakeFile } from '../support/fake-hub.ts';
import { big, counted, errorOf, fileOf, HubHarness, MiB, TOKEN, textOf } from '../support/hub-harness.ts';

let harness: HubHarness;
let hub: FakeHub;
let repo: FakeRepo;
const open = (ref?: string, env?: NodeJS.ProcessEnv) => harness.open(ref, env);

beforeEach(async () => {
  harness = await HubHarness.start();
  ({ hub, repo } = harness);
});
const opened: Artifact[] = [];
afterEach(async () => {
  for (const artifact of opened.splice(0)) await artifact.close();
  await harness.close();
});

describe('a file read by ranges', () => {
  async function openBig(): Promise<ByteSource> {
    repo.commit([big()]);
    return fileOf(await open(), 'model.bin').open();
  }
  const at = async (source: ByteSource, offset: number) =>
    Buffer.from(await source.read(offset * 8, 8)).readDoubleLE(0);

  test('gives the right bytes for any range', async () => {
    const source = await openBig();
    const wanted = [
      [0, 10],
      [8190, 10],
      [65530, 20],
      [20 * MiB - 512, 512],
      [20 * MiB, 0],
      [7 * MiB + 3, 9 * MiB],
      [123, 70_000],
      [5, 5 * MiB],
      [8192, 8192],
    ];
    for (const [offset = 0, length = 0] of wanted) {
      const found = Buffer.from(await source.read(offset, length));
      expect(found.equals(Buffer.from(counted.slice(offset, offset + length))), `${offset}+${length}`).toBe(true);
    }
    const many = await Promise.all(Array.from({ length: 50 }, (_, i) => at(source, i * 50_000)));
    expect(many).toEqual(Array.from({ length: 50 }, (_, i) => i * 50_000));
    await expect(source.read(20 * MiB - 1, 2)).rejects.toMatchObject({ code: 'truncated' });
    expect(await source.unchanged()).toBe(true);
    await source.close();
  });

  test('gives the right bytes for any reads in any order', async () => {
    const source = await openBig();
    const read = fc.tuple(fc.nat(20 * MiB), fc.oneof(fc.nat(64), fc.nat(300_000)));
    await fc.assert(
      fc.asyncProperty(fc.array(read, { minLength: 1, maxLength: 12 }), async (reads) => {
        const found = await Promise.all(
          reads.map(async ([offset, length]) => {
            const wanted = Math.min(length, source.size - offset);
            const bytes = source.readNow(offset, wanted) ?? (await source.read(offset, wanted));
            return Buffer.from(bytes).equals(Buffer.from(counted.slice(offset, offset + wanted)));
          }),
        );
        expect(found).not.toContain(false);
      }),
      { numRuns: 40 },
    );
    await source.close();
  });

  test.each([
    ['another range', { 'content-range': `bytes 1-8/${20 * MiB}` }],
    ['no range', {}],
    ['an endless range', { 'content-range': 'bytes 0-99999999999999999999/*' }],
    ['a reversed range', { 'content-range': `bytes 9-1/${20 * MiB}` }],
    ['a longer body', { 'content-range': `bytes ${MiB}-${MiB + 8191}/${20 * MiB}` }],
  ])('answered with %s is refused', async (_, headers) => {
    const source = await openBig();
    const etag = hub.etagOf(repo, 'model.bin');
    hub.fail(/cdn/, { status: 206, headers: { etag, ...headers }, body: 'x'.repeat(10_000) });
    expect(['network', 'mismatch', 'changed']).toContain((await errorOf(source.read(MiB, 8))).code);
  });

  test('resolves its location once, and again when the location expires', async () => {
    const source = await openBig();
    await at(source, MiB);
    const resolves = () =>
      hub.requests.filter((request) => request.server === 'hub' && request.url.includes('resolve')).length;
    expect(resolves()).toBe(1);
    hub.expireLinks();
    expect(await at(source, 2 * MiB)).toBe(2 * MiB);
    expect(await at(source, 2 * MiB + 100_000)).toBe(2 * MiB + 100_000);
    expect(resolves()).toBe(2);
  });

  test('requests its version in every request after the first', async () => {
    const source = await openBig();
    await at(source, MiB);
    const ranged = hub.requests.filter((request) => request.server === 'cdn').slice(1);
    for (const request of ranged) expect(request.headers['if-range']).toMatch(/^"cdn-/);
  });

  test('that changes meanwhile is reported', async () => {
    const source = await openBig();
    hub.fail(/cdn/, { etag: '"other"' });
    expect((await errorOf(at(source, MiB))).code).toBe('changed');
    expect(await source.unchanged()).toBe(false);
    hub.heal();
    expect(await source.unchanged()).toBe(true);
    hub.fail(/cdn/, { totalBytes: 21 * MiB });
    expect((await errorOf(at(source, MiB))).code).toBe('changed');
    expect(await source.unchanged()).toBe(false);
  });

  test('that changes meanwhile is reported although the server ignores If-Range', async () => {
    const source = await openBig();
    const range = { 'content-range': `bytes ${MiB}-${MiB + 8191}/${20 * MiB}` };
    hub.fail(/cdn/, { status: 206, headers: { etag: '"other"', ...range }, body: 'x'.repeat(8192) });
    expect((await errorOf(source.read(MiB, 8))).code).toBe('changed');
  });

  test('with a false size is refused at once', async () => {
    repo.commit([big()]);
    const file = fileOf(await open(), 'model.bin');
    hub.fail(/cdn/, { totalBytes: 21 * MiB });
    expect((await errorOf(file.open())).code).toBe('mismatch');
  });

  test('whose body breaks off is requested again, then reported', async () => {
    const source = await openBig();
    hub.fail(/cdn/, { truncateAt: 100 }, 2);
    expect(await at(source, MiB)).toBe(MiB);
    hub.fail(/cdn/, { truncateAt: 100 });
    expect((await errorOf(at(source, 2 * MiB))).code).toBe('network');
  });

  test('from a server without ranges or strong ETags is fetched whole and checked', async () => {
    repo.commit([big()]);
    const file = fileOf(await open(), 'model.bin');
    hub.fail(/cdn/, { ignoreRange: true });
    expect((await errorOf(file.open())).code).toBe('mismatch');
    hub.heal();
    hub.fail(/cdn/, { etag: 'W/"weak"' });
    expect((await errorOf(file.open())).code).toBe('mismatch');
    const honest = Buffer.alloc(11 * MiB, 'xy');
    repo.commit([fakeFile('model.bin', honest, { lfs: true })]);
    const source = await fileOf(await open(), 'model.bin').open();
    expect(Buffer.from(await source.read(5 * MiB, 2)).toString()).toBe('xy');
    await source.close();
  });
});

describe('a 10 GB repository', () => {
  test('needs under a thousandth of its weights to read its headers, directory and every local header', async () => {
    const shards = [2, 3, 5].map((gigabytes, i) => {
      const content = torchZip(new Array<number>(gigabytes * 25).fill(40_000_000));
      return fakeFile(`pytorch_model-0000${i + 1}-of-00003.bin`, content, { lfs: true, oid: `${i}`.repeat(64) });
    });
    repo.commit([...shards, fakeFile('config.json', '{}')]);
    const artifact = await open();
    let fetched = 0;
    for (const shard of shards) {
      const source = await fileOf(artifact, shard.path).open();
      await source.read(0, 4096);
      const tail = Buffer.from(await source.read(source.size - 98, 98));
      const start = Number(tail.readBigUInt64LE(48));
      const directory = Buffer.from(await source.read(start, Number(tail.readBigUInt64LE(40))));
      let members = 0;
      for (let at = 0; at < directory.length; members++) {
        expect(directory.readUInt32LE(at)).toBe(0x02014b50);
        const extra = directory.readUInt16LE(at + 30);
        const name = at + 46 + directory.readUInt16LE(at + 28);
        const offset = extra === 0 ? directory.readUInt32LE(at + 42) : Number(directory.readBigUInt64LE(name + 4));
        expect(Buffer.from(await source.read(offset, 30)).readUInt32LE(0)).toBe(0x04034b50);
        at = name + extra;
      }
      expect(members).toBe(Number(tail.readBigUInt64LE(32)));
      fetched += 'bytesRead' in source ? Number(source.bytesRead) : Number.NaN;
      await source.close();
    }
    const total = shards.reduce((sum, shard) => sum + shard.size, 0);
    expect(total).toBeGreaterThan(10_000_000_000);
    expect(hub.sentBy('cdn')).toBe(fetched);
    expect(fetched / total).toBeLessThan(0.001);
  });
});

describe('a single file at a URL', () => {
  test('is read by ranges with a strong ETag, and whole without', async () => {
    const commit = repo.commit([
      fakeFile('model.bin', sparse([{ at: 0, bytes: contentOf('start').slice(0, 5) }], 20 * MiB), {
        oid: 'e'.repeat(40),
      }),
    ]);
    const ref = `${hub.endpoint}/owner/model/resolve/${commit}/model.bin?x=${TOKEN}`;
    const file = async () => {
      const artifact = await openArtifact(ref, { env: {} });
      opened.push(artifact);
      return artifact;
    };
    const ranged = await file();
    expect(ranged.pinned).toBe(ranged.ref);
    expect(ranged.files).toMatchObject([{ path: 'model.bin', size: 20 * MiB, distance: 'far' }]);
    expect(ranged.files[0]?.claimed).toBeUndefined();
    expect((await textOf(ranged, 'model.bin')).startsWith('start\0')).toBe(true);
    hub.fail(/resolve/, { etag: '' });
    const whole = await file();
    expect(whole.files).toMatchObject([{ path: 'model.bin', size: 20 * MiB, distance: 'near' }]);
    expect((await textOf(whole, 'model.bin')).startsWith('start\0')).toBe(true);
    const bounded = openArtifact(ref, { env: {}, limits: { ...DEFAULT_LIMITS, maxExpandedBytes: MiB } });
    expect((await errorOf(bounded)).code).toBe('limit');
  });

  test('that does not exist is reported', async () => {
    repo.commit([fakeFile('a', 'a')]);
    const at = (path: string) => openArtifact(`${hub.origin('cdn')}/${path}`, { env: {} });
    expect((await errorOf(at('x?signature=1'))).code).toBe('not-found');
    expect((await errorOf(at('x?signature=s3cret'))).code).toBe('unauthorized');
  });
});

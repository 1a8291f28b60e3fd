import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BlobStore } from '../../../src/service/hub-proxy/blob-store.ts';
import { Semaphore } from '../../../src/service/hub-proxy/semaphore.ts';
import { errorOf } from '../../support/hub-harness.ts';
import { noise, tempFolder } from '../../support/temp.ts';
import { barrier } from '../../support/until.ts';

const root = tempFolder();
let folders = 0;

function folder(): string {
  folders += 1;
  return join(root, String(folders));
}

function blobOf(bytes: Uint8Array) {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
}

async function* inPieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

async function read(store: BlobStore, bytes: Uint8Array): Promise<Buffer | undefined> {
  const file = await store.find(blobOf(bytes));
  const found = await file?.readFile();
  await file?.close();
  return found;
}

test('the blob store keeps a complete download with the right digest', async () => {
  const store = await BlobStore.open(folder(), 1_000_000);
  const bytes = noise(5_000);
  expect(await read(store, bytes)).toBeUndefined();
  await store.fill(blobOf(bytes), () => inPieces(bytes));
  expect((await read(store, bytes))?.equals(bytes)).toBe(true);
  await store.close();
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['one byte differs', (bytes) => Buffer.concat([Buffer.from([(bytes[0] ?? 0) ^ 1]), bytes.subarray(1)])],
  ['one byte is missing', (bytes) => bytes.subarray(0, -1)],
  ['there is one byte too many', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
  ['the body is empty', () => Buffer.alloc(0)],
])('the blob store keeps nothing when %s', async (_, change) => {
  const path = folder();
  const store = await BlobStore.open(path, 1_000_000);
  const bytes = noise(5_000);
  const error = await errorOf(store.fill(blobOf(bytes), () => inPieces(change(bytes))));
  expect(error).toMatchObject({ code: 'mismatch' });
  expect(await read(store, bytes)).toBeUndefined();
  expect(readdirSync(path, { recursive: true })).toEqual(['incoming']);
  await store.close();
});

test('the blob store keeps nothing of an interrupted download, which can be retried', async () => {
  const path = folder();
  const store = await BlobStore.open(path, 1_000_000);
  const bytes = noise(5_000);
  async function* broken() {
    yield bytes.subarray(0, 1000);
    throw new Error('the line broke');
  }
  await expect(store.fill(blobOf(bytes), broken)).rejects.toThrow('the line broke');
  expect(readdirSync(path, { recursive: true })).toEqual(['incoming']);
  await store.fill(blobOf(bytes), () => inPieces(bytes));
  expect((await read(store, bytes))?.equals(bytes)).toBe(true);
  await store.close();
});

test('the blob store does not serve a truncated file', async () => {
  const path = folder();
  const store = await BlobStore.open(path, 1_000_000);
  const bytes = noise(5_000);
  await store.fill(blobOf(bytes), () => inPieces(bytes));
  chmodSync(join(path, blobOf(bytes).sha256), 0o600);
  truncateSync(join(path, blobOf(bytes).sha256), 4_999);
  expect(await read(store, bytes)).toBeUndefined();
  expect(readdirSync(path)).toEqual(['incoming']);
  await store.close();
});

test('the blob store does not serve a file that was changed on disk, in the same process or after a restart', async () => {
  const path = folder();
  const bytes = noise(1_200_000);
  const turned = Buffer.from(bytes);
  turned[1_100_000] = (turned[1_100_000] ?? 0) ^ 1;
  const store = await BlobStore.open(path, 10_000_000);
  const { sha256 } = blobOf(bytes);
  const turn = () => {
    chmodSync(join(path, sha256), 0o600);
    writeFileSync(join(path, sha256), turned);
  };
  await store.fill(blobOf(bytes), () => inPieces(bytes));
  turn();
  utimesSync(join(path, sha256), new Date(), new Date(Date.now() + 5_000));
  expect(await read(store, bytes)).toBeUndefined();
  await store.fill(blobOf(bytes), () => inPieces(bytes));
  const { mtime } = statSync(join(path, sha256));
  turn();
  utimesSync(join(path, sha256), mtime, mtime);
  const again = await BlobStore.open(path, 10_000_000);
  const both = await Promise.all([read(again, bytes), read(again, bytes)]);
  expect(both).toEqual([undefined, undefined]);
  expect(readdirSync(path)).toEqual(['incoming']);
  await store.close();
  await again.close();
});

test('the blob store evicts the least recently used blobs on a full disk, and none when all of them would not suffice', async () => {
  const path = folder();
  let free = 1_000_000;
  const store = await BlobStore.open(path, 1_000_000, async () => free);
  const [first, second, third, fourth] = [noise(5_000, 1), noise(5_000, 2), noise(5_000, 3), noise(50_000, 4)];
  for (const bytes of [first, second]) await store.fill(blobOf(bytes), () => inPieces(bytes));
  utimesSync(join(path, blobOf(first).sha256), new Date(1), new Date(1));
  free = 3_000;
  await store.fill(blobOf(third), () => inPieces(third));
  const left = [second, third].map((bytes) => blobOf(bytes).sha256);
  expect(readdirSync(path).sort()).toEqual([...left, 'incoming'].sort());
  await expect(store.fill(blobOf(fourth), () => inPieces(fourth))).rejects.toMatchObject({
    status: 503,
    code: 'no-room',
  });
  free = 1_000_000;
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  // biome-ignore lint/correctness/useYield: it fails before
  const broken = store.fill(blobOf(first), async function* () {
    throw full;
  });
  await expect(broken).rejects.toMatchObject({ status: 503, code: 'no-room', cause: full });
  expect(readdirSync(path).sort()).toEqual([...left, 'incoming'].sort());
  expect(readdirSync(join(path, 'incoming'))).toEqual([]);
  await store.close();
});

test('the blob store evicts the least recently used blob, and its readers continue', async () => {
  const path = folder();
  const store = await BlobStore.open(path, 12_000);
  const [first, second, third] = [noise(5_000, 1), noise(5_000, 2), noise(5_000, 3)];
  for (const bytes of [first, second]) await store.fill(blobOf(bytes), () => inPieces(bytes));
  utimesSync(join(path, blobOf(first).sha256), new Date(1), new Date(1));
  utimesSync(join(path, blobOf(second).sha256), new Date(2), new Date(2));
  const open = await store.find(blobOf(second));
  await store.fill(blobOf(third), () => inPieces(third));
  // The second was used just now: the first is evicted.
  expect(await read(store, first)).toBeUndefined();
  expect((await open?.readFile())?.equals(second)).toBe(true);
  await open?.close();
  await store.close();
});

test('the blob store removes partial files of a killed process at the next start, and none of a running one', async () => {
  const path = folder();
  await (await BlobStore.open(path, 1_000_000)).close();
  for (const name of ['left', 'now']) writeFileSync(join(path, 'incoming', name), 'part');
  const before = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(join(path, 'incoming', 'left'), before, before);
  const store = await BlobStore.open(path, 1_000_000);
  expect(readdirSync(join(path, 'incoming'))).toEqual(['now']);
  await store.close();
});

test('the blob store stops its downloads when the service ends', async () => {
  const path = folder();
  const store = await BlobStore.open(path, 1_000_000);
  const bytes = noise(5_000);
  const begun = barrier();
  const filling = store.fill(blobOf(bytes), async function* (signal) {
    yield bytes.subarray(0, 1000);
    begun.open();
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  });
  const failed = expect(filling).rejects.toThrow('stopped');
  await begun.opened;
  await store.close();
  await failed;
  expect(readdirSync(path, { recursive: true })).toEqual(['incoming']);
});

test('slots limit concurrent work, also after a failure', async () => {
  const slots = new Semaphore(2);
  let now = 0;
  let most = 0;
  const full = barrier();
  const work = (index: number) =>
    slots.use(async () => {
      now++;
      most = Math.max(most, now);
      // No task finishes until as many run as the limit allows.
      if (now === 2) full.open();
      await full.opened;
      now--;
      if (index === 1) throw new Error('one fails');
    });
  const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => work(index)));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  expect([most, now]).toEqual([2, 0]);
});

test('the blob store removes what is kept last, and never for what nobody waits for', async () => {
  const path = folder();
  const store = await BlobStore.open(path, 12_000);
  const [kept, other, wanted] = [noise(5_000, 1), noise(5_000, 2), noise(5_000, 3)];
  for (const bytes of [kept, other]) await store.fill(blobOf(bytes), () => inPieces(bytes));
  // Read longer ago than the other one.
  utimesSync(join(path, blobOf(kept).sha256), 1, 1);
  store.keep(new Set([blobOf(kept).sha256]));
  await store.fill(blobOf(wanted), () => inPieces(wanted), true);
  expect([await store.has(blobOf(kept)), await store.has(blobOf(other))]).toEqual([true, false]);
  store.keep(new Set([kept, wanted].map((bytes) => blobOf(bytes).sha256)));
  const ahead = await errorOf(store.fill(blobOf(other), () => inPieces(other), true)).catch((error: unknown) => error);
  expect(ahead).toMatchObject({ code: 'no-room' });
  expect([await store.has(blobOf(kept)), await store.has(blobOf(wanted))]).toEqual([true, true]);
  // A client that waits gets the room.
  await store.fill(blobOf(other), () => inPieces(other));
  expect(await store.has(blobOf(other))).toBe(true);
  await store.close();
});

import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { assess } from '../../../src/pipeline/assess.ts';
import { openUpload } from '../../../src/service/uploads/artifact.ts';
import { openUploadStore } from '../../../src/service/uploads/files.ts';
import { noise, tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const limits = { maxUploadBytes: 1024 * 1024, maxUploadFiles: 10 };
const HOUR = 3_600_000;
let stores = 0;

async function fresh(more = {}) {
  stores++;
  const root = join(folder, String(stores));
  return { root, store: await openUploadStore(root, { ...limits, ...more }) };
}

const announced = (path: string, size: number) => ({ path, size, sha256: null });

/** Every file below a folder. */
function below(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

it('an upload is never stored under a name from the user', async () => {
  const { root, store } = await fresh();
  const { id } = await store.create('acme', 'sam', [announced('weights/model.pkl', 3), announced('config.json', 0)]);
  await store.append('acme', id, 'weights/model.pkl', 0, Readable.from([Buffer.from('abc')]));
  await store.complete('acme', id);
  expect(below(root).join()).not.toMatch(/weights|model|pkl|config|acme|sam/);
  const artifact = openUpload(root, 'acme', id);
  expect(artifact.ref).toBe(`upload:${id}`);
  expect(artifact.files.map(({ path, size }) => [path, size])).toEqual([
    ['config.json', 0],
    ['weights/model.pkl', 3],
  ]);
});

it('an upload becomes an artifact that is assessed like any other', async () => {
  const { root, store } = await fresh();
  const bytes = readFileSync(new URL('../../../fixtures/pickle-probes/bare-as-bin/model.bin', import.meta.url));
  const { id } = await store.create('acme', 'sam', [announced('a/model.bin', bytes.length)]);
  await store.append('acme', id, 'a/model.bin', 0, Readable.from([bytes]));
  expect(() => openUpload(root, 'acme', id)).toThrow(expect.objectContaining({ code: 'upload-open' }));
  expect(() => openUpload(root, 'other', id)).toThrow(expect.objectContaining({ code: 'upload-not-found' }));
  expect(() => openUpload(root, 'acme', '../x')).toThrow(expect.objectContaining({ code: 'upload-not-found' }));
  await store.complete('acme', id);
  const assessment = await assess(openUpload(root, 'acme', id));
  expect(assessment).toMatchObject({
    artifact: { ref: `upload:${id}` },
    status: 'complete',
    files: [{ path: 'a/model.bin', verdict: 'malicious', digestBasis: 'computed' }],
  });
});

it('an upload counts only the bytes that are on disk after a crash', async () => {
  const { root, store } = await fresh();
  const bytes = noise(100_000);
  const { id } = await store.create('acme', 'sam', [announced('m', bytes.length)]);
  await store.append('acme', id, 'm', 0, Readable.from([bytes.subarray(0, 40_000)]));
  // The machine died during a write: the file holds bytes that were never counted.
  const part = below(root).find((path) => path.endsWith('/parts/0')) ?? '';
  writeFileSync(part, Buffer.concat([bytes.subarray(0, 40_000), Buffer.alloc(20_000)]));
  const again = await openUploadStore(root, limits);
  expect((await again.get('acme', id)).files).toMatchObject([{ received: 40_000 }]);
  await expect(again.append('acme', id, 'm', 60_000, Readable.from([bytes]))).rejects.toMatchObject({
    code: 'upload-offset',
  });
  await again.append('acme', id, 'm', 40_000, Readable.from([bytes.subarray(40_000)]));
  await again.complete('acme', id);
  const [file] = openUpload(root, 'acme', id).files;
  const source = await file?.open();
  expect(Buffer.from((await source?.read(0, bytes.length)) ?? []).equals(bytes)).toBe(true);
  await source?.close();
});

it('an upload that changed on disk afterwards cannot be read', async () => {
  const { root, store } = await fresh();
  const { id } = await store.create('acme', 'sam', [announced('m', 4)]);
  await store.append('acme', id, 'm', 0, Readable.from([Buffer.from('abcd')]));
  await store.complete('acme', id);
  const part = below(root).find((path) => path.endsWith('/parts/0')) ?? '';
  chmodSync(part, 0o600);
  truncateSync(part, 2);
  const [file] = openUpload(root, 'acme', id).files;
  await expect(file?.open()).rejects.toMatchObject({ code: 'changed' });
});

it('an upload keeps what arrived before a body broke off', async () => {
  const { store } = await fresh();
  const { id } = await store.create('acme', 'sam', [announced('m', 10)]);
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('abc');
      throw new Error('reset');
    })(),
  );
  await expect(store.append('acme', id, 'm', 0, broken)).rejects.toMatchObject({ code: 'upload-cut', status: 400 });
  expect((await store.get('acme', id)).files).toMatchObject([{ received: 3 }]);
});

it('the sweep removes abandoned uploads and keeps the others', async () => {
  const { root, store } = await fresh({ abandonedMs: HOUR / 6, keepMs: 10 * HOUR });
  const open = await store.create('acme', 'sam', [announced('m', 1)]);
  const done = await store.create('acme', 'sam', [announced('m', 0)]);
  await store.complete('acme', done.id);
  const home = join(root, readdirSync(root)[0] ?? '');
  const left = join(home, '.half-made.tmp');
  mkdirSync(left);
  await store.sweep(new Date());
  expect(readdirSync(home).sort()).toEqual(['.half-made.tmp', done.id, open.id].sort());
  await store.sweep(new Date(Date.now() + HOUR / 3));
  expect(readdirSync(home).sort()).toEqual(['.half-made.tmp', done.id].sort());
  await expect(store.get('acme', open.id)).rejects.toMatchObject({ code: 'upload-not-found' });
  const long = new Date(Date.now() - 2 * HOUR);
  utimesSync(left, long, long);
  await store.sweep(new Date());
  expect(readdirSync(home)).toEqual([done.id]);
  await store.sweep(new Date(Date.now() + 20 * HOUR));
  expect(readdirSync(home)).toEqual([]);
});

it('an upload can be continued by another process', async () => {
  const { root, store } = await fresh();
  const other = await openUploadStore(root, limits);
  const { id } = await store.create('acme', 'sam', [announced('m', 4)]);
  await store.append('acme', id, 'm', 0, Readable.from([Buffer.from('ab')]));
  await other.append('acme', id, 'm', 2, Readable.from([Buffer.from('cd')]));
  await store.complete('acme', id);
  expect((await other.get('acme', id)).state).toBe('complete');
  await other.remove('acme', id);
  await expect(store.get('acme', id)).rejects.toMatchObject({ code: 'upload-not-found' });
});

it('the uploads of one tenant take at most half of the free disk, and never more than it has', async () => {
  let free = 1_000;
  const { store } = await fresh({ freeBytes: async () => free });
  const make = (tenant: string, size: number) => store.create(tenant, 'sam', [announced('a', size)]);
  await expect(make('acme', 501)).rejects.toMatchObject({ status: 413, code: 'upload-quota' });
  const { id } = await make('acme', 500);
  // What was announced counts from then on, although its bytes have not come.
  await expect(make('acme', 300)).rejects.toMatchObject({ status: 413, code: 'upload-quota' });
  await make('beta', 500);
  await expect(make('gamma', 1_001)).rejects.toMatchObject({ status: 507, code: 'storage-full' });
  // The bytes of its own that are on the disk are a part of what a tenant may have.
  free = 500;
  await expect(make('acme', 1)).rejects.toMatchObject({ code: 'upload-quota' });
  await store.remove('acme', id);
  await make('acme', 250);
});

it('uploads that are announced at once share one quota', async () => {
  const { store } = await fresh({ freeBytes: async () => 1_000 });
  const asked = Array.from({ length: 5 }, () => store.create('acme', 'sam', [announced('a', 200)]));
  const ends = await Promise.allSettled(asked);
  expect(ends.map(({ status }) => status).toSorted()).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
  ]);
});

import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Conversion } from '../../../src/core/conversion/index.ts';
import { type ConversionLimits, openConversionStore } from '../../../src/service/conversions/files.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';

const folder = tempFolder();
const MIB = 1024 * 1024;
const DAY = 86_400_000;
let count = 0;

async function opened(limits: Partial<ConversionLimits> = {}) {
  count++;
  const root = join(folder, String(count));
  return { root, store: await openConversionStore(root, { maxUploadBytes: MIB, ...limits }) };
}

function conversionOf(path: string, size: number): Conversion {
  return {
    schemaVersion: '1',
    tool: { name: 'assay', version: '1' },
    ruleset: { version: '1', digest: `sha256:${'a'.repeat(64)}` },
    target: 'onnx',
    source: { ref: 'upload:1', pinned: 'upload:1', digest: null, verdict: 'clean' },
    sandbox: null,
    published: true,
    salvaged: false,
    files: [
      {
        path,
        size,
        sha256: 'b'.repeat(64),
        verdict: 'clean',
        from: [],
        format: 'x',
        tensors: 1,
        leftOut: [],
        verification: null,
      },
    ],
    indexes: [],
    attestation: null,
    skipped: [],
  };
}

type Store = Awaited<ReturnType<typeof openConversionStore>>;

async function keepOne(store: Store, tenant = 'acme', job = 'job-1', path = 'a/model.onnx') {
  const attempt = await store.begin(tenant, job);
  const parts = path.split('/');
  mkdirSync(join(attempt.files, ...parts.slice(0, -1)), { recursive: true });
  writeFileSync(join(attempt.files, ...parts), 'model');
  const name = await attempt.keep(conversionOf(path, 5));
  await attempt.discard();
  return name;
}

function entries(root: string): string[] {
  return readdirSync(root).flatMap((home) => readdirSync(join(root, home)));
}

function age(root: string, path: string, ms: number): void {
  const then = new Date(Date.now() - ms);
  for (const home of readdirSync(root))
    if (existsSync(join(root, home, path))) utimesSync(join(root, home, path), then, then);
}

it('keeps what an attempt wrote, for its tenant alone', async () => {
  const { root, store } = await opened();
  const name = await keepOne(store);
  expect(entries(root)).toEqual([name]);
  const kept = await store.kept('acme', name);
  expect(kept?.downloads).toEqual([{ path: 'a/model.onnx', size: 5, sha256: 'b'.repeat(64) }]);
  expect(kept?.report).toBe(`${JSON.stringify(conversionOf('a/model.onnx', 5), undefined, 2)}\n`);
  expect(await store.kept('rival', name)).toBeUndefined();
  await store.remove('rival', name);
  expect(entries(root)).toEqual([name]);
  await store.remove('acme', name);
  expect(entries(root)).toEqual([]);
  expect(await store.kept('acme', name)).toBeUndefined();
});

it.each(['', '..', '../other', '.job.0.tmp', 'a'.repeat(32), `${'a'.repeat(32)}-1/../..`])(
  'opens nothing by the name %j',
  async (name) => {
    const { store } = await opened();
    await expect(store.kept('acme', name)).rejects.toMatchObject({ code: 'conversion-removed' });
    const download = { path: 'x', size: 1, sha256: '' };
    await expect(store.open('acme', name, download)).rejects.toMatchObject({ code: 'conversion-removed' });
    await expect(store.remove('acme', name)).rejects.toMatchObject({ code: 'conversion-removed' });
  },
);

it('opens only files of the result that are as long as the report says, and no link', async () => {
  const { root, store } = await opened();
  const name = await keepOne(store);
  const [home = ''] = readdirSync(root);
  const place = join(root, home, name, 'files', 'a', 'model.onnx');
  const download = { path: 'a/model.onnx', size: 5, sha256: '' };
  const file = await store.open('acme', name, download);
  expect((await file.readFile()).toString()).toBe('model');
  await file.close();
  for (const path of ['../report.json', '/etc/passwd', 'a/../../report.json', 'a/none'])
    await expect(store.open('acme', name, { ...download, path })).rejects.toMatchObject({ code: 'conversion-removed' });
  truncateSync(place, 4);
  await expect(store.open('acme', name, download)).rejects.toMatchObject({ code: 'conversion-removed' });
  renameSync(place, `${place}.old`);
  symlinkSync('/etc/hostname', place);
  await expect(store.open('acme', name, download)).rejects.toThrow();
});

it('removes what earlier attempts of a job left when the next one begins, and its own when it is discarded', async () => {
  const { root, store } = await opened();
  const lost = await store.begin('acme', 'job-1');
  writeFileSync(join(lost.files, 'partial'), 'x');
  const other = await store.begin('acme', 'job-10');
  const next = await store.begin('acme', 'job-1');
  expect(existsSync(lost.files)).toBe(false);
  expect(existsSync(other.files)).toBe(true);
  await expect(lost.keep(conversionOf('partial', 1))).rejects.toThrow();
  for (const attempt of [lost, other, next]) await attempt.discard();
  expect(entries(root)).toEqual([]);
});

it('sweeps results whose time is over, those of no job, and what killed workers left', async () => {
  const { root, store } = await opened();
  const [fresh, old, unowned, justWritten] = [
    await keepOne(store, 'acme', 'a'),
    await keepOne(store, 'acme', 'b'),
    await keepOne(store, 'acme', 'c'),
    await keepOne(store, 'acme', 'd'),
  ];
  const killed = await store.begin('acme', 'e');
  const alive = await store.begin('acme', 'f');
  const [stale = ''] = entries(root).filter((name) => name.startsWith('.e.'));
  age(root, join(old, 'report.json'), 31 * DAY);
  age(root, join(unowned, 'report.json'), DAY);
  age(root, stale, DAY);
  const asked: string[] = [];
  await store.sweep(new Date(), async (names) => {
    asked.push(...names);
    return new Set([fresh, old]);
  });
  expect(asked.sort()).toEqual([fresh, old, unowned, justWritten].sort());
  const left = entries(root);
  expect(left.filter((name) => !name.startsWith('.')).sort()).toEqual([fresh, justWritten].sort());
  expect(left.filter((name) => name.startsWith('.'))).toEqual([expect.stringMatching(/^\.f\./)]);
  await Promise.all([killed.discard(), alive.discard()]);
});

it('bounds what a tenant has, and what one result may have', async () => {
  const { store } = await opened({ maxTenantBytes: 2000, maxUploadBytes: 1500 });
  const first = await store.begin('acme', 'a');
  expect(first.maxBytes).toBe(1500);
  writeFileSync(join(first.files, 'm'), Buffer.alloc(1000));
  await first.keep(conversionOf('m', 1000));
  const second = await store.begin('acme', 'b');
  expect(second.maxBytes).toBeLessThan(1000);
  writeFileSync(join(second.files, 'm'), Buffer.alloc(1000));
  await second.keep(conversionOf('m', 1000));
  await expect(store.begin('acme', 'c')).rejects.toMatchObject({ status: 413, code: 'conversion-quota' });
  await expect(store.checkRoom('acme')).rejects.toMatchObject({ code: 'conversion-quota' });
  await store.checkRoom('rival');
});

it('begins nothing on a full disk, and ends an attempt whose disk fills', async () => {
  let free = 1000;
  const { store } = await opened({ reserveBytes: 100, watchMs: 1, freeBytes: async () => free });
  const attempt = await store.begin('acme', 'a');
  expect(attempt.maxBytes).toBe(900);
  expect(attempt.full.aborted).toBe(false);
  free = 99;
  await until('the attempt is told', () => attempt.full.aborted);
  await attempt.discard();
  await expect(store.begin('acme', 'b')).rejects.toMatchObject({ status: 507, code: 'storage-full' });
});

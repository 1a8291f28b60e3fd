import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningService, readConfig, startService } from '../../src/service/index.ts';
import { openSnapshotStore } from '../../src/service/snapshot/files.ts';
import type { PublishedSnapshot } from '../../src/service/snapshot/store.ts';
import { openSnapshot } from '../../src/snapshot/index.ts';
import { signed, writer } from '../snapshot/samples.ts';
import { STORY } from '../support/parts.ts';
import { UNLIMITED } from '../support/service.ts';
import { until } from '../support/until.ts';
import { EventReader } from './routes/event-reader.ts';
import type { Client } from './routes/harness.ts';

/** Writes the file as a snapshot writer does. */
function publish(folder: string, tenant: string, bytes: Uint8Array): void {
  writeFileSync(join(folder, '.new'), bytes);
  renameSync(join(folder, '.new'), join(folder, `${tenant}.snapshot.json`));
}

describe('the snapshot store', () => {
  let folder: string;
  const news: PublishedSnapshot[] = [];
  const errors: string[] = [];
  const open = () =>
    openSnapshotStore(folder, { pollMs: 20, onNewer: (one) => news.push(one), onError: (one) => errors.push(one) });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-store-'));
    news.length = 0;
    errors.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('serves the newest snapshot of each tenant and announces newer ones', async () => {
    publish(folder, 'acme', await signed());
    const store = await open();
    const first = await store.newest('acme');
    expect(first).toMatchObject({
      tenant: 'acme',
      version: 7,
      issued: '2026-11-25T11:00:00Z',
      expires: '2026-12-02T11:00:00Z',
    });
    expect(first?.etag).toMatch(/^"[\w-]{27}"$/);
    expect(await store.newest('other')).toBeUndefined();
    expect(news).toEqual([]);
    const second = await signed({ version: 8 });
    publish(folder, 'acme', second);
    await until('the newer snapshot is announced', () => news.length === 1);
    expect(news[0]).toMatchObject({ version: 8 });
    expect((await store.newest('acme'))?.body).toEqual(second);
    publish(folder, 'other', await signed({ tenant: 'other', version: 1 }));
    await until('the first snapshot of another tenant is announced', () => news.length === 2);
    await store.close();
    expect(errors).toEqual([]);
  });

  it('keeps its snapshot when the file is older, of another tenant, invalid or missing', async () => {
    const good = await signed();
    publish(folder, 'acme', good);
    const store = await open();
    const bad: [Uint8Array, RegExp][] = [
      [await signed({ version: 6 }), /has version 6, which is not newer than 7/],
      [await signed({ tenant: 'other', version: 9 }), /belongs to the tenant "other"/],
      [Buffer.from('{}'), /is not a snapshot/],
      [Buffer.alloc(0), /is not a snapshot/],
    ];
    for (const [bytes, message] of bad) {
      publish(folder, 'acme', bytes);
      // A check in progress may have read the file before the change.
      await until(`the store says ${message}`, async () => {
        expect((await store.newest('acme'))?.body).toEqual(good);
        return message.test(errors.at(-1) ?? '');
      });
      expect(errors.at(-1)).toMatch(message);
    }
    rmSync(join(folder, 'acme.snapshot.json'));
    expect((await store.newest('acme'))?.version).toBe(7);
    await store.close();
    expect(news).toEqual([]);
  });

  it('reads nothing outside its folder', async () => {
    const store = await open();
    publish(folder, 'acme', await signed());
    for (const tenant of ['../acme', '', '.', 'a/b', `${folder}/acme`, 'x'.repeat(65)])
      expect(await store.newest(tenant)).toBeUndefined();
    await store.close();
  });
});

describe('GET /v1/snapshot', STORY, () => {
  let folder: string;
  let service: RunningService;
  let gate: string;
  const snapshots = () => join(folder, 'snapshots');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-snapshot-route-'));
    const config = await readConfig(
      { data: folder, listen: '127.0.0.1:0', workers: '0' },
      { ASSAY_LOG_LEVEL: 'silent', ...UNLIMITED },
    );
    service = await startService(config, { tell: () => {} });
    gate = await tokenOf('gate');
  });
  afterAll(async () => {
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const headers = (token: string) => ({ authorization: `Bearer ${token}` });
  async function tokenOf(role: string): Promise<string> {
    const answer = await fetch(`${service.url}/v1/tokens`, {
      method: 'POST',
      headers: { ...headers(service.firstToken ?? ''), 'content-type': 'application/json' },
      body: JSON.stringify({ name: role, roles: [role] }),
    });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { secret: string }).secret;
  }
  const get = (more: Record<string, string> = {}) =>
    fetch(`${service.url}/v1/snapshot`, { headers: { ...headers(gate), ...more } });

  it('reports a missing snapshot, and refuses an anonymous caller', async () => {
    const answer = await get();
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'no-snapshot' });
    for (const path of ['/v1/snapshot', '/v1/snapshot/events']) {
      const refused = await fetch(`${service.url}${path}`);
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, expect.any(String)]);
    }
  });

  it('returns the signed bytes with an ETag, and its event stream announces each newer snapshot', async () => {
    const first = await signed({ tenant: 'default' });
    publish(snapshots(), 'default', first);
    // A check in progress may have found no file yet.
    await until('the snapshot is found', async () => (await get()).status === 200);
    const answer = await get();
    expect(answer.headers.get('content-type')).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes).toEqual(first);
    const { meta } = openSnapshot(bytes, { trust: writer.publicKey, now: new Date('2026-11-26'), tenant: 'default' });
    expect(meta.version).toBe(7);
    const etag = answer.headers.get('etag') ?? '';
    const again = await get({ 'if-none-match': etag });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);

    const reader = await EventReader.open(`${service.url}/v1/snapshot/events`, { token: gate } as Client);
    expect(reader.status).toBe(200);
    await reader.find(({ event, data }) => event === 'snapshot' && data.version === 7);
    publish(snapshots(), 'default', await signed({ tenant: 'default', version: 8 }));
    await reader.find(({ event, data }) => event === 'snapshot' && data.version === 8);
    expect(reader.events).toHaveLength(2);
    reader.close();
    const other = await get({ 'if-none-match': etag });
    expect([other.status, (await other.arrayBuffer()).byteLength > 0]).toEqual([200, true]);
  });
});

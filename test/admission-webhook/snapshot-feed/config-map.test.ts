import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KubeClient, openKube, readConfigMapFloor } from '../../../admission-webhook/src/kube/index.ts';
import { ConfigMapSource } from '../../../admission-webhook/src/snapshot-feed/config-map-source.ts';
import { SNAPSHOT_LIMITS } from '../../../src/snapshot/index.ts';
import { entry, sha256, signed } from '../../snapshot/samples.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../../support/kube/index.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { closeFeeds, feedOf, versionOf } from './feeds.ts';

const root = tempFolder();

requirePart('API server', hasKube, KUBE_HOW, 'a snapshot in ConfigMaps', () => {
  let kube: RunningKube;
  let client: KubeClient;
  closeFeeds();
  beforeAll(async () => {
    kube = await startKube();
    client = await openKube({ kubeconfig: kube.kubeconfig() });
    await kube.createNamespace('gate');
  });
  afterAll(async () => {
    await client.close();
    await kube.stop();
  });

  const put = (name: string, content: object) =>
    client.send('POST', '/api/v1/namespaces/gate/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      ...content,
    });
  const replace = (name: string, content: object) =>
    client.send('PATCH', `/api/v1/namespaces/gate/configmaps/${name}`, content);
  const feed = (name: string, from: string, more = {}) =>
    feedOf(join(root, name), from, { kube: client, pollSeconds: 3600, ...more });

  it('is accepted as text, and again when it changes', async () => {
    await put('plain', { data: { snapshot: (await signed()).toString() } });
    const held = await feed('plain', 'configmap://gate/plain');
    expect(versionOf(held)).toBe(7);
    await replace('plain', { data: { snapshot: (await signed({ version: 8 })).toString() } });
    await until('version 8 is held', () => versionOf(held) === 8);
  });

  it('is accepted as gzip bytes split over several ConfigMaps', async () => {
    const entries = Array.from({ length: 2_000 }, (_, at) =>
      entry({ number: at + 1, digest: sha256(`${at}`), refs: [], report: sha256(`report ${at}`) }),
    );
    const bytes = gzipSync(await signed({ entries }));
    const piece = Math.ceil(bytes.length / 5);
    const at = (n: number) => ({ [`s.${n}`]: bytes.subarray(n * piece, (n + 1) * piece).toString('base64') });
    await put('cut', { binaryData: { ...at(0), ...at(1) } });
    await put('cut-1', { binaryData: { ...at(2), ...at(3) } });
    const part = await feed('part', 'configmap://gate/cut/s');
    expect(part.held().kind).toBe('none');
    await put('cut-2', { binaryData: at(4) });
    const held = (await feed('cut', 'configmap://gate/cut/s')).held();
    expect(held.kind === 'held' && held.index.meta.entries).toBe(2_000);
  });

  it('is refused when it is missing, truncated or a decompression bomb', async () => {
    await put('empty', {});
    expect((await feed('empty', 'configmap://gate/empty')).held()).toMatchObject({
      why: expect.stringContaining('no such key'),
    });
    expect((await feed('none', 'configmap://gate/none')).held().kind).toBe('none');
    const bomb = gzipSync(Buffer.alloc(SNAPSHOT_LIMITS.maxBytes + 1));
    await put('bomb', { binaryData: { snapshot: bomb.toString('base64') } });
    const source = new ConfigMapSource(client, { namespace: 'gate', name: 'bomb' }, 'snapshot');
    const fetching = source.fetch(null, join(root, 'bomb'), new AbortController().signal);
    await expect(fetching).rejects.toMatchObject({ code: 'limit' });
    const broken = gzipSync(await signed());
    await put('broken', { binaryData: { snapshot: broken.subarray(0, 40).toString('base64') } });
    expect((await feed('broken', 'configmap://gate/broken')).held()).toMatchObject({
      why: expect.stringContaining('gzip'),
    });
  });

  it('is refused after a restart with an empty disk when a newer one was seen', async () => {
    const floor = 'configmap://gate/floor';
    await put('now', { data: { snapshot: (await signed({ version: 9 })).toString() } });
    const first = await feed('floor-1', 'configmap://gate/now', { floor });
    expect(versionOf(first)).toBe(9);
    expect(await readConfigMapFloor(client, { namespace: 'gate', name: 'floor' })).toBe(9);
    await first.close();
    await replace('now', { data: { snapshot: (await signed({ version: 8 })).toString() } });
    const second = await feed('floor-2', 'configmap://gate/now', { floor });
    expect(second.held()).toMatchObject({ kind: 'none', why: expect.stringContaining('version 8, and 9 was seen') });
    expect(second.health().floor).toBe(9);
    await replace('now', { data: { snapshot: (await signed({ version: 10 })).toString() } });
    await until('version 10 is held', () => versionOf(second) === 10);
    expect(await readConfigMapFloor(client, { namespace: 'gate', name: 'floor' })).toBe(10);
  });

  it('is accepted with a problem when the floor cannot be read, and refused where the floor is required', async () => {
    await put('bad-floor', { data: { version: 'nine' } });
    await put('fine', { data: { snapshot: (await signed()).toString() } });
    const floor = 'configmap://gate/bad-floor';
    const held = await feed('bad', 'configmap://gate/fine', { floor });
    expect(versionOf(held)).toBe(7);
    expect(held.health().problem).toContain('the floor cannot be fetched');
    const required = feed('required', 'configmap://gate/fine', { floor, requireFloor: true });
    await expect(required).rejects.toMatchObject({ code: 'unreadable' });
  });
});

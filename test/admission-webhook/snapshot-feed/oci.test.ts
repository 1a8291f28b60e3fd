import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { OciSource } from '../../../admission-webhook/src/snapshot-feed/oci-source.ts';
import { parseOci } from '../../../src/core/reference/store-reference.ts';
import { signed } from '../../snapshot/samples.ts';
import {
  type Answer,
  type Asked,
  digestOf,
  HOW_REGISTRY,
  hasRegistry,
  RealRegistry,
  type SmallServer,
  startFront,
  TokenServer,
} from '../../support/oci-registry.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { closeFeeds, feedOf, versionOf } from './feeds.ts';

const TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const root = tempFolder();
let count = 0;

requirePart('docker-registry', hasRegistry, HOW_REGISTRY, 'a snapshot in an OCI registry', () => {
  let registry: RealRegistry;
  const fronts: SmallServer[] = [];
  closeFeeds();
  beforeAll(async () => {
    registry = await RealRegistry.start();
  });
  afterEach(async () => {
    await Promise.all(fronts.splice(0).map((front) => front.close()));
  });
  afterAll(() => registry.close());

  const push = async (version: number, tag = 'current') => {
    return registry.push('acme/decisions', tag, [{ bytes: await signed({ version }), mediaType: TYPE }]);
  };
  const feed = (from: string) => feedOf(join(root, `${++count}`), from, { pollSeconds: 0.2 });
  const front = async (rule: (asked: Asked, answer: () => Promise<Answer>) => Answer | Promise<Answer> | undefined) => {
    const one = await startFront(registry, rule);
    fronts.push(one);
    return one;
  };

  it('is accepted by tag, and again when the tag moves', async () => {
    await push(7);
    const held = await feed(`oci://${registry.host}/acme/decisions:current`);
    expect(versionOf(held)).toBe(7);
    await push(8);
    await until('version 8 is held', () => versionOf(held) === 8);
    expect(held.health().problem).toBeNull();
  });

  it('is accepted by digest, and no other manifest', async () => {
    const digest = await push(7, 'pinned');
    expect(versionOf(await feed(`oci://${registry.host}/acme/decisions@${digest}`))).toBe(7);
    const other = await front(async (asked, answer) => {
      const { headers: _, ...answered } = await answer();
      return asked.url.includes('/manifests/') ? { ...answered, body: `${answered.body} ` } : answered;
    });
    const held = await feed(`oci://${other.host}/acme/decisions@${digest}`);
    expect(held.held()).toMatchObject({ why: expect.stringContaining('other bytes than its digest') });
  });

  it('is refused when its layer has other bytes or more than the manifest states', async () => {
    await push(7, 'layer');
    const bodies: Uint8Array[] = [await signed({ version: 8 }), Buffer.alloc(3_000_000, 'x'), Buffer.alloc(0)];
    for (const body of bodies) {
      const other = await front((asked) => (asked.url.includes('/blobs/') ? { status: 200, body } : undefined));
      const held = await feed(`oci://${other.host}/acme/decisions:layer`);
      expect(held.held()).toMatchObject({
        kind: 'none',
        why: expect.stringMatching(/other bytes|more than \d+ bytes/),
      });
    }
  });

  it('is refused when it is an index, an HTML page or has several layers', async () => {
    const layer = { bytes: await signed(), mediaType: TYPE };
    await registry.push('acme/two', 'latest', [layer, { bytes: Buffer.from('x'), mediaType: 'text/plain' }]);
    expect((await feed(`oci://${registry.host}/acme/two`)).held()).toMatchObject({
      why: expect.stringContaining('one layer'),
    });
    expect((await feed(`oci://${registry.host}/acme/none`)).held()).toMatchObject({
      why: expect.stringContaining('does not exist (404)'),
    });
    for (const body of ['<html></html>', '[]', '{"layers":[{"digest":"sha256:../..","size":1}]}', '{'.repeat(100)]) {
      const other = await front(() => ({ status: 200, body }));
      expect((await feed(`oci://${other.host}/acme/two`)).held().kind).toBe('none');
    }
  });

  it('is fetched from the storage that the registry redirects to, without credentials', async () => {
    await push(7, 'moved');
    const storage = await front(() => undefined);
    const other = await front((asked) => {
      if (!asked.url.includes('/blobs/')) return undefined;
      return { status: 307, headers: { location: `http://${storage.host}${asked.url}` } };
    });
    expect(versionOf(await feed(`oci://${other.host}/acme/decisions:moved`))).toBe(7);
    const elsewhere = await front((asked) => {
      return asked.url.includes('/blobs/') ? { status: 307, headers: { location: 'file:///etc/passwd' } } : undefined;
    });
    const refused = await feed(`oci://${elsewhere.host}/acme/decisions:moved`);
    expect(refused.held()).toMatchObject({ why: expect.stringContaining('redirects to a file: address') });
  });

  it('is fetched with a token of the token server that the registry names', async () => {
    const tokens = await TokenServer.start({ user: 'gate', password: 'secret', identity: 'none' });
    const own = await RealRegistry.start({ tokens });
    try {
      own.authorization = `Bearer ${tokens.sign('private/decisions', ['pull', 'push'])}`;
      const digest = await own.push('private/decisions', 'current', [{ bytes: await signed(), mediaType: TYPE }]);
      expect(digest).toMatch(/^sha256:/);
      const reference = parseOci(`oci://${own.host}/private/decisions:current`);
      const path = join(root, 'token');
      const docker = join(root, 'docker');
      mkdirSync(docker, { recursive: true });
      const signal = new AbortController().signal;
      const nobody = new OciSource(reference, { DOCKER_CONFIG: docker });
      await expect(nobody.fetch(null, path, signal)).rejects.toMatchObject({ code: 'unauthorized' });
      const auth = Buffer.from('gate:secret').toString('base64');
      writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [own.host]: { auth } } }));
      const webhook = new OciSource(reference, { DOCKER_CONFIG: docker });
      const fetched = await webhook.fetch(null, path, signal);
      expect(fetched).toEqual({ kind: 'fetched', mark: digestOf(await signed()) });
      expect(await webhook.fetch(digestOf(await signed()), path, signal)).toEqual({ kind: 'unchanged' });
    } finally {
      await own.close();
      await tokens.close();
    }
  });

  it('causes no credentials to be sent to a foreign token server', async () => {
    const asked: string[] = [];
    const stranger = await front((one) => {
      asked.push(one.headers.authorization ?? 'nothing');
      return { status: 401 };
    });
    for (const realm of ['http://registry.example/token', 'ftp://x', 'https://user@x', stranger.host]) {
      const other = await front(() => ({ status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}"` } }));
      const held = await feed(`oci://${other.host}/acme/decisions:current`);
      expect(held.held()).toMatchObject({ why: expect.stringContaining('requests tokens') });
    }
    expect(asked).toEqual([]);
  });
});

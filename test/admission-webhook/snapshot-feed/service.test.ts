import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { FileFeedSource } from '../../../admission-webhook/src/snapshot-feed/file-source.ts';
import { parseSnapshotPlace } from '../../../admission-webhook/src/snapshot-feed/place.ts';
import { ServiceSource } from '../../../admission-webhook/src/snapshot-feed/service-source.ts';
import type { PublishedSnapshot } from '../../../src/service/snapshot/store.ts';
import { SNAPSHOT_LIMITS } from '../../../src/snapshot/index.ts';
import { document, signed } from '../../snapshot/samples.ts';
import { type TestService, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { closeFeeds, feedOf, versionOf } from './feeds.ts';

const root = tempFolder();
closeFeeds();

async function published(version: number): Promise<PublishedSnapshot> {
  const body = await signed({ version, tenant: 'default' });
  const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
  const { issued, expires } = document();
  return { tenant: 'default', body, version, etag, issued, expires };
}

describe('a snapshot from the service', () => {
  let service: TestService | undefined;
  afterEach(() => service?.close());

  it('is accepted, and again when the service announces a newer one', async () => {
    const folder = join(root, 'service');
    const snapshots = new Map([['default', await published(7)]]);
    service = await testService(folder, { snapshots });
    const url = await service.listen();
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'wrong\n');
    // The poll interval alone would take an hour.
    const feed = await feedOf(folder, url, { tokenFile, tenant: 'default', pollSeconds: 3600 });
    expect(feed.held()).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('does not accept the token (401)'),
    });
    await feed.close();
    writeFileSync(tokenFile, `${await service.token(['gate'])}\n`);
    const good = await feedOf(folder, url, { tokenFile, tenant: 'default', pollSeconds: 3600 });
    expect(versionOf(good)).toBe(7);
    expect(good.health().from).toBe(`${url}/v1/snapshot`);
    snapshots.set('default', await published(8));
    service.context.events.publish({ kind: 'snapshot', tenant: 'default', version: 8 });
    await until('version 8 is held', () => versionOf(good) === 8);
  });
});

/** A server with any behaviour. */
async function serverOf(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('an untrusted snapshot server', () => {
  it('is asked with its ETag, and a 304 changes nothing', async () => {
    const body = await signed();
    const asked: (string | undefined)[] = [];
    const url = await serverOf((request, response) => {
      if (request.url !== '/v1/snapshot') return void response.writeHead(404).end();
      asked.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"7"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"7"' }).end(body);
    });
    const feed = await feedOf(join(root, 'mark'), url, { pollSeconds: 0.2 });
    await until('several requests arrived', () => asked.length > 2);
    expect(asked.slice(0, 3)).toEqual([undefined, '"7"', '"7"']);
    expect(feed.health().problem).toBeNull();
  });

  it('cannot redirect the token to another server', async () => {
    let elsewhere = 0;
    const other = await serverOf((_, response) => {
      elsewhere++;
      response.end();
    });
    const url = await serverOf((_, response) => response.writeHead(302, { location: `${other}/v1/snapshot` }).end());
    const feed = await feedOf(join(root, 'redirect'), url);
    expect(feed.held()).toMatchObject({ why: expect.stringContaining('redirects (302)') });
    expect(elsewhere).toBe(0);
  });

  it('cannot send more bytes than a snapshot can have, compressed or not', async () => {
    // More than the limit after decompression.
    const bomb = gzipSync(Buffer.alloc(SNAPSHOT_LIMITS.maxBytes + 1024));
    const url = await serverOf((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const source = new ServiceSource({ url, tokenFile: null });
    const fetching = source.fetch(null, join(root, 'bomb'), new AbortController().signal);
    await expect(fetching).rejects.toMatchObject({ code: 'limit' });
  });

  it('cannot delay the feed beyond its time limits', async () => {
    const silent = await serverOf(() => {});
    const slow = await serverOf((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const far = 3_600_000;
    // Each would go on forever except for the one short limit.
    for (const [url, times] of [
      [silent, { headMs: 50, wholeMs: far }],
      [silent, { headMs: far, wholeMs: 50 }],
      [slow, { headMs: far, wholeMs: 50 }],
    ] as const) {
      const source = new ServiceSource({ url, tokenFile: null, ...times });
      const fetching = source.fetch(null, join(root, 'slow'), new AbortController().signal);
      await expect(fetching).rejects.toMatchObject({ code: 'network' });
    }
  });

  it('that breaks off or sends an HTML page gives a problem until it sends a snapshot', async () => {
    const body = await signed();
    let answer: (response: ServerResponse) => void = (response) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 100), () => response.destroy());
    };
    const url = await serverOf((_, response) => answer(response));
    const feed = await feedOf(join(root, 'page'), url, { pollSeconds: 0.2 });
    expect(feed.held()).toMatchObject({ why: expect.stringContaining('cannot be reached') });
    answer = (response) => response.end('<!doctype html><title>Sign in</title>');
    await until('the HTML page is reported', () => /not a snapshot/.test(feed.health().problem ?? ''));
    answer = (response) => response.writeHead(500).end();
    await until('the status 500 is reported', () => /answers 500/.test(feed.health().problem ?? ''));
    answer = (response) => response.end(body);
    await until('version 7 is held', () => versionOf(feed) === 7);
    expect(feed.health().problem).toBeNull();
  });
});

describe('a snapshot source', () => {
  it('is parsed in every documented form', () => {
    expect(parseSnapshotPlace('/a/b.json')).toEqual({ kind: 'file', path: '/a/b.json' });
    expect(parseSnapshotPlace('https://assay.example/base/')).toEqual({
      kind: 'service',
      url: 'https://assay.example/base',
    });
    expect(parseSnapshotPlace('https://assay.example/v1/snapshot')).toEqual({
      kind: 'service',
      url: 'https://assay.example',
    });
    expect(parseSnapshotPlace('configmap://assay/decisions')).toEqual({
      kind: 'config-map',
      place: { namespace: 'assay', name: 'decisions' },
      key: 'snapshot',
    });
    expect(parseSnapshotPlace('oci://registry.example/a/b:c')).toMatchObject({ kind: 'oci' });
  });

  it.each([
    ['', /no snapshot is named/],
    ['http://assay.example', /would be sent in clear text/],
    ['https://user:secret@assay.example', /contains a password/],
    ['https://assay.example/?a=b', /not an address of a service/],
    ['configmap://assay', /names no key|names no ConfigMap/],
    ['configmap://../x/y', /names no ConfigMap/],
    ['ftp://assay.example', /read from ftp/],
    ['oci://assay.example', /repository/],
  ])('is not parsed from %j', (text, message) => {
    expect(() => parseSnapshotPlace(text)).toThrow(message);
  });

  it('that is a file is read again when it changes during a read', async () => {
    const path = join(root, 'growing');
    writeFileSync(path, 'x');
    const fetched = await new FileFeedSource(path, 1000).fetch(null, join(root, 'copy'), new AbortController().signal);
    expect(fetched).toMatchObject({ kind: 'fetched', mark: expect.any(String) });
  });
});

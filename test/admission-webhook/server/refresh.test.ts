import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Webhook } from '../../e2e/admission/webhook.ts';
import { signed, stranger, writer } from '../../snapshot/samples.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { approved } from '../decide/support.ts';
import { Authority, place } from './certificates.ts';
import { GOOD } from './ground.ts';

// The built program, which asks a server of snapshots on 127.0.0.1 as the chart has it ask the service.

const folder = tempFolder();
const file = (name: string) => join(folder, name);
const TOKEN = 'a-token-of-the-service';
const PROBLEM = 'assay_admission_problem{part="snapshot"}';
/** Connections that are told of each new one: while a webhook refuses what it is given, it asks less often by itself. */
const listeners = new Set<ServerResponse>();
let served: Buffer = Buffer.alloc(0);
let webhook: Webhook;
const server = createServer((request, response) => {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
  if (request.url === '/v1/snapshot/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    listeners.add(response);
    return void response.write(': here\n\n');
  }
  if (request.url !== '/v1/snapshot') return void response.writeHead(404).end();
  response.writeHead(200).end(served);
});

const NOW = Date.now();
const at = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
const times = { issued: at(NOW), expires: at(NOW + 86_400_000), entries: [approved(GOOD)] };
const version = () => webhook.count('assay_admission_snapshot_version');

beforeAll(async () => {
  served = await signed({ ...times, version: 7 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const authority = new Authority(folder, 'ca');
  const tls = place(folder, authority.server());
  writeFileSync(file('snapshot.pub'), writer.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(file('token'), `${TOKEN}\n`);
  const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  webhook = await Webhook.start([
    ...['--snapshot', from, '--snapshot-token-file', file('token'), '--snapshot-key', file('snapshot.pub')],
    ...['--tenant', 'acme', '--poll', '1', '--state', file('state'), '--tls-cert', tls.cert, '--tls-key', tls.key],
  ]);
  await until('it listens for news', () => listeners.size > 0);
});
afterAll(async () => {
  await webhook?.stop('SIGKILL');
  server.closeAllConnections();
  server.close();
});

function serve(bytes: Buffer): void {
  served = bytes;
  for (const one of listeners) one.write('event: snapshot\ndata: {}\n\n');
}

/** Serves what the webhook must not take, after what it has. */
async function refused(bytes: Buffer, held: number, why: RegExp): Promise<void> {
  serve(await signed({ ...times, version: held }));
  await until('there is no problem', async () => (await webhook.count(PROBLEM)) === 0);
  serve(bytes);
  await until('it is refused', async () => (await webhook.count(PROBLEM)) === 1);
  const { source } = JSON.parse(await webhook.get('/status'));
  expect(source.problem).toMatch(why);
  expect(await version()).toBe(held);
}

describe('assay admit that asks a server for snapshots', () => {
  it('starts with the snapshot of the server', async () => {
    expect(await version()).toBe(7);
    expect(await webhook.count(PROBLEM)).toBe(0);
  });

  it('takes a newer one that is signed, within its interval', async () => {
    serve(await signed({ ...times, version: 8 }));
    await until('version 8 is held', async () => (await version()) === 8);
    expect(await webhook.count('assay_admission_snapshot_floor')).toBe(8);
    expect(await webhook.count(PROBLEM)).toBe(0);
  });

  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ['an older one', () => signed({ ...times, version: 7 }), /was seen before/],
    ['one that somebody else signed', () => signed({ ...times, version: 9 }, stranger.privateKey), /sign/],
    ['one of another tenant', () => signed({ ...times, version: 9, tenant: 'other' }), /tenant|other/],
    ['one that is not signed', async () => unsigned(await signed({ ...times, version: 9 })), /sign|snapshot/],
    ['one with a changed byte', async () => changed(await signed({ ...times, version: 9 })), /sign|snapshot/],
    ['a page of HTML', async () => Buffer.from('<html></html>'), /JSON|snapshot/],
  ])('keeps the last good one, ready and with a warning, where the server has %s', async (_, make, why) => {
    await refused(await make(), 8, why);
    expect((await fetch(`${webhook.metrics}/readyz`)).status).toBe(200);
    await until('it is told', () => /snapshot: .*; the last good one stays in use/.test(webhook.said));
  });

  it('takes the next good one, and has no problem any more', async () => {
    serve(await signed({ ...times, version: 10 }));
    await until('version 10 is held', async () => (await version()) === 10);
    await until('the problem is gone', async () => (await webhook.count(PROBLEM)) === 0);
  });

  it('starts with the last good one while the server is away, and refuses an older one then', async () => {
    await webhook.stop();
    listeners.clear();
    served = await signed({ ...times, version: 9 });
    await webhook.again();
    expect(await version()).toBe(10);
    await until('it listens for news', () => listeners.size > 0);
    await refused(served, 10, /was seen before/);
  });
});

/** The same, without its signatures. */
function unsigned(bytes: Buffer): Buffer {
  const text = bytes.toString().replace(/"signatures":\s*\[.*?\]/s, '"signatures":[]');
  if (text === bytes.toString()) throw new Error('no signatures were found');
  return Buffer.from(text);
}

function changed(bytes: Buffer): Buffer {
  const at = bytes.indexOf('"payload":"') + 60;
  bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
  return bytes;
}

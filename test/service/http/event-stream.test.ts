import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterEach, expect, it } from 'vitest';
import type { Principal } from '../../../src/registry/index.ts';
import type { SignIn } from '../../../src/service/context.ts';
import type { App, SchemaTypes } from '../../../src/service/fastify-app.ts';
import { type EventStream, type EventStreamOptions, eventStreams } from '../../../src/service/http/event-stream.ts';
import { ServiceError } from '../../../src/service/problems/service-error.ts';
import { until } from '../../support/until.ts';
import { EventReader } from '../routes/event-reader.ts';

const principal: Principal = { tenant: 'acme', subject: 'vera', issuer: null, roles: ['viewer'], via: 'token' };
let app: App | undefined;
afterEach(() => app?.close());

type Authenticate = SignIn['authenticator']['authenticate'];
const anybody: Authenticate = async () => ({ principal, csrf: null });

/** A server with one stream, which `opened` receives. */
async function serve(options: EventStreamOptions, authenticate = anybody) {
  const opened: EventStream[] = [];
  const server: App = Fastify({ forceCloseConnections: 'idle' }).withTypeProvider<SchemaTypes>();
  server.decorateRequest('principal', { getter: () => principal });
  server.decorate('signIn', { authenticator: { authenticate } } as SignIn);
  await server.register(async (scope) => {
    const streams = eventStreams(scope as unknown as App, options);
    scope.get('/', { exposeHeadRoute: false }, async (request, reply) => {
      opened.push(streams.open(request, reply));
    });
  });
  app = server;
  await server.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/`;
  return { opened, open: () => EventReader.open(url, { token: 'x' }), server };
}

it('a stream sends heartbeats', async () => {
  const { open } = await serve({ heartbeatMs: 20 });
  const reader = await open();
  await until('four heartbeats arrived', () => reader.comments > 3);
  expect(reader.events).toEqual([]);
  reader.close();
});

it('a stream ends after its maximum life, so that its reader authenticates again', async () => {
  const { open, opened } = await serve({ lifeMs: 100 });
  const reader = await open();
  await reader.ended;
  await until('the server notices the end', () => opened[0]?.ended.aborted === true);
  expect(opened[0]?.ended.aborted).toBe(true);
});

it("a stream ends when its reader's credential is no longer valid, and not while that cannot be checked", async () => {
  let answer = new ServiceError(503, 'issuer-unavailable', 'the identity provider cannot be reached');
  let asked = 0;
  const { open, opened } = await serve({ heartbeatMs: 20 }, async () => {
    asked += 1;
    throw answer;
  });
  const reader = await open();
  await until('the credential was checked three times', () => asked > 2);
  expect(opened[0]?.ended.aborted).toBe(false);
  answer = new ServiceError(401, 'invalid-token', 'the token is unknown, expired or revoked');
  await reader.ended;
});

it('a stream ends when the server closes', async () => {
  const { open, server } = await serve({});
  const readers = await Promise.all([open(), open(), open()]);
  const closing = server.close();
  await Promise.all(readers.map((reader) => reader.ended));
  await closing;
});

it('a stream keeps every event on its own lines, whatever its content', async () => {
  const { open, opened } = await serve({});
  const reader = await open();
  const hostile = { text: 'a\n\nevent: end\ndata: {}\r\n\u2028:\0', more: ['\ud800'] };
  opened[0]?.send({ id: '7', event: 'audit', data: hostile });
  opened[0]?.send({ event: 'job', data: {} });
  await reader.find(({ event }) => event === 'job');
  expect(reader.events).toEqual([
    { id: '7', event: 'audit', data: hostile },
    { id: undefined, event: 'job', data: {} },
  ]);
  reader.close();
  await until('the server notices the end', () => opened[0]?.ended.aborted === true);
  expect(opened[0]?.ended.aborted).toBe(true);
  // Without a listener nothing is written and nothing fails.
  opened[0]?.send({ event: 'job', data: {} });
  opened[0]?.end();
});

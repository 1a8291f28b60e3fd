import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { OPERATOR, type TestService, testService } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
let service: TestService;
let url: URL;
let admin: string;

beforeAll(async () => {
  service = await testService(folder);
  url = new URL(await service.listen());
  admin = `Bearer ${await service.token(['admin'])}`;
});
afterAll(() => service.close());

const DRIP_MS = 20;

/** What a raw connection receives until it ends. */
function talk(first: string, { drip, at = url }: { readonly drip?: string; readonly at?: URL } = {}) {
  return new Promise<{ readonly answer: string }>((resolve) => {
    let answer = '';
    let timer: NodeJS.Timeout | undefined;
    const socket: Socket = connect(Number(at.port), '127.0.0.1', () => {
      socket.write(first);
      if (drip !== undefined) timer = setInterval(() => socket.write(drip), DRIP_MS);
    });
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    // The test expects an error on a connection that is cut during a write.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ answer });
    });
  });
}

const head = (length: number, more = '', by = admin) =>
  `POST /v1/tokens HTTP/1.1\r\nhost: a\r\nauthorization: ${by}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}`;

/** Neither ends by itself: without the limit the test would not end. */
describe('clients that never finish', () => {
  test('are disconnected while their headers drip', async () => {
    const strict = await testService(`${folder}/headers`, { times: { headersMs: 300, checkMs: 50 } });
    const at = new URL(await strict.listen());
    const { answer } = await talk('GET /healthz HTTP/1.1\r\nhost: a\r\n', { drip: 'x-a: b\r\n', at });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"too-slow"');
    await strict.close();
  });

  test('are disconnected while a body drips, and the service answers others meanwhile', async () => {
    const strict = await testService(`${folder}/bodies`, { times: { bodyMs: 300 } });
    const at = new URL(await strict.listen());
    const authorization = `Bearer ${await strict.token(['admin'])}`;
    const slow = talk(`${head(1000, '', authorization)}\r\n{"name":`, { drip: ' ', at });
    expect((await fetch(new URL('/healthz', at))).status).toBe(200);
    const { answer } = await slow;
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"too-slow"');
    await strict.close();
  });
});

test('a connection without any request does not delay the shutdown', async () => {
  // Its idle timeout never passes: only the shutdown can end it.
  const other = await testService(`${folder}/ending`, { times: { idleMs: 0 } });
  const { port } = new URL(await other.listen());
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  // The service has accepted the connection.
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  const cut = once(socket, 'close');
  await other.close();
  await cut;
});

describe('a malformed HTTP request', () => {
  test.each([
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'malformed-request'],
    ['no Host header', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed-request'],
    [
      'an unknown expectation',
      'POST /v1/jobs HTTP/1.1\r\nhost: a\r\nexpect: a-miracle\r\ncontent-length: 2\r\n\r\n',
      417,
      'malformed-request',
    ],
    [
      'a compressed transfer coding',
      'POST /signin HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      415,
      'wrong-content-encoding',
    ],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 400, 'malformed-request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n',
      400,
      'malformed-request',
    ],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
      'malformed-request',
    ],
    ['a header bomb', `GET / HTTP/1.1\r\nhost: a\r\nx-bomb: ${'b'.repeat(40_000)}\r\n\r\n`, 431, 'headers-too-large'],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nhost: a\r\n${Array.from({ length: 5000 }, (_, i) => `x-${i}: y\r\n`).join('')}\r\n`,
      431,
      'headers-too-large',
    ],
  ])('with %s is refused with a reason', async (_name, text, status, code) => {
    const { answer } = await talk(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain(`"code":"${code}"`);
  });
});

describe('a body', () => {
  const post = (payload: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(new URL('/v1/tokens', url), {
      method: 'POST',
      headers: { authorization: admin, 'content-type': 'application/json', ...headers },
      body: payload,
    });

  test.each<[string, string, Readonly<Record<string, string>>, number, string]>([
    ['truncated', '{"name": "a"', {}, 400, 'malformed-body'],
    ['empty', '', {}, 400, 'malformed-body'],
    ['not JSON', 'name=a', {}, 400, 'malformed-body'],
    ['not an object', '[]', {}, 400, 'invalid-request'],
    ['an attack on the prototype', '{"__proto__": {"roles": ["admin"]}, "name": "a"}', {}, 400, 'malformed-body'],
    ['nested too deeply', '['.repeat(100_000), {}, 400, 'malformed-body'],
    ['an unknown field', '{"name":"a","roles":["admin"],"tenant":"x"}', {}, 400, 'invalid-request'],
    ['a number for a string', '{"name":1,"roles":["admin"]}', {}, 400, 'invalid-request'],
    ['an unknown role', '{"name":"a","roles":["root"]}', {}, 400, 'invalid-request'],
    ['markup for a name', '{"name":"<b>","roles":["admin"]}', {}, 400, 'invalid-request'],
    ['an invalid date', '{"name":"a","roles":["admin"],"expiresAt":"soon"}', {}, 400, 'invalid-request'],
    ['sent as another type', '<a/>', { 'content-type': 'text/xml' }, 415, 'wrong-content-type'],
    ['sent as plain text', '{}', { 'content-type': 'text/plain' }, 415, 'wrong-content-type'],
    ['sent as a form', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'wrong-content-type'],
    ['compressed', '{}', { 'content-encoding': 'gzip' }, 415, 'wrong-content-encoding'],
    ['compressed twice', '{}', { 'content-encoding': 'gzip, identity' }, 415, 'wrong-content-encoding'],
    ['sent as an invalid type', '{}', { 'content-type': 'json' }, 415, 'wrong-content-type'],
    ['larger than allowed', JSON.stringify({ name: 'a'.repeat(1024 * 1024) }), {}, 413, 'body-too-large'],
  ])('is refused: %s', async (_name, payload, headers, status, code) => {
    const answer = await post(payload, headers);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
  });

  test('gets errors that name the field', async () => {
    const answer = await post('{"name":"a","roles":["root"],"tenant":"x"}');
    const { detail } = (await answer.json()) as { detail: string };
    expect(detail).toContain('body must NOT have additional properties: "tenant"');
    const values = await post('{"name":"a","roles":["root"]}');
    expect(((await values.json()) as { detail: string }).detail).toContain('allowed values: viewer, submitter');
  });

  test('that is longer than its stream declared is cut off and not stored', async () => {
    const chunk = 'a'.repeat(64 * 1024);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.from(chunk)) });
    const sent = fetch(new URL('/v1/tokens', url), {
      method: 'POST',
      headers: { authorization: admin, 'content-type': 'application/json' },
      body: endless,
      duplex: 'half',
    } as RequestInit);
    const status = await sent.then((answer) => answer.status).catch(() => 'cut');
    expect([413, 'cut']).toContain(status);
  });

  test('that is refused writes nothing', async () => {
    const names = (await service.registry.tokens(OPERATOR)).map(({ name }) => name);
    // The other tests create tokens as well, through the registry.
    expect(names.filter((name) => !/^token-\d+-/.test(name))).toEqual([]);
    expect(names).toContain('token-1-admin');
  });
});

describe('a URL', () => {
  test.each([
    ['/v1', 404, 'no-such-route'],
    ['/v1/tokens/../tokens', 404, 'no-such-route'],
    ['/v1/openapi.json/', 404, 'no-such-route'],
    ['/v1/%2e%2e/%2e%2e/etc/passwd', 404, 'no-such-route'],
    ['/..%2f..%2fetc/passwd', 404, 'no-such-route'],
    ['/v1/tokens/%00', 405, 'wrong-method'],
    ['/%', 400, 'malformed-address'],
    ['/%ff%fe', 400, 'malformed-address'],
    [`/v1/tokens/${'a'.repeat(5000)}`, 405, 'wrong-method'],
  ])('%s is refused', async (path, status, code) => {
    const { answer } = await talk(
      `GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: ${admin}\r\nconnection: close\r\n\r\n`,
    );
    const [, body = ''] = answer.split('\r\n\r\n');
    expect([Number(answer.slice(9, 12)), JSON.parse(body).code]).toEqual([status, code]);
    expect(body).not.toContain(folder);
  });

  test('with an unsupported method is answered with the supported ones', async () => {
    const answer = await service.app.inject({ method: 'PATCH', url: '/v1/tokens' });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  });
});

describe('rate limits', () => {
  // All requests come within the same minute.
  beforeEach(() => void vi.setSystemTime(Date.now()));
  afterEach(() => void vi.useRealTimers());

  test('count per principal, and per address for anonymous callers', async () => {
    const limited = await testService(`${folder}/limited`, {
      config: { limits: { ...service.config.limits, requestsPerMinute: 5 } },
    });
    const [one, two] = [await limited.token(['admin']), await limited.token(['admin'])];
    const ask = (token: string) =>
      limited.app.inject({ url: '/v1/tokens', headers: { authorization: `Bearer ${token}` } });
    const statuses = [];
    for (let i = 0; i < 7; i++) statuses.push((await ask(one)).statusCode);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect((await ask(two)).statusCode).toBe(200);
    const refused = await ask(one);
    expect([refused.json().code, Number(refused.headers['retry-after'])]).toEqual([
      'too-many-requests',
      expect.toSatisfy((seconds) => seconds > 0 && seconds <= 60),
    ]);

    const open = () => limited.app.inject({ url: '/v1/openapi.json' });
    for (let i = 0; i < 5; i++) expect((await open()).statusCode).toBe(200);
    expect((await open()).statusCode).toBe(429);
    expect((await limited.app.inject({ url: '/healthz' })).statusCode).toBe(200);

    vi.setSystemTime(Date.now() + 60_001);
    expect([(await ask(one)).statusCode, (await open()).statusCode]).toEqual([200, 200]);
    await limited.close();
  });

  test.each([
    ['GET', '/v1/versions/none/report?format=html', 404],
    ['GET', '/v1/audit/verify', 200],
    ['POST', '/v1/policies/check', 400],
  ] as const)('are lower for %s %s, which costs more than most', async (method, url, usual) => {
    const headers = { authorization: `Bearer ${await service.token(['reviewer'])}` };
    const statuses = [];
    for (let i = 0; i < 61; i++) statuses.push((await service.app.inject({ method, url, headers })).statusCode);
    expect([statuses.filter((status) => status === usual).length, statuses.at(-1)]).toEqual([60, 429]);
    expect((await service.app.inject({ url: '/v1/models', headers })).statusCode).toBe(200);
  });

  test('bound the attempts with tokens that are not valid', async () => {
    const limited = await testService(`${folder}/guessed`, {
      config: { limits: { ...service.config.limits, requestsPerMinute: 5 } },
    });
    const guess = (i: number) =>
      limited.app.inject({
        url: '/v1/tokens',
        headers: { authorization: `Bearer assay_${String(i).padStart(43, 'A')}` },
      });
    const statuses = [];
    for (let i = 0; i < 7; i++) statuses.push((await guess(i)).statusCode);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(Number((await guess(7)).headers['retry-after'])).toBeGreaterThan(0);
    await limited.close();
  });
});

describe('the host of a request', () => {
  const statusOf = async (request: string) => (await talk(`${request}connection: close\r\n\r\n`)).answer.split(' ')[1];

  test.each([
    ['none', 'GET /healthz HTTP/1.1\r\n', '400'],
    ['one', 'GET /healthz HTTP/1.1\r\nhost: a\r\n', '200'],
    ['two that agree', 'GET /healthz HTTP/1.1\r\nhost: a\r\nHost: a\r\n', '400'],
    ['two that differ', 'GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n', '400'],
    ['two in HTTP/1.0', 'GET /healthz HTTP/1.0\r\nhost: a\r\nhost: b\r\n', '400'],
    ['an address that agrees', 'GET http://A.example:80/healthz HTTP/1.1\r\nhost: a.example\r\n', '200'],
    ['an address of another host', 'GET http://b.example/healthz HTTP/1.1\r\nhost: a.example\r\n', '400'],
    ['an address of another port', 'GET http://a.example:8080/healthz HTTP/1.1\r\nhost: a.example\r\n', '400'],
    ['an address with a user', 'GET http://a.example@b/healthz HTTP/1.1\r\nhost: b\r\n', '400'],
    ['an address of another scheme', 'GET ftp://a/healthz HTTP/1.1\r\nhost: a\r\n', '400'],
  ])('%s', async (_, request, status) => {
    expect(await statusOf(request)).toBe(status);
  });
});

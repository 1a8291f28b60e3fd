import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isAssayError } from '../../src/core/errors.ts';
import { isPrivateAddress } from '../../src/egress/address-rules.ts';
import { createEgress, type Egress, type EgressOptions } from '../../src/egress/egress.ts';
import { proxyFor, proxySettings } from '../../src/egress/proxy.ts';
import { retryDelay } from '../../src/egress/retry.ts';
import { barrier } from '../support/until.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const one of opened.splice(0)) await one.close();
});

async function serve(answer: RequestListener): Promise<{ origin: string; seen: IncomingMessage[]; server: Server }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return { origin: `http://127.0.0.1:${address.port}`, seen, server };
}

function egress(options: EgressOptions = {}): Egress {
  const made = createEgress({ env: {}, retry: { firstDelayMs: 1 }, ...options });
  opened.push(made);
  return made;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (isAssayError(error)) {
      expect(error.message + String(error.hint) + String(error.subject)).not.toContain('s3cret');
      return error.code;
    }
    throw error;
  }
  return 'no error';
}

const secret = { name: 'authorization', value: 'Bearer s3cret' };

describe('a credential', () => {
  test('is sent to its origin, and not after a redirect to another origin', async () => {
    const other = await serve((_, response) => response.end('other'));
    const home = await serve((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: `${other.origin}/x` });
      if (request.url === '/near') response.writeHead(307, { location: '/here' });
      response.end('home');
    });
    const { fetch } = egress({ credentials: [{ origin: home.origin, header: secret }] });
    expect(await (await fetch(`${home.origin}/away`)).text()).toBe('other');
    expect(await (await fetch(`${home.origin}/near`)).text()).toBe('home');
    expect(home.seen.map((one) => one.headers.authorization)).toEqual([secret.value, secret.value, secret.value]);
    expect(other.seen.map((one) => one.headers.authorization)).toEqual([undefined]);
  });

  test('of one request is sent with that request only, and not after a redirect to another origin', async () => {
    const other = await serve((_, response) => response.end('other'));
    const home = await serve((request, response) => {
      if (request.url === '/away') response.writeHead(307, { location: `${other.origin}/x` });
      response.end('home');
    });
    const { fetch } = egress();
    const secrets = [
      { origin: home.origin, header: secret },
      { origin: home.origin, header: { name: 'x-amz-security-token', value: 's3cret' } },
    ];
    expect(await (await fetch(`${home.origin}/away`, { secrets })).text()).toBe('other');
    await fetch(`${home.origin}/next`);
    await fetch(`${other.origin}/straight`, { secrets });
    const sent = (seen: IncomingMessage[]) =>
      seen.map(({ headers }) => [headers.authorization, headers['x-amz-security-token']]);
    expect(sent(home.seen)).toEqual([
      [secret.value, 's3cret'],
      [undefined, undefined],
    ]);
    expect(sent(other.seen)).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  test('that a library adds for another origin is removed', async () => {
    const other = await serve((_, response) => response.end());
    const { fetch } = egress({ credentials: [{ origin: 'https://hub.example', header: secret }] });
    await fetch(other.origin, { headers: { Authorization: secret.value, Cookie: 'a=b', 'x-kept': 'yes' } });
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(other.seen[0]?.headers).not.toHaveProperty('cookie');
    expect(other.seen[0]?.headers['x-kept']).toBe('yes');
  });

  test('is not sent to another port', async () => {
    const a = await serve((_, response) => response.end());
    const b = await serve((_, response) => response.end());
    const { fetch } = egress({ credentials: [{ origin: a.origin, header: secret }] });
    await fetch(b.origin);
    expect(b.seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('redirects', () => {
  test('are limited in number', async () => {
    const loop = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    expect(await codeOf(egress().fetch(loop.origin))).toBe('network');
    expect(loop.seen.length).toBe(9);
  });

  test.each(['file:///etc/passwd', 'ftp://host/x'])('to %s are refused', async (location) => {
    const server = await serve((_, response) => response.writeHead(302, { location }).end());
    expect(await codeOf(egress().fetch(server.origin))).toBe('refused');
  });

  test('are checked against the address rules at every hop', async () => {
    const inner = await serve((_, response) => response.end('inner'));
    const server = await serve((_, response) =>
      response.writeHead(302, { location: inner.origin.replace('127.0.0.1', 'localhost') }).end(),
    );
    expect(await codeOf(egress({ rules: { hosts: ['127.0.0.1'] } }).fetch(server.origin))).toBe('refused');
    expect(inner.seen.length).toBe(0);
  });
});

describe('address rules', () => {
  test.each([
    'http://127.0.0.1:9/',
    'http://0x7f.1:9/',
    'http://[::1]:9/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/',
    'http://localhost:9/',
  ])('keep a service from %s', async (address) => {
    expect(await codeOf(egress({ rules: { denyPrivate: true }, retry: { retries: 0 } }).fetch(address))).toBe(
      'refused',
    );
  });

  test('distinguish public from other addresses', () => {
    for (const address of [
      '10.1.2.3',
      '172.31.0.1',
      '100.64.0.1',
      '0.0.0.0',
      '::',
      'fe80::1',
      'fd00::1',
      '::ffff:8.8.8.8',
      '64:ff9b::808:808',
      '2002:a00:1::',
      'ff02::1',
      'no address',
    ]) {
      expect(isPrivateAddress(address), address).toBe(true);
    }
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])
      expect(isPrivateAddress(address), address).toBe(false);
  });
});

describe('proxies', () => {
  test('carry connections unless NO_PROXY names the host', async () => {
    const target = await serve((_, response) => response.end('through'));
    const tunnels: string[] = [];
    const proxy = await serve((_, response) => response.end());
    proxy.server.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const port = Number(request.url?.split(':')[1]);
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    const host = target.origin.slice('http://'.length);
    expect(await (await egress({ env: { http_proxy: proxy.origin } }).fetch(target.origin)).text()).toBe('through');
    expect(tunnels).toEqual([host]);
    expect(
      await (await egress({ env: { http_proxy: proxy.origin, no_proxy: '127.0.0.1' } }).fetch(target.origin)).text(),
    ).toBe('through');
    expect(tunnels.length).toBe(1);
  });

  test('are read from the environment as by curl', () => {
    const settings = proxySettings({ HTTPS_PROXY: 'proxy:3128', NO_PROXY: 'localhost, .example.com,other.org:8443' });
    const through = (address: string) => proxyFor(new URL(address), settings)?.host;
    expect(through('https://huggingface.co/')).toBe('proxy:3128');
    expect(through('http://huggingface.co/')).toBeUndefined();
    expect(through('https://localhost/')).toBeUndefined();
    expect(through('https://a.example.com/')).toBeUndefined();
    expect(through('https://notexample.com/')).toBe('proxy:3128');
    expect(through('https://other.org:8443/')).toBeUndefined();
    expect(through('https://other.org/')).toBe('proxy:3128');
    expect(proxyFor(new URL('https://a/'), proxySettings({ HTTPS_PROXY: 'http://p', NO_PROXY: '*' }))).toBeUndefined();
    expect(() => proxySettings({ HTTPS_PROXY: 'socks5://host:1' })).toThrow(/HTTPS_PROXY/);
  });
});

describe('a network failure', () => {
  test('is retried after the time that the server requests', async () => {
    let left = 2;
    const server = await serve((_, response) => {
      if (left-- > 0) response.writeHead(left === 1 ? 503 : 429, { 'retry-after': '0' });
      response.end('fine');
    });
    expect((await egress().fetch(server.origin)).status).toBe(200);
    expect(server.seen.length).toBe(3);
  });

  test('is not retried when the server requests too long a wait, nor for a request with side effects', async () => {
    const server = await serve((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    expect((await egress().fetch(server.origin)).status).toBe(429);
    const failing = await serve((_, response) => response.writeHead(503).end());
    const methods = ['POST', 'PATCH', 'DELETE'];
    for (const method of methods) {
      expect((await egress().fetch(failing.origin, { method, body: 'x' })).status).toBe(503);
    }
    expect(server.seen.length).toBe(1);
    expect(failing.seen.map(({ method }) => method)).toEqual(methods);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
    const date = new Headers({ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' });
    expect(retryDelay(0, date, { retries: 1, firstDelayMs: 1, maxDelayMs: 10_000 })).toBe(5000);
    expect(
      retryDelay(0, new Headers({ ratelimit: '"api";r=0;t=7' }), { retries: 1, firstDelayMs: 1, maxDelayMs: 10_000 }),
    ).toBe(7000);
  });

  test('of a broken connection is retried and then reported', async () => {
    let left = 1;
    const server = await serve((request, response) => {
      if (left-- > 0) request.socket.destroy();
      else response.end('fine');
    });
    expect(await (await egress().fetch(server.origin)).text()).toBe('fine');
    left = 100;
    expect(await codeOf(egress({ retry: { retries: 2, firstDelayMs: 1 } }).fetch(`${server.origin}/?key=s3cret`))).toBe(
      'network',
    );
    expect(server.seen.length).toBe(5);
  });

  test('of every kind is one typed error', async () => {
    const silent = await serve(() => undefined);
    const patience = { retry: { retries: 0 }, idleTimeoutMs: 100 };
    expect(await codeOf(egress(patience).fetch(silent.origin))).toBe('network');
    expect(await codeOf(egress({ retry: { retries: 0 } }).fetch('http://127.0.0.1:1/'))).toBe('network');
    expect(await codeOf(egress({ retry: { retries: 0 } }).fetch('http://no-such-host.invalid/'))).toBe('network');
    expect(await codeOf(egress({ signal: AbortSignal.timeout(50) }).fetch(silent.origin))).toBe('network');
    const controller = new AbortController();
    const asked = await serve(() => controller.abort());
    expect(await codeOf(egress().fetch(asked.origin, { signal: controller.signal }))).toBe('aborted');
    expect(asked.seen.length).toBe(1);
  });
});

describe('bodies', () => {
  test('are limited in size and not compressed', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end('x'.repeat(1000));
    });
    expect((await (await egress().fetch(server.origin, { maxBytes: 1000 })).text()).length).toBe(1000);
    expect(
      await codeOf(
        egress()
          .fetch(server.origin, { maxBytes: 999 })
          .then((response) => response.text()),
      ),
    ).toBe('limit');
    expect(await codeOf(egress().fetch(`${server.origin}/gzip`))).toBe('network');
    expect(server.seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('that end too early are an error', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x', () => response.destroy());
    });
    expect(
      await codeOf(
        egress()
          .fetch(server.origin)
          .then((response) => response.text()),
      ),
    ).toBe('network');
  });
});

describe('a slow body', () => {
  test('is given up although it never stops', async () => {
    let drip = () => {};
    const { origin } = await serve((_, response) => {
      drip = () => void response.write('x');
      drip();
    });
    const response = await egress({ slowWindowMs: 300 }).fetch(origin);
    let now = 0;
    // Each byte takes a tenth of a second.
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 100));
    let bytes = 0;
    const readAll = async () => {
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length;
        drip();
      }
    };
    expect(await codeOf(readAll())).toBe('network');
    expect(bytes).toBe(3);
  });

  test('of a redirect does not delay the request', async () => {
    const left = barrier();
    const { origin } = await serve((request, response) => {
      if (request.url !== '/away') return void response.end('here');
      response.writeHead(302, { location: '/here' });
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => {
        clearInterval(timer);
        left.open();
      });
    });
    expect(await (await egress().fetch(`${origin}/away`)).text()).toBe('here');
    await left.opened;
  });

  test('is not detected when only its reader is slow', async () => {
    const { origin } = await serve((_, response) => response.end(Buffer.alloc(100)));
    const response = await egress({ slowWindowMs: 50 }).fetch(origin);
    // An hour passes in the reader, and none in the network.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000);
    try {
      expect((await response.arrayBuffer()).byteLength).toBe(100);
    } finally {
      clock.mockRestore();
    }
  });
});

test('a redirect to a local file is refused with the reason', async () => {
  const { origin } = await serve((_, response) => response.writeHead(302, { location: 'file:///etc/hosts' }).end());
  await expect(egress().fetch(origin)).rejects.toThrow('file: addresses are not allowed');
});

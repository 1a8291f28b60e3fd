import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { barrier, until } from '../../support/until.ts';
import { reviewOf } from '../decide/support.ts';
import { ask, reviewed, startWebhook } from './ground.ts';

const BODY = reviewOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'thing' } });
const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

type Webhook = Awaited<ReturnType<typeof startWebhook>>;

/** A connection that sends what it is given, and keeps what it receives. */
async function raw(
  webhook: Webhook,
  text: string | Uint8Array = '',
): Promise<{ socket: TLSSocket; said: () => string; ended: Promise<void> }> {
  const socket = connect({ port: webhook.port, host: '127.0.0.1', ca: webhook.authority.cert });
  let said = '';
  socket.on('data', (part) => {
    said += part.toString('utf8');
  });
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()));
  if (text.length > 0) socket.write(text);
  return { socket, said: () => said, ended };
}

/** The webhook's own timers follow the test; sockets do not. */
const holdTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const head = (length: number) =>
  `POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

describe('a slow client', () => {
  it.each([
    ['without a handshake', { handshakeMs: 200 }],
    ['without whole headers', { headersMs: 200, checkMs: 50 }],
  ] as const)('is disconnected: %s', async (what, rules) => {
    const webhook = await startWebhook({ rules });
    if (what === 'without a handshake') {
      const silent: Socket = connectPlain(webhook.port, '127.0.0.1');
      await new Promise<void>((resolve) => silent.on('close', () => resolve()).on('error', () => {}));
    } else {
      const slow = await raw(webhook, 'POST /validate HTTP/1.1\r\nhost: x\r\n');
      const drip = setInterval(() => slow.socket.write('a: b\r\n'), 20);
      // The client would send headers forever.
      await slow.ended;
      clearInterval(drip);
    }
    // Faster clients are served; on a busy machine, not at the first attempt.
    await until('others are answered', async () => {
      const answer = await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: BODY }).catch(
        () => undefined,
      );
      return answer !== undefined && reviewed(answer).allowed;
    });
  });

  it('with a slow body is refused, by its uid when that has arrived', async () => {
    const webhook = await startWebhook({ rules: { bodyMs: 10_000 } });
    holdTime();
    const slow = await raw(webhook, head(BODY.length));
    slow.socket.write(BODY.subarray(0, 200));
    await until('the start of the body has arrived', async () => (await metrics(webhook)).includes('body_bytes 200\n'));
    vi.advanceTimersByTime(9_999);
    expect(await metrics(webhook)).toContain('body_bytes 200\n');
    vi.advanceTimersByTime(1);
    await until('it is answered', () => slow.said().includes(UID));
    expect(slow.said()).toMatch(/^HTTP\/1\.1 200 /);
    expect(slow.said()).toContain('"allowed":false');
    expect(slow.said()).toContain('"code":408');
    // The server reads for as long again, so that the response is not lost.
    vi.advanceTimersByTime(10_000);
    await slow.ended;
  });

  it('that disconnects in the middle is counted and frees its memory', async () => {
    const webhook = await startWebhook();
    const one = await raw(webhook, head(BODY.length));
    one.socket.write(BODY.subarray(0, 200));
    await expect.poll(() => metrics(webhook)).toMatch(/body_bytes [1-9]/);
    one.socket.destroy();
    await expect.poll(() => metrics(webhook)).toContain('{reason="gone"} 1');
    expect(await metrics(webhook)).toMatch(/assay_admission_body_bytes 0\n/);
    expect(webhook.told).toEqual([]);
  });
});

describe('a client that does not send valid HTTP', () => {
  it.each([
    ['plain text without TLS', undefined],
    ['no request line', 'hello\r\n\r\n'],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['two lengths', 'POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
    [
      'a length and chunks',
      'POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('is disconnected: %s', async (_name, text) => {
    const webhook = await startWebhook();
    if (text === undefined) {
      const plain = connectPlain(webhook.port, '127.0.0.1');
      plain.on('error', () => {});
      plain.write('GET /validate HTTP/1.1\r\nhost: x\r\n\r\n');
      await new Promise<void>((resolve) => plain.on('close', () => resolve()));
    } else {
      const one = await raw(webhook, text);
      await one.ended;
      expect(one.said()).not.toContain('"allowed":true');
    }
    expect(reviewed(await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: BODY })).allowed).toBe(
      true,
    );
    await webhook.close();
  });

  it('cannot smuggle a second request behind another one', async () => {
    const webhook = await startWebhook();
    const one = await raw(
      webhook,
      `GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 60\r\n\r\nGET /metrics HTTP/1.1\r\nhost: x\r\n\r\n`,
    );
    await until('it is answered', () => one.said().includes('ok\n'));
    // The rest of the body, and another request after it: the connection ends with the first response.
    one.socket.write(`${'x'.repeat(60 - 34)}GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n`);
    await one.ended;
    expect(one.said().match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(one.said()).toContain('connection: close');
  });
});

describe('memory for bodies', () => {
  it('is bounded: a request that finds none waits and is then refused', async () => {
    const webhook = await startWebhook({ rules: { roomBytes: 100_000, waitMs: 1_000 } });
    holdTime();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const waiting = () => timers.mock.calls.filter(([, ms]) => ms === 1_000).length;
    // Holds most of the memory, and never ends.
    const holder = await raw(webhook, head(1_000_000));
    holder.socket.write(Buffer.alloc(90_000, 0x20));
    await until('it holds memory', async () => /body_bytes 9\d{4}\n/.test(await metrics(webhook)));
    holder.socket.write(Buffer.alloc(60_000, 0x20));
    await until('it waits', () => waiting() === 1);
    vi.advanceTimersByTime(500);
    const asked = ask(`${webhook.url}/validate`, {
      ca: webhook.authority.cert,
      body: `${BODY.toString('utf8')}${' '.repeat(50_000)}`,
    });
    await until('the other request waits, too', () => waiting() === 2);
    expect(holder.said()).toBe('');
    vi.advanceTimersByTime(500);
    // It waited until the other was refused.
    expect(reviewed(await asked)).toMatchObject({ uid: UID, allowed: true });
    await until('the other request is refused', () => holder.said().includes('"code":429'));
    await until('all memory is free', async () => /assay_admission_body_bytes 0\n/.test(await metrics(webhook)));
    const after = reviewed(await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: BODY }));
    expect(after).toMatchObject({ uid: UID, allowed: true });
    holder.socket.destroy();
  });

  it('stays below its limit for many concurrent large reviews', async () => {
    const webhook = await startWebhook({ rules: { roomBytes: 24 * 1024 * 1024, waitMs: 5_000 } });
    holdTime();
    const pad = { pad: 'x'.repeat(4 * 1024 * 1024) };
    const body = reviewOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'thing', annotations: pad } });
    let [answered, most] = [0, 0];
    const asking = Promise.all(
      Array.from({ length: 12 }, async () => {
        const answer = await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body });
        answered += 1;
        return answer;
      }),
    );
    await until('all are answered', async () => {
      const [, bytes = '0'] = /body_bytes (\d+)/.exec(await metrics(webhook)) ?? [];
      most = Math.max(most, Number(bytes));
      // All requests wait for memory, each for more than there is.
      if (Number(bytes) > 24 * 1024 * 1024) vi.advanceTimersByTime(5_000);
      return answered === 12;
    });
    const answers = await asking;
    for (const answer of answers) expect(reviewed(answer)).toMatchObject({ uid: UID });
    expect(answers.filter((answer) => reviewed(answer).allowed).length).toBeGreaterThanOrEqual(4);
    expect(most).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('connections', () => {
  it('are bounded in number', async () => {
    const webhook = await startWebhook({ rules: { maxConnections: 3 } });
    const [first, ...others] = [await raw(webhook), await raw(webhook), await raw(webhook)];
    // An idle one makes place for one that asks.
    const { status } = await ask(`${webhook.url}/healthz`, { method: 'GET', ca: webhook.authority.cert });
    expect(status).toBe(200);
    expect(others.length).toBe(2);
    await until('the oldest idle one has ended', () => Promise.resolve(first?.socket.destroyed === true));
  });

  it('stay open longer than an API server keeps them', async () => {
    const webhook = await startWebhook();
    const { headers } = await ask(`${webhook.url}/validate`, {
      ca: webhook.authority.cert,
      body: BODY,
      headers: { connection: 'keep-alive' },
    });
    expect(Number(/timeout=(\d+)/.exec(String(headers['keep-alive']))?.[1])).toBeGreaterThan(90);
  });

  it('use TLS 1.2 and 1.3, and nothing older', async () => {
    const webhook = await startWebhook();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = connect({
        port: webhook.port,
        host: '127.0.0.1',
        ca: webhook.authority.cert,
        minVersion: version,
        maxVersion: version,
      });
      await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()));
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    const old = connect({
      port: webhook.port,
      host: '127.0.0.1',
      ca: webhook.authority.cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => old.once('error', resolve));
    expect(error.code).toMatch(/PROTOCOL_VERSION|SSL/);
  });
});

describe('shutdown', () => {
  it('reports not ready, still answers, then finishes running requests and closes the rest', async () => {
    const drained = barrier();
    const waits: number[] = [];
    const drain = (ms: number) => {
      waits.push(ms);
      return drained.opened;
    };
    const webhook = await startWebhook({ drainSeconds: 4, drain });
    const ready = () => ask(`${webhook.url}/readyz`, { method: 'GET', ca: webhook.authority.cert });
    expect(await ready()).toMatchObject({ status: 200, text: 'ready\n' });
    const idle = await raw(webhook, 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await until('it is answered', () => idle.said().includes('ok\n'));
    const running = await raw(webhook, head(BODY.length));
    running.socket.write(BODY.subarray(0, 100));
    await until('it is read', async () => (await metrics(webhook)).includes('body_bytes 100\n'));
    const closing = webhook.close();
    expect(waits).toEqual([4_000]);
    expect(await ready()).toMatchObject({ status: 503, text: 'it is stopping\n', headers: { connection: 'close' } });
    const late = await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: BODY });
    expect(reviewed(late).allowed).toBe(true);
    expect(late.headers.connection).toBe('close');
    expect(idle.socket.closed).toBe(false);
    // The idle connection is closed at the end of the drain time.
    drained.open();
    await idle.ended;
    running.socket.write(BODY.subarray(100));
    await until('the running request is answered', () => running.said().includes('"allowed":true'));
    running.socket.end();
    await closing;
    await expect(ready()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

async function metrics(webhook: Webhook): Promise<string> {
  return (await fetch(`${webhook.serving.metricsUrl}/metrics`)).text();
}

import { writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AssayError } from '../../src/core/errors.ts';
import { RegistryError } from '../../src/registry/index.ts';
import { PUBLIC } from '../../src/service/http/access.ts';
import { listenForMetrics } from '../../src/service/metrics/metrics-listener.ts';
import { problemOf } from '../../src/service/problems/errors.ts';
import { ServiceError } from '../../src/service/problems/service-error.ts';
import { startService } from '../../src/service/service.ts';
import { type TestService, testService } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const folder = tempFolder();
let log = '';
let service: TestService;

beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log += chunk;
      done();
    },
  });
  service = await testService(folder, { config: { logLevel: 'info' }, log: stream });
});
afterAll(() => service.close());

describe('the health endpoint', () => {
  test('reports the service as live and ready', async () => {
    expect((await service.app.inject('/healthz')).json()).toEqual({ status: 'alive' });
    const ready = { status: 'ready', database: 'ready', queue: 'ready', snapshotAgeSeconds: null };
    expect((await service.app.inject('/readyz')).json()).toEqual(ready);
  });

  test('answers without counting the jobs', async () => {
    const counts = vi.spyOn(service.registry.jobs, 'counts');
    expect((await service.app.inject('/readyz')).statusCode).toBe(200);
    expect(counts).not.toHaveBeenCalled();
    counts.mockRestore();
  });

  test('reports the service as live but not ready without its database', async () => {
    const broken = await testService(`${folder}/broken`);
    await broken.registry.close();
    const answer = await broken.app.inject('/readyz');
    expect([answer.statusCode, answer.json().database]).toEqual([503, 'unavailable']);
    expect((await broken.app.inject('/healthz')).statusCode).toBe(200);
    await broken.app.close();
  });
});

describe('metrics', () => {
  test('count requests by route, never by URL, and report jobs and the queue', async () => {
    const headers = { authorization: `Bearer ${await service.token(['gate'])}` };
    await service.app.inject({ url: '/v1/tokens/made-up-name', method: 'DELETE', headers });
    await service.app.inject('/somewhere-nobody-is');
    const { body, headers: answered } = await service.app.inject({ url: '/metrics', headers });
    expect(answered['content-type']).toContain('text/plain; version=0.0.4');
    expect(body).toContain(
      'assay_http_request_duration_seconds_count{method="DELETE",route="/v1/tokens/:id",status="403"} 1',
    );
    expect(body).toContain('route="none",status="404"');
    expect(body).not.toMatch(/made-up-name|somewhere-nobody-is/);
    for (const kind of ['scan', 'convert', 'test'])
      expect(body).toContain(`assay_jobs{kind="${kind}",state="queued"} 0`);
    expect(body).toContain('assay_queue_depth{state="waiting"} 0');
    expect(body).toContain('process_resident_memory_bytes');
  });

  test('are served without a token on an address of their own, which serves nothing else', async () => {
    const place = { host: '127.0.0.1', port: 18_377 };
    const listener = await listenForMetrics(service.app.metrics, place);
    const url = `http://${place.host}:${place.port}`;
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('assay_jobs');
    for (const path of ['/', '/v1/tokens', '/metrics/x', '/metrics?x'])
      expect((await fetch(url + path)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
    await expect(listenForMetrics(service.app.metrics, place)).rejects.toMatchObject({ code: 'usage' });
    await listener.close();
  });
});

describe('the log', () => {
  test('is JSON with the caller and the request, and without any secret', async () => {
    const secret = await service.token(['admin']);
    const headers = {
      authorization: `Bearer ${secret}`,
      cookie: 'assay-session=very-secret',
      'x-request-id': 'from-a-proxy-1',
    };
    const answer = await service.app.inject({ url: '/v1/tokens?token=also-secret', headers });
    expect(answer.headers['x-request-id']).toBe('from-a-proxy-1');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await service.app.inject({ method: 'POST', url: '/signin', headers: form, payload: `token=${secret}` });
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.find(({ reqId }) => reqId === 'from-a-proxy-1')).toMatchObject({
      method: 'GET',
      path: '/v1/tokens',
      by: expect.stringMatching(/^token-/),
    });
    for (const word of [secret, 'very-secret', 'also-secret']) expect(log).not.toContain(word);
  });

  test('records clients that disconnected before the response', async () => {
    const url = new URL(await service.listen());
    const secret = await service.token(['gate']);
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${secret}`, 'x-request-id': 'went-away-1' };
    const stream = await fetch(new URL('/v1/snapshot/events', url), { headers, signal: stop.signal });
    expect(stream.status).toBe(200);
    stop.abort();
    await until('it is logged', () => log.includes('went-away-1'));
    const line = log.split('\n').find((one) => one.includes('went-away-1')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ path: '/v1/snapshot/events', status: 200, ip: '127.0.0.1', msg: 'cut' });
    const { body } = await service.app.inject({ url: '/metrics', headers: { authorization: headers.authorization } });
    expect(body).toContain('route="/v1/snapshot/events",status="cut"} 1');
  });

  test('replaces an invalid request id', async () => {
    for (const id of ['x', 'a b c d e f g h', '<script>alert(1)</script>', 'a'.repeat(100)]) {
      const answer = await service.app.inject({ url: '/healthz', headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('problem documents', () => {
  const at = (error: unknown) => problemOf(error, 'r1');

  test('state what users can correct, and no internals', () => {
    expect(at(new AssayError('network', 'no answer', { subject: '/etc/shadow', hint: 'try again' }))).toEqual({
      type: 'urn:assay:problem:network',
      title: 'Bad gateway',
      status: 502,
      detail: 'no answer; try again',
      code: 'network',
      instance: 'urn:assay:request:r1',
    });
    expect(at(new RegistryError('own-request', 'who asks does not vote'))).toMatchObject({
      status: 403,
      code: 'own-request',
    });
    expect(at(new ServiceError(416, 'no-such-range', 'x'))).toMatchObject({ status: 416, code: 'no-such-range' });
    for (const error of [
      new Error('ENOENT: /home/assay/.secret'),
      new AssayError('internal', '/home/assay/.secret'),
      new AssayError('sandbox', '/home/assay/.secret'),
      new RegistryError('unavailable', 'postgres://user:password@db'),
      new RegistryError('internal', '/home/assay/.secret'),
      '/home/assay/.secret',
      { statusCode: 500, message: '/home/assay/.secret' },
    ])
      expect(JSON.stringify(at(error))).not.toMatch(/home|password|stack/);
  });

  test('give no details of a failed database', async () => {
    const broken = await testService(`${folder}/failing`);
    const token = await broken.token(['admin']);
    await broken.registry.close();
    const answer = await broken.app.inject({ url: '/v1/tokens', headers: { authorization: `Bearer ${token}` } });
    expect(answer.statusCode).toBeGreaterThanOrEqual(500);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).not.toMatch(/sqlite|node_modules|assay-test|at /i);
    await broken.app.close();
  });
});

test('the service refuses to start with a data folder that it cannot use, and says so', async () => {
  const file = `${folder}/a-file`;
  writeFileSync(file, '');
  const started = startService({ ...service.config, dataFolder: file }, { tell: () => {} });
  await expect(started).rejects.toMatchObject({ code: 'usage', subject: file });
});

test('the server refuses to start with a route that has no access rule', async () => {
  const { createApp } = await import('../../src/service/app/app.ts');
  const { ROUTES } = await import('../../src/service/app/plugins.ts');
  const { config, registry, queue, events, uploads, conversions, tests, dataChecks, snapshots } = service.context;
  const routes = ROUTES as unknown as ((app: { get: (...all: unknown[]) => void }) => void)[];
  for (const options of [{}, { config: {} }, { config: { access: { kind: 'roles', roles: [] } } }]) {
    routes.push((app) => app.get('/v1/forgotten', options, async () => ({})));
    const started = createApp({ config, registry, queue, events, uploads, conversions, tests, dataChecks, snapshots });
    await expect(started).rejects.toThrow(/has no access rule|has an access rule that admits nobody/);
    routes.pop();
  }
  routes.push((app) => app.get('/v1/remembered', { config: { access: PUBLIC } }, async () => ({})));
  const app = await createApp({ config, registry, queue, events, uploads, conversions, tests, dataChecks, snapshots });
  expect((await app.inject('/v1/remembered')).statusCode).toBe(200);
  await app.close();
  routes.pop();
});

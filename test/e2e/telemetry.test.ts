import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { UNLIMITED } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const TRACING = new URL('../support/tracing.mjs', import.meta.url).href;
const folder = tempFolder();

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

/** The data that a collector receives: OTLP over HTTP, as JSON. */
const spans: Span[] = [];
const collector = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString());
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
    response.setHeader('content-type', 'application/json').end('{}');
  });
});
beforeAll(() => once(collector.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => new Promise((resolve) => collector.close(resolve)));

let running: ChildProcess | undefined;
afterEach(() => running?.kill('SIGKILL'));

async function serve(env: NodeJS.ProcessEnv): Promise<string> {
  const data = join(folder, String(Math.random()).slice(2));
  const child = spawn(process.execPath, [MAIN, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--workers', '0'], {
    env: { PATH: process.env.PATH, ...UNLIMITED, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running = child;
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  await until('it listens', () => {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${said}`);
    return said.includes('listens at ');
  });
  return /listens at (\S+)/.exec(said)?.[1] ?? '';
}

async function end(): Promise<void> {
  running?.kill('SIGTERM');
  if (running !== undefined && running.exitCode === null) await once(running, 'exit');
}

const attribute = ({ attributes }: Span, key: string) => {
  const value = attributes.find((one) => one.key === key)?.value ?? {};
  return Object.values(value)[0];
};

test('an OpenTelemetry SDK gets a span of each request, within the trace of the caller', async () => {
  const address = collector.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const endpoint = `http://127.0.0.1:${address.port}/v1/traces`;
  const url = await serve({ NODE_OPTIONS: `--import ${TRACING}`, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const token = `assay_${'s'.repeat(43)}`;
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, authorization: `Bearer ${token}` };
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/v1/models`, { headers })).status).toBe(401);
  const requestsSent = () => spans.filter((span) => attribute(span, 'http.route') === '/v1/models');
  // The SDK sends a span after the response: a process that ends meanwhile loses it.
  await expect.poll(() => requestsSent().map(({ traceId: of }) => of)).toContain(traceId);
  await end();
  const requests = requestsSent();
  expect(requests.map(({ traceId: of }) => of)).toContain(traceId);
  expect(requests.map((span) => attribute(span, 'http.response.status_code'))).toContain(401);
  expect(JSON.stringify(spans)).not.toMatch(new RegExp(`/healthz|${token}`));
});

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'vitest';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { readTrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import {
  loadRegistryRules,
  openRegistry,
  type Principal,
  type Registry,
  type Role,
} from '../../../src/registry/index.ts';
import { EQUAL_SHARES } from '../../../src/registry/job-shares.ts';
import { RULES as RULES_OF_SCANS } from '../../../src/scan/rules/catalogue.ts';
import { createApp } from '../../../src/service/app/app.ts';
import type { ServiceConfig } from '../../../src/service/config.ts';
import { openConversionStore } from '../../../src/service/conversions/files.ts';
import { openDataCheckStore } from '../../../src/service/data-checks/files.ts';
import { openEventFeed } from '../../../src/service/events/event-feed.ts';
import type { EventFeed } from '../../../src/service/events/events.ts';
import type { App } from '../../../src/service/fastify-app.ts';
import { startBatchEnds } from '../../../src/service/jobs/batch-ends.ts';
import { openQueue } from '../../../src/service/queue/index.ts';
import { openTestStore } from '../../../src/service/tests/files.ts';
import { openUploadStore } from '../../../src/service/uploads/files.ts';
import { startWebhookSender } from '../../../src/service/webhooks/sender.ts';
import { workOnScans } from '../../../src/service/worker/index.ts';

/** The backends of a service. */
export interface Ground {
  readonly database: string;
  readonly queue: string;
}

export interface TestService {
  readonly url: string;
  readonly registry: Registry;
  readonly app: App;
  readonly feed: EventFeed;
  /** The OpenAPI document. */
  readonly document: OpenApi;
  /** A client with a token of these roles. */
  as(name: string, roles: readonly Role[], tenant?: string): Promise<Client>;
  close(): Promise<void>;
}

export interface Client {
  readonly token: string;
  /** Checks that the response conforms to the OpenAPI document. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The same, without the check. */
  raw(path: string, init?: RequestInit & { readonly duplex?: 'half' }): Promise<Response>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON there is; its shape is checked against the document
  readonly body: any;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

const ISSUER = 'https://login.example';
const RULES = fileURLToPath(new URL('./rules.yaml', import.meta.url));

export const LIMITS: ServiceConfig['limits'] = {
  maxBodyBytes: 1024 * 1024,
  maxUploadBytes: 64 * 1024 * 1024,
  maxUploadFiles: 100,
  maxQueuedJobs: 10_000,
  maxScanMs: 600_000,
  maxReuseMs: 86_400_000,
  requestsPerMinute: 100_000,
  requestTimeoutMs: 60_000,
  // A busy machine must not look like an overloaded service.
  maxLoopDelayMs: 0,
};

/** Longer than any test: no delivery is given up, and no lease of a delivery ends. */
export const WEBHOOK_TIMEOUT_MS = 600_000;

const HAND_OUT: ServiceConfig['handOut'] = {
  stage: 'production',
  scanOnMiss: false,
  cacheBytes: 1024 * 1024 * 1024,
  prefetch: false,
  clientRequests: 64,
  clientBytesPerMinute: 64 * 1024 ** 3,
  mlflowStage: 'candidate',
  mlflowAlias: 'assay-allowed',
};

export type Overrides = Partial<Omit<ServiceConfig, 'database' | 'queue'>>;

/** The real service on loopback, with a worker that scans. */
export async function startTestService(ground: Ground, overrides: Overrides = {}): Promise<TestService> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'assay-service-'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const registry = await openRegistry({
    database: ground.database,
    rules: await loadRegistryRules(overrides.rules ?? RULES),
    approvalSigner: keySigner(privateKey),
    isRule: (id) => RULES_OF_SCANS.has(id),
    // Each client of a test is a person of its own.
    tokenIssuer: ISSUER,
    ...(overrides.trust == null ? {} : { trust: await readTrustFile(overrides.trust) }),
  });
  const config: ServiceConfig = {
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'http://127.0.0.1',
    dataFolder,
    oidc: null,
    tokenIssuer: ISSUER,
    allowPrivateAddresses: true,
    allowed: { hub: [], mlflow: [], s3: [], oci: [], webhooks: [] },
    // Nothing listens there: no test sends a request to the public Hub.
    hubEndpoint: 'http://127.0.0.1:9',
    limits: LIMITS,
    shares: EQUAL_SHARES,
    approvalKey: null,
    approvalPassphrase: null,
    conversionKey: null,
    suites: null,
    prices: null,
    datasets: null,
    trust: null,
    handOut: HAND_OUT,
    rules: RULES,
    trustedProxies: [],
    sessionSecret: null,
    metrics: null,
    workers: 1,
    logLevel: 'silent',
    ...ground,
    ...overrides,
  };
  const queue = await openQueue(config, registry, (message) => process.stderr.write(`${message}\n`));
  const events = openEventFeed(registry, { pollMs: 50 });
  const uploads = await openUploadStore(join(dataFolder, 'uploads'), config.limits);
  const snapshots = { newest: async () => undefined, close: async () => {} };
  const conversions = await openConversionStore(join(dataFolder, 'conversions'), config.limits);
  const tests = await openTestStore(join(dataFolder, 'tests'), config.limits);
  const dataChecks = await openDataCheckStore(join(dataFolder, 'data-checks'), config.limits);
  const context = { config, registry, queue, events, uploads, conversions, tests, dataChecks, snapshots };
  const app = await createApp(context);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const stop = new AbortController();
  const tell = (message: string) => void process.stderr.write(`${message}\n`);
  const working =
    config.workers === 0
      ? Promise.resolve()
      : workOnScans(context, { concurrency: 2, signal: stop.signal, tell, graceMs: 500 });
  const sender = startWebhookSender(registry.webhooks, {
    allowPrivateAddresses: true,
    timeoutMs: WEBHOOK_TIMEOUT_MS,
    onError: (error) => tell(String(error)),
  });
  const ends = startBatchEnds(registry, tell);
  const document = app.swagger() as unknown as OpenApi;
  const check = responseCheck(document);
  return {
    url,
    registry,
    app,
    feed: events,
    document,
    async as(name, roles, tenant = 'acme') {
      const root: Principal = { tenant, subject: 'root', issuer: null, roles: ['admin'], via: 'local' };
      const { secret } = await registry.createToken(root, { name, roles, ownedBy: name });
      return client(url, secret, check);
    },
    async close() {
      stop.abort();
      await working;
      await sender.close();
      await ends.close();
      await app.close();
      await events.close();
      await queue.close();
      await registry.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

function client(url: string, token: string, check: ResponseCheck): Client {
  const authorization = `Bearer ${token}`;
  const raw: Client['raw'] = (path, init = {}) =>
    fetch(`${url}${path}`, { redirect: 'manual', ...init, headers: { authorization, ...init.headers } });
  return {
    token,
    raw,
    async call(method, path, body, headers = {}) {
      const response = await raw(path, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
      const answer = { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
      check(method, path, answer);
      return answer;
    },
  };
}

type ResponseCheck = (method: string, path: string, answer: Answer) => void;

/** Compares responses with the OpenAPI document that the service publishes. */
function responseCheck(document: OpenApi): ResponseCheck {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'document', components: document.components });
  const templates = Object.entries(document.paths).map(([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll(/[.+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
    operations,
  }));
  return (method, path, { status, headers, body }) => {
    const [plain = ''] = path.split('?');
    const operation = templates.find(
      ({ pattern, operations }) => pattern.test(plain) && method.toLowerCase() in operations,
    )?.operations[method.toLowerCase()];
    if (operation === undefined) return;
    const response = operation.responses[String(status)] ?? operation.responses.default;
    const type = (headers.get('content-type') ?? '').split(';')[0] ?? '';
    const schema = response?.content?.[type]?.schema;
    if (status >= 200 && status < 300)
      expect(operation.responses, `${method} ${path}: ${status}`).toHaveProperty(String(status));
    if (schema === undefined || typeof body === 'string') return;
    const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'));
    const valid = ajv.validate(resolved, body);
    expect(valid, `${method} ${path}: ${ajv.errorsText()}: ${JSON.stringify(body).slice(0, 500)}`).toBe(true);
  };
}

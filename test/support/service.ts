import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadRegistryRules, openRegistry, type Principal, type Registry, type Role } from '../../src/registry/index.ts';
import { type AppOptions, createApp } from '../../src/service/app/app.ts';
import type { ServiceConfig } from '../../src/service/config.ts';
import { readConfig } from '../../src/service/config-read.ts';
import type { ServiceContext } from '../../src/service/context.ts';
import { openConversionStore } from '../../src/service/conversions/files.ts';
import { openDataCheckStore } from '../../src/service/data-checks/files.ts';
import { openEventFeed } from '../../src/service/events/event-feed.ts';
import type { App } from '../../src/service/fastify-app.ts';
import { openQueue } from '../../src/service/queue/index.ts';
import type { PublishedSnapshot } from '../../src/service/snapshot/store.ts';
import { openTestStore } from '../../src/service/tests/files.ts';
import { openUploadStore } from '../../src/service/uploads/files.ts';

/** A local service with its registry in a folder of the test, without a worker. */
export interface TestService {
  readonly app: App;
  readonly config: ServiceConfig;
  readonly registry: Registry;
  readonly context: ServiceContext;
  /** A token of the registry. */
  token(roles: readonly Role[], tenant?: string): Promise<string>;
  /** Listens on loopback. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export interface TestServiceOptions extends AppOptions {
  readonly config?: Partial<ServiceConfig>;
  readonly snapshots?: ReadonlyMap<string, PublishedSnapshot>;
}

/** A busy machine must not look like an overloaded service. */
export const UNLIMITED = { ASSAY_REQUESTS_PER_MINUTE: '1000000', ASSAY_MAX_LOOP_DELAY_MS: '0' } as const;

/** Each token of a test belongs to a person of its own: else all that one administrator makes are one person's. */
export const TOKEN_OWNERS = { ASSAY_TOKEN_OWNERS: 'https://login.example' } as const;

export function testConfig(folder: string, changes: Partial<ServiceConfig> = {}): Promise<ServiceConfig> {
  const env = { ASSAY_DATA: folder, ASSAY_LOG_LEVEL: 'silent', ...UNLIMITED };
  return readConfig({ listen: '127.0.0.1:0' }, env).then((config) => ({ ...config, ...changes }));
}

export async function testService(folder: string, options: TestServiceOptions = {}): Promise<TestService> {
  mkdirSync(folder, { recursive: true });
  const config = await testConfig(folder, options.config);
  const registry = await openRegistry({ database: config.database, rules: await loadRegistryRules(config.rules) });
  const context: ServiceContext = {
    config,
    registry,
    queue: await openQueue(config, registry, () => {}),
    events: openEventFeed(registry),
    uploads: await openUploadStore(join(folder, 'uploads'), config.limits),
    conversions: await openConversionStore(join(folder, 'conversions'), config.limits),
    tests: await openTestStore(join(folder, 'tests'), config.limits),
    dataChecks: await openDataCheckStore(join(folder, 'data-checks'), config.limits),
    snapshots: { newest: async (tenant) => options.snapshots?.get(tenant), close: async () => {} },
  };
  const app = await createApp(context, options);
  let tokens = 0;
  return {
    app,
    config,
    registry,
    context,
    async token(roles, tenant = 'default') {
      const by: Principal = { ...OPERATOR, tenant };
      tokens += 1;
      return (await registry.createToken(by, { name: `token-${tokens}-${roles.join('-')}`, roles })).secret;
    },
    async listen() {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
    async close() {
      await app.close();
      await context.queue.close();
      await context.events.close();
      await registry.close();
    },
  };
}

export const OPERATOR: Principal = {
  tenant: 'default',
  subject: 'operator',
  issuer: null,
  roles: ['admin'],
  via: 'local',
};

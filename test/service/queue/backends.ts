import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import {
  EQUAL_SHARES,
  loadRegistryRules,
  openRegistry,
  type Principal,
  type Registry,
  type TenantShares,
} from '../../../src/registry/index.ts';
import { openQueue, type Queue } from '../../../src/service/queue/index.ts';
import { requirePart } from '../../support/parts.ts';
import { HOW, hasPostgres, PostgresDatabases } from '../../support/postgres.ts';
import { hasRedis, REDIS_HOW, RedisDatabases } from '../../support/redis.ts';
import { started } from '../../support/started.ts';

export { started };

export const submitter: Principal = {
  tenant: 'acme',
  subject: 'sam',
  issuer: null,
  roles: ['submitter', 'viewer'],
  via: 'local',
};

/** A new database and a new queue, which several processes can open. */
export interface Backend {
  readonly database: string;
  readonly queue: string;
}

export interface OpenBackend {
  readonly registry: Registry;
  readonly queue: Queue;
  readonly told: string[];
  close(): Promise<void>;
}

export async function openBackend(
  { database, queue: address }: Backend,
  shares: TenantShares = EQUAL_SHARES,
): Promise<OpenBackend> {
  const registry = await openRegistry({ database, shares, rules: await loadRegistryRules(null) });
  const told: string[] = [];
  const queue = await openQueue({ queue: address }, registry, (message) => told.push(message));
  return {
    registry,
    queue,
    told,
    async close() {
      await queue.close();
      await registry.close();
    },
  };
}

/** Registers a suite for every available pair of database and queue. */
export function describeOnQueues(name: string, suite: (fresh: () => Promise<Backend>) => void): void {
  describe(`${name} (SQLite, embedded)`, () => {
    const fresh = sqliteFiles();
    suite(async () => ({ database: fresh(), queue: 'embedded' }));
  });
  requirePart('PostgreSQL server', hasPostgres, HOW, `${name} (PostgreSQL, embedded)`, () => {
    const postgres = started(() => PostgresDatabases.shared());
    suite(async () => ({ database: await postgres().freshDatabase(), queue: 'embedded' }));
  });
  requirePart('Redis server', hasRedis, REDIS_HOW, `${name} (SQLite, BullMQ)`, () => {
    const fresh = sqliteFiles();
    const redis = started(() => RedisDatabases.shared());
    suite(async () => ({ database: fresh(), queue: await redis().freshDatabase() }));
  });
}

export function sqliteFiles(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-queue-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return () => `sqlite:${join(folder, `${count++}.db`)}`;
}

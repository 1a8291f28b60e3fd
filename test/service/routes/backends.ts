import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { requirePart } from '../../support/parts.ts';
import { hasPostgres, HOW as POSTGRES_HOW, PostgresDatabases } from '../../support/postgres.ts';
import { hasRedis, RedisDatabases } from '../../support/redis.ts';
import { started } from '../../support/started.ts';
import { type Ground, type Overrides, startTestService, type TestService } from './harness.ts';

/** Runs the suite on each backend, which is available once its tests run. */
export function onEveryGround(
  name: string,
  suite: (service: () => TestService) => void,
  overrides: Overrides = {},
): void {
  onOneGround(name, suite, overrides);
  const both = hasPostgres && hasRedis;
  requirePart('servers', both, `${POSTGRES_HOW} redis-server`, `${name} (PostgreSQL, BullMQ)`, () => {
    const postgres = started(() => PostgresDatabases.shared());
    const redis = started(() => RedisDatabases.shared());
    withService(
      async () => ({ database: await postgres().freshDatabase(), queue: await redis().freshDatabase() }),
      suite,
      overrides,
    );
  });
}

/** The same on the backends of a laptop alone, for what does not depend on them. */
export function onOneGround(
  name: string,
  suite: (service: () => TestService) => void,
  overrides: Overrides = {},
): void {
  describe(`${name} (SQLite, embedded queue)`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-ground-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    withService(
      async () => ({ database: `sqlite:${join(folder, 'registry.db')}`, queue: 'embedded' }),
      suite,
      overrides,
    );
  });
}

function withService(
  ground: () => Promise<Ground>,
  suite: (service: () => TestService) => void,
  overrides: Overrides,
): void {
  let running: TestService | undefined;
  beforeAll(async () => {
    running = await startTestService(await ground(), overrides);
  });
  afterAll(async () => running?.close());
  suite(() => {
    if (running === undefined) throw new Error('the service did not start');
    return running;
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { requirePart } from '../../support/parts.ts';
import { hasPostgres, HOW as POSTGRES, PostgresServer } from '../../support/postgres.ts';
import { type Ground, startTestService, type TestService } from './harness.ts';

/** Runs the suite on each kind of ground: what it is given is there once its tests run. */
export function onEveryGround(name: string, suite: (service: () => TestService) => void): void {
  describe(`${name} (SQLite, embedded queue)`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-ground-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    withService(async () => ({ database: `sqlite:${join(folder, 'registry.db')}`, queue: 'embedded' }), suite);
  });

  requirePart('PostgreSQL server', hasPostgres, POSTGRES, `${name} (PostgreSQL, embedded queue)`, () => {
    let server: PostgresServer | undefined;
    afterAll(() => server?.stop());
    withService(async () => {
      server = await PostgresServer.start();
      return { database: await server.freshDatabase(), queue: 'embedded' };
    }, suite);
  });
}

function withService(ground: () => Promise<Ground>, suite: (service: () => TestService) => void): void {
  let running: TestService | undefined;
  beforeAll(async () => {
    running = await startTestService(await ground());
  });
  afterAll(async () => running?.close());
  suite(() => {
    if (running === undefined) throw new Error('the service did not start');
    return running;
  });
}

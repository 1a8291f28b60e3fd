import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { HOW, hasPostgres, PostgresServer } from '../support/postgres.ts';

/** Gives the address of a database that nobody has used. */
export type FreshDatabase = () => Promise<string>;

/** Registers a suite twice: on files of SQLite, and on a real PostgreSQL. */
export function describeOnBoth(
  name: string,
  suite: (fresh: FreshDatabase, dialect: 'sqlite' | 'postgres') => void,
): void {
  describe(`${name} (SQLite)`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-registry-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    let count = 0;
    suite(async () => {
      count++;
      return `sqlite:${join(folder, `${count}.db`)}`;
    }, 'sqlite');
  });
  describeOnPostgres(`${name} (PostgreSQL)`, (fresh) => suite(fresh, 'postgres'));
}

export function describeOnPostgres(
  name: string,
  suite: (fresh: FreshDatabase, server: () => PostgresServer) => void,
): void {
  requirePart('PostgreSQL server', hasPostgres, HOW, name, () => {
    let server: PostgresServer | undefined;
    const running = () => {
      if (server === undefined) throw new Error('the server was not started');
      return server;
    };
    beforeAll(async () => {
      server = await PostgresServer.start();
    });
    afterAll(() => server?.stop());
    suite(() => running().freshDatabase(), running);
  });
}

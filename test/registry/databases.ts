import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { HOW, hasPostgres, PostgresDatabases, PostgresServer } from '../support/postgres.ts';
import { started } from '../support/started.ts';

/** Gives the address of a new database. */
export type FreshDatabase = () => Promise<string>;

/** Registers a suite twice: with SQLite files, and with a real PostgreSQL server. */
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

export function describeOnPostgres(name: string, suite: (fresh: FreshDatabase) => void): void {
  requirePart('PostgreSQL server', hasPostgres, HOW, name, () => {
    const databases = started(() => PostgresDatabases.shared());
    suite(() => databases().freshDatabase());
  });
}

/** The same with a server that the suite can stop. */
export function describeOnOwnPostgres(
  name: string,
  suite: (fresh: FreshDatabase, server: () => PostgresServer) => void,
): void {
  requirePart('PostgreSQL server', hasPostgres, HOW, name, () => {
    const server = started(() => PostgresServer.start());
    suite(() => server().freshDatabase(), server);
  });
}

import type { Kysely, Transaction } from 'kysely';
import { RegistryError } from '../registry-error.ts';
import type { Dialect } from './dialect.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

/** An open database. Everything else is written once, for both kinds. */
export interface Database {
  readonly dialect: Dialect;
  /** What changes something goes through `change`, which takes a transaction of this. */
  readonly write: Kysely<Tables>;
  /**
   * For what workers write, which they do again when it is lost: no commit waits for the disk. When the machine loses its
   * power, the last of them are gone, in order; what `write` committed, and all before it, is not.
   */
  readonly work: Kysely<Tables>;
  /** A transaction of `work`. It may be made a second time: when another that came at the same moment failed. */
  change<T>(work: (db: Transaction<Tables>) => Promise<T>): Promise<T>;
  /** Sees what was committed, and never waits for a writer. */
  readonly read: Kysely<Tables>;
  close(): Promise<void>;
}

export type Reader = Kysely<Tables> | Transaction<Tables>;

/**
 * Opens a database, and brings its schema to what this program knows.
 * @param url `sqlite:<path>` or `postgres://user@host/name`
 * @throws RegistryError `invalid`, `unavailable`, `newer-schema`
 */
export async function openDatabase(url: string): Promise<Database> {
  const database = await connect(url);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Opens it as it is. */
export async function connect(url: string): Promise<Database> {
  const [, scheme, rest = ''] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  if (scheme === 'sqlite' && rest !== '') {
    const { connectSqlite } = await import('./sqlite.ts');
    return connectSqlite(rest);
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { connectPostgres } = await import('./postgres.ts');
    return connectPostgres(url);
  }
  throw new RegistryError('invalid', 'this is no database', {
    mend: 'give sqlite:<path of a file> or postgres://user:password@host/name',
  });
}

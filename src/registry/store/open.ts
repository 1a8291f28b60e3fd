import { RegistryError } from '../registry-error.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';

/**
 * Opens a database, and brings its schema to what this program knows.
 * @param url `sqlite:<path>` or `postgres://user@host/name`
 * @throws RegistryError `invalid`, `unavailable`, `newer-schema`
 */
export async function openDatabase(url: string): Promise<Database> {
  const database = await connectDatabase(url);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Opens it as it is. */
export async function connectDatabase(url: string): Promise<Database> {
  const [, scheme, rest = ''] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  if (scheme === 'sqlite' && rest !== '') {
    const { connectSqlite } = await import('./sqlite.ts');
    return connectSqlite(rest);
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { connectPostgres } = await import('./postgres.ts');
    return connectPostgres(url);
  }
  throw new RegistryError('invalid', 'this is not a database', {
    hint: 'give sqlite:<path of a file> or postgres://user:password@host/name',
  });
}

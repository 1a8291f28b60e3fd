import { Kysely, PostgresDialect } from 'kysely';
import type { PoolConfig } from 'pg';
import { RegistryError } from '../registry-error.ts';
import type { Database } from './database.ts';
import type { Tables } from './tables.ts';

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT = 10_000;
/** Longer than any statement takes, in milliseconds: a lock that is never released must not block all requests. */
const STATEMENT_TIMEOUT = 60_000;
/** 64-bit integers: counts and milliseconds, all of which a number holds. */
const INT8 = 20;

/** A PostgreSQL server, through a pool of connections. */
export async function connectPostgres(url: string): Promise<Database> {
  if (!URL.canParse(url)) {
    throw new RegistryError('invalid', 'the address of the database cannot be read', {
      hint: 'write postgres://user:password@host:5432/name',
    });
  }
  const { default: pg } = await import('pg');
  const config: PoolConfig = {
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    statement_timeout: STATEMENT_TIMEOUT,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT,
    application_name: 'assay',
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === INT8 ? Number : pg.types.getTypeParser(id, format),
    } as NonNullable<PoolConfig['types']>,
  };
  const pool = new pg.Pool(config);
  // A connection that breaks while nobody uses it leaves the pool; who needs one gets a new one, or the error.
  pool.on('error', () => {});
  // One that breaks in use fails its query; without a listener its own event would end the program.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    dialect: 'postgres',
    write: db,
    work: db,
    read: db,
    change: (work) => db.transaction().execute(work),
    async close() {
      await db.destroy();
      // Kysely ends only what it has used.
      if (!pool.ended) await pool.end();
    },
  };
}

import { type Kysely, sql } from 'kysely';
import { RegistryError } from '../registry-error.ts';
import type { Database } from './database.ts';
import { failureOf } from './failure.ts';
import {
  audit,
  batches,
  conversions,
  costs,
  dataCheckJobs,
  images,
  jobs,
  type Migration,
  modelTests,
  people,
  records,
  shares,
  signedWaivers,
  signingRequests,
  stages,
  suites,
  waitingJobs,
  webhooks,
} from './migrations/index.ts';

export const MIGRATIONS: readonly Migration[] = [
  records,
  stages,
  audit,
  jobs,
  webhooks,
  waitingJobs,
  signedWaivers,
  batches,
  conversions,
  modelTests,
  suites,
  people,
  images,
  signingRequests,
  costs,
  shares,
  dataCheckJobs,
];

/** Any number that nothing else locks. */
const LOCK = 0x41535359;

/**
 * Brings the schema to the newest step, in one transaction; two programs that start at once take turns.
 * @throws RegistryError `newer-schema` when the database is ahead of this program.
 */
export async function migrate(database: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const newest = migrations.at(-1)?.version ?? 0;
  try {
    const db = database.write as Kysely<unknown>;
    // A read-only user needs no more than this.
    if ((await knownVersion(db)) === newest) return;
    await db.transaction().execute(async (trx) => {
      if (database.dialect === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx);
      const current = await schemaVersion(trx);
      if (current > newest) throw tooNew(current, newest);
      for (const { version, name, up } of migrations.filter((step) => step.version > current)) {
        await up(trx, database.dialect);
        const at = new Date().toISOString();
        await sql`insert into assay_schema (version, name, at) values (${version}, ${name}, ${at})`.execute(trx);
      }
    });
  } catch (error) {
    throw failureOf(error);
  }
}

/** Without making anything; 0 for a database that has no schema yet. */
async function knownVersion(db: Kysely<unknown>): Promise<number> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: false });
  return tables.some(({ name }) => name === 'assay_schema') ? newestStep(db) : 0;
}

async function newestStep(db: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ version: number | null }>`select max(version) as version from assay_schema`.execute(db);
  return rows[0]?.version ?? 0;
}

async function schemaVersion(db: Kysely<unknown>): Promise<number> {
  await db.schema
    .createTable('assay_schema')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .execute();
  return newestStep(db);
}

function tooNew(current: number, newest: number): RegistryError {
  return new RegistryError(
    'newer-schema',
    `the database has the schema ${current}, but this version of assay supports at most ${newest}`,
    { hint: 'use the version of assay that wrote it, or a newer one' },
  );
}

import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** The audit log, whose rows the database itself keeps as they are. */
export const audit: Migration = {
  version: 3,
  name: 'audit',
  async up(db, dialect) {
    await db.schema
      .createTable('audit')
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('detail', 'text', (c) => c.notNull())
      .addColumn('previous', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('audit_key', ['tenant', 'seq'])
      .execute();
    await db.schema.createIndex('audit_subject').on('audit').columns(['tenant', 'subject', 'seq']).execute();
    await (dialect === 'sqlite' ? guardSqlite(db) : guardPostgres(db));
  },
};

async function guardSqlite(db: Kysely<unknown>): Promise<void> {
  for (const event of ['update', 'delete']) {
    await sql`
      create trigger ${sql.ref(`audit_no_${event}`)} before ${sql.raw(event)} on audit
      begin select raise(abort, 'the audit log is never changed'); end`.execute(db);
  }
}

async function guardPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function audit_is_final() returns trigger language plpgsql as
    $$ begin raise exception 'the audit log is never changed'; end $$`.execute(db);
  await sql`
    create trigger audit_no_change before update or delete on audit
    for each row execute function audit_is_final()`.execute(db);
  await sql`
    create trigger audit_no_truncate before truncate on audit
    for each statement execute function audit_is_final()`.execute(db);
}

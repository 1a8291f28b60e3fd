import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Whose turn it is among the tenants that wait, and the answers that are given again to a request that is sent again. */
export const shares: Migration = {
  version: 16,
  name: 'shares',
  async up({ schema }) {
    await schema
      .createTable('tenant_shares')
      .addColumn('tenant', 'text', (c) => c.primaryKey().references('tenants.name'))
      .addColumn('started', 'double precision', (c) => c.notNull())
      .addColumn('due', 'double precision', (c) => c.notNull())
      .execute();
    // The next job of a tenant, where the one before only counted them.
    await schema.dropIndex('jobs_waiting').execute();
    await schema
      .createIndex('jobs_waiting')
      .on('jobs')
      .columns(['tenant', 'priority desc', 'seq'])
      .where(sql.ref('state'), '=', 'queued')
      .execute();
    await schema
      .createIndex('jobs_running')
      .on('jobs')
      .columns(['tenant', 'lease_until_ms'])
      .where(sql.ref('state'), '=', 'running')
      .execute();
    await schema
      .createTable('kept_answers')
      .addColumn('holder', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('request', 'text', (c) => c.notNull())
      .addColumn('claim', 'text', (c) => c.notNull())
      .addColumn('until_ms', 'bigint', (c) => c.notNull())
      .addColumn('status', 'integer')
      .addColumn('headers', 'text')
      .addColumn('body', 'text')
      .addPrimaryKeyConstraint('kept_answers_key', ['holder', 'key'])
      .execute();
    await schema.createIndex('kept_answers_until').on('kept_answers').column('until_ms').execute();
  },
};

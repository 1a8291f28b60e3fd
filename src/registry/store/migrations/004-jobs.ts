import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Scans that were asked for. */
export const jobs: Migration = {
  version: 4,
  name: 'jobs',
  async up({ schema }, dialect) {
    await schema
      .createTable('jobs')
      .addColumn('seq', dialect === 'sqlite' ? 'integer' : 'bigserial', (c) =>
        dialect === 'sqlite' ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('target', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('ruleset', 'text', (c) => c.notNull())
      .addColumn('lineage', 'text')
      .addColumn('priority', 'integer', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('progress', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('started_at', 'text')
      .addColumn('ended_at', 'text')
      .addColumn('not_before_ms', 'bigint', (c) => c.notNull())
      .addColumn('worker', 'text')
      .addColumn('lease', 'text')
      .addColumn('lease_until_ms', 'bigint')
      .addColumn('version', 'text')
      .addColumn('error_code', 'text')
      .addColumn('error_message', 'text')
      .execute();
    await schema.createIndex('jobs_next').on('jobs').columns(['state', 'priority desc', 'seq']).execute();
    await schema.createIndex('jobs_tenant').on('jobs').columns(['tenant', 'seq']).execute();
    await schema
      .createIndex('jobs_live')
      .unique()
      .on('jobs')
      .columns(['tenant', 'target', 'model', 'ruleset'])
      .where(sql.ref('state'), 'in', ['queued', 'running'])
      .execute();
  },
};

import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Jobs that were asked for together. */
export const batches: Migration = {
  version: 8,
  name: 'batches',
  async up({ schema }) {
    await schema
      .createTable('batches')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('ended_at', 'text')
      .execute();
    await schema
      .createIndex('batches_open')
      .on('batches')
      .column('id')
      .where(sql.ref('ended_at'), 'is', null)
      .execute();
    await schema
      .createTable('batch_jobs')
      .addColumn('batch', 'text', (c) => c.notNull().references('batches.id'))
      .addColumn('job', 'text', (c) => c.notNull().references('jobs.id'))
      .addPrimaryKeyConstraint('batch_jobs_key', ['batch', 'job'])
      .execute();
  },
};

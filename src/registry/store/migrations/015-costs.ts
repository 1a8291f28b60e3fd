import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What each attempt of a job cost. It stays when the job goes. */
export const costs: Migration = {
  version: 15,
  name: 'costs',
  async up({ schema }) {
    await schema
      .createTable('costs')
      .addColumn('attempt', 'text', (c) => c.primaryKey())
      .addColumn('job', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('wall_ms', 'bigint', (c) => c.notNull())
      .addColumn('cpu_ms', 'bigint')
      .addColumn('peak_bytes', 'bigint')
      .addColumn('fetched_bytes', 'bigint')
      .addColumn('stored_bytes', 'bigint')
      .addColumn('gpu_ms', 'bigint')
      .addColumn('reused', 'integer', (c) => c.notNull())
      .addColumn('ended', 'integer', (c) => c.notNull())
      .execute();
    // By what files a scan was of: a result is taken again for the same bytes.
    await schema.alterTable('assessments').addColumn('shape', 'text').execute();
    await schema
      .createIndex('assessments_shape')
      .on('assessments')
      .column('shape')
      .where(sql.ref('shape'), 'is not', null)
      .execute();
    await schema.createIndex('costs_tenant').on('costs').columns(['tenant', 'at']).execute();
    await schema.createIndex('costs_at').on('costs').column('at').execute();
    await schema.createIndex('costs_job').on('costs').column('job').execute();
  },
};

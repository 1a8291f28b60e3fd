import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Jobs that check training data, what is attested of them, and the profiles of approved data. */
export const dataCheckJobs: Migration = {
  version: 17,
  name: 'data-checks',
  async up({ schema }) {
    await schema
      .alterTable('jobs')
      .addColumn('data', 'text', (c) => c.notNull().defaultTo(''))
      .execute();
    await schema.dropIndex('jobs_live').execute();
    await schema
      .createIndex('jobs_live')
      .unique()
      .on('jobs')
      .columns(['tenant', 'target', 'model', 'ruleset', 'conversion', 'test', 'data'])
      .where(sql.ref('state'), 'in', ['queued', 'running'])
      .execute();
    await schema
      .createTable('data_runs')
      .addColumn('job', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('statement', 'text', (c) => c.notNull())
      .addColumn('attestation', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
    await schema
      .createTable('data_baselines')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('job', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('profile', 'text', (c) => c.notNull())
      .addColumn('statement', 'text', (c) => c.notNull())
      .addColumn('attestation', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('data_baselines_version').on('data_baselines').columns(['version', 'seq']).execute();
  },
};

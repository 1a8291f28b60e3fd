import type { Migration } from './migration.ts';

/** Suites that are asked of models, the runs that answer them, and the suite that a decision and an approval are about. */
export const suites: Migration = {
  version: 11,
  name: 'suites',
  async up({ schema }) {
    for (const table of ['decisions', 'approvals']) {
      await schema
        .alterTable(table)
        .addColumn('suite', 'text', (c) => c.notNull().defaultTo(''))
        .execute();
    }
    await schema
      .createTable('asked_suites')
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('suite', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('asked_suites_key', ['tenant', 'model'])
      .execute();
    await schema
      .createTable('test_runs')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('statement', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('signer', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('attestation', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('revoked_at', 'text')
      .addColumn('why', 'text', (c) => c.notNull())
      .addUniqueConstraint('test_runs_statement', ['version', 'statement'])
      .execute();
    await schema.createIndex('test_runs_version').on('test_runs').columns(['version', 'seq']).execute();
  },
};

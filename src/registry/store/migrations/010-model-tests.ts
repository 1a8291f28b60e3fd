import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Jobs that test: which suite, and what its tests said. */
export const modelTests: Migration = {
  version: 10,
  name: 'model tests',
  async up({ schema }) {
    await schema
      .alterTable('jobs')
      .addColumn('test', 'text', (c) => c.notNull().defaultTo(''))
      .execute();
    await schema.alterTable('jobs').addColumn('outcome', 'text').execute();
    await schema.dropIndex('jobs_live').execute();
    await schema
      .createIndex('jobs_live')
      .unique()
      .on('jobs')
      .columns(['tenant', 'target', 'model', 'ruleset', 'conversion', 'test'])
      .where(sql.ref('state'), 'in', ['queued', 'running'])
      .execute();
  },
};

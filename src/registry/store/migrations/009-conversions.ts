import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Jobs that convert: what is asked for is a part of what makes two jobs the same. */
export const conversions: Migration = {
  version: 9,
  name: 'conversions',
  async up({ schema }) {
    await schema
      .alterTable('jobs')
      .addColumn('conversion', 'text', (c) => c.notNull().defaultTo(''))
      .execute();
    await schema.alterTable('jobs').addColumn('output', 'text').execute();
    await schema.dropIndex('jobs_live').execute();
    await schema
      .createIndex('jobs_live')
      .unique()
      .on('jobs')
      .columns(['tenant', 'target', 'model', 'ruleset', 'conversion'])
      .where(sql.ref('state'), 'in', ['queued', 'running'])
      .execute();
    await schema
      .createIndex('jobs_output')
      .unique()
      .on('jobs')
      .column('output')
      .where(sql.ref('output'), 'is not', null)
      .execute();
  },
};

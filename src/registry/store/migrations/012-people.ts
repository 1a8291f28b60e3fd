import type { Migration } from './migration.ts';

/** The people that tokens belong to, and the sessions that were ended before their time. */
export const people: Migration = {
  version: 12,
  name: 'people',
  async up({ schema }) {
    await schema.alterTable('tokens').addColumn('owner_key', 'text').execute();
    await schema
      .createTable('ended_sessions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('until_ms', 'bigint', (c) => c.notNull())
      .execute();
    await schema.createIndex('ended_sessions_until').on('ended_sessions').column('until_ms').execute();
  },
};

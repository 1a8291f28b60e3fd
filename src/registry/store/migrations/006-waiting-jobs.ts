import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How many jobs of a tenant wait is asked at each submission. */
export const waitingJobs: Migration = {
  version: 6,
  name: 'waiting jobs',
  async up({ schema }) {
    await schema
      .createIndex('jobs_waiting')
      .on('jobs')
      .columns(['tenant', 'priority'])
      .where(sql.ref('state'), '=', 'queued')
      .execute();
  },
};

import type { Migration } from './migration.ts';

/** What a worker, which holds no approval key, leaves for the service to sign. */
export const signingRequests: Migration = {
  version: 14,
  name: 'signing-requests',
  async up({ schema }) {
    await schema
      .createTable('signing_requests')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addUniqueConstraint('signing_requests_subject', ['kind', 'subject'])
      .execute();
  },
};

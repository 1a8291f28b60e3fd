import type { Migration } from './migration.ts';

/** Approvals of container images, each signed. */
export const images: Migration = {
  version: 13,
  name: 'images',
  async up({ schema }) {
    await schema
      .createTable('images')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('statement', 'text', (c) => c.notNull())
      .addColumn('signer', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('attestation', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('revoked_at', 'text')
      .addColumn('why', 'text', (c) => c.notNull())
      .addUniqueConstraint('images_statement', ['tenant', 'statement'])
      .execute();
    await schema.createIndex('images_tenant').on('images').columns(['tenant', 'seq']).execute();
  },
};

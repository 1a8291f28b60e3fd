import type { Migration } from './migration.ts';

/** Webhooks that receive changes, and what each was told. */
export const webhooks: Migration = {
  version: 5,
  name: 'webhooks',
  async up({ schema }) {
    await schema
      .createTable('webhooks')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('url', 'text', (c) => c.notNull())
      .addColumn('events', 'text', (c) => c.notNull())
      .addColumn('secret', 'text', (c) => c.notNull())
      .addColumn('told_seq', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('webhooks_tenant').on('webhooks').columns(['tenant', 'seq']).execute();
    await schema
      .createTable('deliveries')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('webhook', 'text', (c) => c.notNull().references('webhooks.id').onDelete('cascade'))
      .addColumn('audit_seq', 'integer', (c) => c.notNull())
      .addColumn('event', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('next_ms', 'bigint', (c) => c.notNull())
      .addColumn('lease', 'text')
      .addColumn('last_status', 'integer')
      .addColumn('last_error', 'text')
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('ended_at', 'text')
      .addUniqueConstraint('deliveries_once', ['webhook', 'audit_seq'])
      .execute();
    await schema.createIndex('deliveries_next').on('deliveries').columns(['state', 'next_ms']).execute();
  },
};

import type { Migration } from './migration.ts';

/** Models, versions, assessments and decisions. */
export const records: Migration = {
  version: 1,
  name: 'records',
  async up({ schema }) {
    await schema
      .createTable('tenants')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('audit_seq', 'integer', (c) => c.notNull())
      .addColumn('audit_hash', 'text', (c) => c.notNull())
      .addColumn('counter', 'integer', (c) => c.notNull())
      .execute();
    await schema
      .createTable('models')
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('models_key', ['tenant', 'name'])
      .execute();
    await schema
      .createTable('versions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('ref', 'text', (c) => c.notNull())
      .addColumn('stage', 'text', (c) => c.notNull())
      .addColumn('stage_reason', 'text', (c) => c.notNull())
      .addColumn('lineage', 'text', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addForeignKeyConstraint('versions_model', ['tenant', 'model'], 'models', ['tenant', 'name'])
      .addUniqueConstraint('versions_number', ['tenant', 'model', 'number'])
      .addUniqueConstraint('versions_digest', ['tenant', 'model', 'digest'])
      .execute();
    await schema.createIndex('versions_stage').on('versions').columns(['tenant', 'model', 'stage', 'number']).execute();
    await schema
      .createTable('version_keys')
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('kind', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('version_keys_key', ['tenant', 'key', 'version'])
      .execute();
    await schema.createIndex('version_keys_version').on('version_keys').column('version').execute();
    await schema
      .createTable('aliases')
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('alias', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addPrimaryKeyConstraint('aliases_key', ['tenant', 'model', 'alias'])
      .execute();
    await schema.createIndex('aliases_version').on('aliases').column('version').execute();
    await schema
      .createTable('assessments')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('ruleset_version', 'text', (c) => c.notNull())
      .addColumn('ruleset_digest', 'text', (c) => c.notNull())
      .addColumn('job', 'text')
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('assessments_version').on('assessments').columns(['version', 'seq']).execute();
    await schema
      .createTable('decisions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('assessment', 'text', (c) => c.notNull().references('assessments.id'))
      .addColumn('stage', 'text', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('policy_digest', 'text', (c) => c.notNull())
      .addColumn('ruleset_version', 'text', (c) => c.notNull())
      .addColumn('ruleset_digest', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('decisions_version').on('decisions').columns(['version', 'stage', 'seq']).execute();
    await schema
      .createTable('gate')
      .addColumn('version', 'text', (c) => c.primaryKey().references('versions.id'))
      .addColumn('answer', 'text', (c) => c.notNull())
      .execute();
  },
};

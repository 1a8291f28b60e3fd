import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Transitions, votes, approvals, waivers and tokens. */
export const stages: Migration = {
  version: 2,
  name: 'stages',
  async up({ schema }) {
    await schema
      .createTable('transitions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('from_stage', 'text', (c) => c.notNull())
      .addColumn('to_stage', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('requester_key', 'text', (c) => c.notNull())
      .addColumn('requested_by', 'text', (c) => c.notNull())
      .addColumn('comment', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('transitions_tenant').on('transitions').columns(['tenant', 'seq']).execute();
    await schema.createIndex('transitions_version').on('transitions').columns(['version', 'seq']).execute();
    await schema
      .createIndex('transitions_open')
      .unique()
      .on('transitions')
      .column('version')
      .where(sql.ref('state'), '=', 'open')
      .execute();
    await schema
      .createTable('votes')
      .addColumn('transition', 'text', (c) => c.notNull().references('transitions.id'))
      .addColumn('voter_key', 'text', (c) => c.notNull())
      .addColumn('voted_by', 'text', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('role', 'text', (c) => c.notNull())
      .addColumn('vote', 'text', (c) => c.notNull())
      .addColumn('comment', 'text', (c) => c.notNull())
      .addColumn('approval', 'text')
      .addColumn('at', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('votes_key', ['transition', 'voter_key'])
      .execute();
    await schema
      .createTable('approvals')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull().references('versions.id'))
      .addColumn('transition', 'text', (c) => c.notNull().references('transitions.id'))
      .addColumn('stage', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('policy_digest', 'text', (c) => c.notNull())
      .addColumn('ruleset_version', 'text', (c) => c.notNull())
      .addColumn('ruleset_digest', 'text', (c) => c.notNull())
      .addColumn('decision', 'text', (c) => c.notNull().references('decisions.id'))
      .addColumn('held_policy', 'text', (c) => c.notNull())
      .addColumn('held_ruleset_version', 'text', (c) => c.notNull())
      .addColumn('held_ruleset_digest', 'text', (c) => c.notNull())
      .addColumn('voter_key', 'text', (c) => c.notNull())
      .addColumn('role', 'text', (c) => c.notNull())
      .addColumn('signer', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('attestation', 'text', (c) => c.notNull())
      .addColumn('reevaluation', 'text')
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('until', 'text')
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('why', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('approvals_version').on('approvals').columns(['version', 'seq']).execute();
    await schema
      .createTable('waivers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('revoked_at', 'text')
      .execute();
    await schema.createIndex('waivers_digest').on('waivers').columns(['tenant', 'digest']).execute();
    await schema.createIndex('waivers_seq').on('waivers').columns(['tenant', 'seq']).execute();
    await schema
      .createTable('tokens')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.name'))
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addColumn('lookup', 'text', (c) => c.notNull())
      .addColumn('roles', 'text', (c) => c.notNull())
      .addColumn('creator_key', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'text')
      .addColumn('revoked_at', 'text')
      .addColumn('last_used_at', 'text')
      .addUniqueConstraint('tokens_name', ['tenant', 'name'])
      .execute();
    await schema.createIndex('tokens_lookup').on('tokens').column('lookup').execute();
  },
};

import type { Migration } from './migration.ts';

/** Waivers are signed: those from before have nobody's signature. */
export const signedWaivers: Migration = {
  version: 7,
  name: 'signed waivers',
  async up({ schema }) {
    for (const column of ['signer', 'method', 'attestation']) {
      await schema.alterTable('waivers').addColumn(column, 'text').execute();
    }
  },
};

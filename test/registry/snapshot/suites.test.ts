import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequiredSuite } from '../../../src/core/behavior/index.ts';
import { readTrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import type { RegistryRules, Version } from '../../../src/registry/index.ts';
import { ada, sam, selma } from '../people.ts';
import { attested, CI, LOOSER, rulesAsking, SUITE } from '../test-runs/lab.ts';
import { steal, Workshop } from './workshop.ts';

let folder: string;
let database: string;
let shop: Workshop;
let trustOfAll: string;

/** A workshop whose rules ask a suite of the model. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-suites-'));
  database = `sqlite:${join(folder, 'registry.db')}`;
  shop = await Workshop.open(folder, database);
  writeFileSync(join(folder, 'ci.pub'), CI.publicKey.export({ type: 'spki', format: 'pem' }));
  appendFileSync(shop.trustPath, '  - {name: ci, key: ci.pub, may: [tests]}\n');
  trustOfAll = shop.trustPath;
  shop.trust = await readTrustFile(trustOfAll);
  await use(await rules(SUITE));
});
afterEach(async () => {
  await shop.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

async function rules(suite: RequiredSuite | null): Promise<RegistryRules> {
  const { staging, suites } = await rulesAsking(suite);
  return { ...shop.rules, staging: { ...shop.rules.staging, policy: staging.policy }, suites };
}

async function use(given: RegistryRules): Promise<void> {
  await shop.registry.close();
  shop.rules = given;
  await shop.reopen(database);
}

async function staged(by: 'service' | 'key' = 'service'): Promise<Version> {
  const version = await shop.register({ files: 1 });
  await shop.registry.addTestRun(sam, version.id, await attested());
  await shop.bring(version, 'staging', by);
  return shop.registry.version(sam, { id: version.id });
}

async function written(given = shop.rules) {
  const { document, omitted } = await shop.write({ rules: given });
  const approved = document.entries.filter(({ status }) => status === 'approved').map(({ number }) => number);
  return { approved, reason: document.entries[0]?.reason, why: omitted.map(({ why }) => why).join('\n') };
}

describe('a snapshot of models that are asked for tests', () => {
  it('lists what a signed run lets pass, and what its approver saw', async () => {
    await staged();
    expect(await written()).toEqual({ approved: [1], reason: '', why: '' });
  });

  it('does not list an approval that was given under another suite, before the service has looked', async () => {
    const version = await staged();
    await shop.registry.addTestRun(sam, version.id, await attested({ suite: LOOSER }));
    for (const suite of [LOOSER, null]) {
      const { approved, why } = await written(await rules(suite));
      expect(approved).toEqual([]);
      expect(why).toContain('it was given when another suite of tests was asked of the model');
    }
  });

  it('denies at once what a suite is newly asked of, and lists it when a run passes', async () => {
    await use(await rules(null));
    const version = await shop.register({ files: 1 });
    await shop.bring(version, 'staging', 'service');
    expect((await written()).approved).toEqual([1]);
    const asking = await rules(SUITE);
    expect(await written(asking)).toMatchObject({ approved: [], reason: expect.stringContaining('the-rule') });
    await shop.registry.addTestRun(sam, version.id, await attested());
    expect((await written(asking)).approved).toEqual([1]);
  });

  it('does not count a run whose signer may not sign tests by the trust file of the writer', async () => {
    await staged();
    shop.writeTrust();
    shop.trust = await readTrustFile(trustOfAll);
    const { approved, why } = await written();
    expect(approved).toEqual([]);
    expect(why).toContain('that the trust file does not list');
  });

  it('reflects a run that is revoked, and one that failed', async () => {
    const version = await staged();
    const failed = await shop.registry.addTestRun(sam, version.id, await attested({ status: 'fail' }));
    expect((await written()).approved).toEqual([]);
    await shop.registry.revokeTestRun(selma, failed.id, 'wrong labels');
    expect((await written()).approved).toEqual([1]);
    const [, run] = (await shop.registry.versionTests(ada, version.id)).items;
    await shop.registry.revokeTestRun(selma, run?.id ?? '', 'wrong data');
    expect((await written()).approved).toEqual([]);
  });

  it('denies when somebody removes a failed run from the database', async () => {
    const version = await staged();
    await shop.registry.addTestRun(sam, version.id, await attested({ status: 'fail' }));
    steal(database, 'delete from test_runs where body like \'%"status":"fail"%\'');
    const { items } = await shop.registry.versionTests(sam, version.id);
    expect(items).toHaveLength(1);
    const { approved, reason } = await written();
    expect(approved).toEqual([]);
    expect(reason).toContain('the-rule');
  });

  it('does not count a run that is only in the database, or that was revoked there and put back', async () => {
    const version = await staged();
    const [run] = (await shop.registry.versionTests(sam, version.id)).items;
    await shop.registry.revokeTestRun(selma, run?.id ?? '', 'wrong data');
    steal(database, "update test_runs set revoked_at = null, why = ''");
    expect(await written()).toMatchObject({ approved: [], why: expect.stringContaining('records its revocation') });
    const unknown = (await attested({ at: new Date('2026-11-01T00:00:00Z') })).replaceAll("'", "''");
    steal(database, `update test_runs set attestation = '${unknown}'`);
    expect(await written()).toMatchObject({ approved: [], why: expect.stringContaining('does not record it') });
  });
});

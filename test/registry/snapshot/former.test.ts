import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRegistryRules, type Version } from '../../../src/registry/index.ts';
import { formerPolicies } from '../../../src/registry/snapshot/former.ts';
import { SnapshotWriter, watchSnapshot } from '../../../src/registry/snapshot/index.ts';
import { openSnapshot } from '../../../src/snapshot/index.ts';
import { until } from '../../support/until.ts';
import { commitOf, findingOf } from '../assessments.ts';
import { ada, sam } from '../people.ts';
import { Workshop } from './workshop.ts';

let folder: string;
let shop: Workshop;
const database = () => `sqlite:${join(folder, 'registry.db')}`;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-former-'));
  shop = await Workshop.open(folder, database());
});
afterEach(async () => {
  await shop.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const MINUTE = 60_000;
const textOf = (time: Date) => time.toISOString().replace('.000', '');
const QUERY = { ref: `hf://acme/model@${commitOf('one')}` };

/** The rules with another policy for staging; the registry keeps the rules that it was opened with. */
async function rulesWith(policy: string) {
  const path = join(folder, `${policy}.yaml`);
  writeFileSync(path, `version: 1\nstages:\n  staging: {policy: ${policy}}\n  production: {policy: strict}\n`);
  return loadRegistryRules(path);
}

/** Approves a version for staging under the policy. */
async function approvedUnder(policy: string, by: 'key' | 'service', sample = {}): Promise<Version> {
  await shop.registry.close();
  shop.rules = await rulesWith(policy);
  await shop.reopen(database());
  const version = await shop.register(sample);
  await shop.bring(version, 'staging', by);
  return version;
}

/** The entry that a writer gives right after it saw the rules change. */
async function entryUnder(policy: string, at = shop.now()) {
  const rules = await rulesWith(policy);
  const former = formerPolicies({ rules: shop.rules, former: [] }, rules, at);
  const { document } = await new SnapshotWriter(await shop.options({ rules, former })).write(undefined);
  return document.entries[0];
}

describe('an approval under a replaced policy', () => {
  for (const by of ['key', 'service'] as const) {
    it(`counts for ten minutes and again after a re-evaluation, when given by ${by}`, async () => {
      await approvedUnder('baseline', by);
      const changed = shop.now();
      const until = textOf(new Date(changed.getTime() + 10 * MINUTE));
      expect(await entryUnder('strict', changed)).toMatchObject({
        status: 'approved',
        stages: [{ stage: 'staging', notAfter: until }],
      });
      shop.pass(10 * MINUTE);
      expect(await entryUnder('strict', changed)).toMatchObject({ status: 'denied' });
      await shop.registry.close();
      await shop.reopen(database(), await rulesWith('strict'));
      await shop.registry.reevaluate(ada);
      expect(await entryUnder('strict', changed)).toMatchObject({
        status: 'approved',
        stages: [{ stage: 'staging', notAfter: null }],
      });
    });
  }

  it('does not allow what the newer policy denies', async () => {
    const odd = { verdict: 'suspicious', findings: [findingOf('pickle.global.unlisted')] };
    await approvedUnder('research', 'key', odd);
    expect(await entryUnder('baseline')).toMatchObject({
      status: 'denied',
      reason: expect.stringMatching(/^verdict.suspicious: /),
    });
  });

  it('ends when it is revoked', async () => {
    const version = await approvedUnder('baseline', 'key');
    for (const { id } of await shop.registry.approvals(sam, version.id)) await shop.registry.revoke(ada, id, 'lost');
    expect(await entryUnder('strict')).toMatchObject({ status: 'denied' });
  });

  it('ends at its own expiry if that comes first', async () => {
    const end = new Date(shop.now().getTime() + 8 * MINUTE);
    await shop.bring(await shop.register(), 'staging', 'key', end);
    expect((await entryUnder('strict'))?.stages).toEqual([{ stage: 'staging', notAfter: textOf(end) }]);
  });
});

describe('replaced policies', () => {
  it('are kept by stage, each with its own end, and dropped when they become current again', async () => {
    const [baseline, strict, research] = [
      await rulesWith('baseline'),
      await rulesWith('strict'),
      await rulesWith('research'),
    ];
    const at = (minute: number) => new Date(Date.UTC(2027, 0, 1, 0, minute));
    const first = formerPolicies({ rules: baseline, former: [] }, strict, at(0));
    expect(first).toEqual([{ stage: 'staging', digest: baseline.staging.policy.digest, until: at(10) }]);
    const second = formerPolicies({ rules: strict, former: first }, research, at(5));
    expect(second.map(({ digest, until }) => [digest, until])).toEqual([
      [strict.staging.policy.digest, at(15)],
      [baseline.staging.policy.digest, at(10)],
    ]);
    expect(formerPolicies({ rules: research, former: second }, research, at(12))).toEqual([second[0]]);
  });
});

describe('watch mode', () => {
  it('keeps approvals in the snapshot while a policy changes and the database is unavailable in between', async () => {
    await approvedUnder('baseline', 'service');
    let [options, isAway, written] = [await shop.options(), false, 0];
    const failures: unknown[] = [];
    const stop = new AbortController();
    const watching = watchSnapshot({
      signal: stop.signal,
      pollMs: 20,
      options: async () => {
        if (isAway) throw new Error('the database is away');
        return options;
      },
      onWritten: () => {
        written++;
      },
      onFailure: (error) => failures.push(error),
    });
    const answer = () => {
      const snapshot = openSnapshot(readFileSync(shop.output), { trust: shop.keys.writer.publicKey, now: shop.now() });
      return snapshot.lookup(QUERY, { now: shop.now() }).kind;
    };
    await until('snapshot 1 is written', () => written === 1);
    expect(answer()).toBe('approved');
    options = await shop.options({ rules: await rulesWith('strict') });
    await until('snapshot 2 is written', () => written === 2);
    expect(answer()).toBe('approved');
    isAway = true;
    await until('the failure is reported', () => failures.length > 0);
    isAway = false;
    await until('snapshot 3 is written', () => written === 3);
    expect(answer()).toBe('approved');
    shop.pass(11 * MINUTE);
    await until('snapshot 4 is written', () => written === 4);
    expect(answer()).toBe('denied');
    stop.abort();
    await watching;
  });
});

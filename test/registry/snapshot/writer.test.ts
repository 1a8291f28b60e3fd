import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { statePath } from '../../../src/registry/snapshot/index.ts';
import { openSnapshot, type Snapshot } from '../../../src/snapshot/index.ts';
import { commitOf, findingOf, NEWER_RULESET, RULESET } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { ada, person, sam } from '../people.ts';
import { Workshop } from './workshop.ts';

let folder: string;
let shop: Workshop;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-snapshot-'));
});
afterEach(async () => {
  await shop?.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

function read(): Snapshot {
  return openSnapshot(readFileSync(shop.output), {
    trust: shop.keys.writer.publicKey,
    now: shop.now(),
    tenant: 'acme',
  });
}
const refOf = (name = 'one') => `hf://acme/model@${commitOf(name)}`;
const ask = (ref = refOf(), stage = 'production') => read().lookup({ ref }, { stage, now: shop.now() });

describeOnBoth('a snapshot of a registry', (fresh) => {
  it('lists what is approved for which stage, and why other versions are not', async () => {
    shop = await Workshop.open(folder, await fresh());
    const approved = await shop.approved();
    const staged = await shop.register({ name: 'two' });
    await shop.bring(staged, 'staging');
    const candidate = await shop.register({ name: 'three' });
    const { document, omitted } = await shop.write();
    expect(omitted).toEqual([]);
    expect(document).toMatchObject({ tenant: 'acme', version: 1, ruleset: RULESET });
    expect(Date.parse(document.expires) - Date.parse(document.issued)).toBe(7 * 24 * 60 * 60 * 1000);
    const log = await shop.registry.verifyAuditLog(sam);
    expect(log).toMatchObject({ kind: 'intact', head: document.auditHead });
    expect(ask()).toMatchObject({
      kind: 'approved',
      entry: { number: approved.number, policy: { name: 'strict' } },
    });
    expect(ask(refOf('two'), 'staging')).toMatchObject({ kind: 'approved', entry: { number: staged.number } });
    expect(ask(refOf('two'))).toMatchObject({ kind: 'denied' });
    expect(ask(refOf('three'))).toMatchObject({
      kind: 'denied',
      reason: 'it has no approval',
      entry: { number: candidate.number },
    });
    expect(read().lookup({ digest: approved.digest }, { stage: 'production', now: shop.now() }).kind).toBe('approved');
  });

  it('reflects each change: the version number rises, and a revocation and a quarantine deny at once', async () => {
    shop = await Workshop.open(folder, await fresh());
    const one = await shop.approved();
    const two = await shop.approved({ name: 'two' });
    expect((await shop.write()).document.version).toBe(1);
    const [approval] = (await shop.registry.approvals(sam, one.id)).filter(({ stage }) => stage === 'production');
    await shop.registry.revoke(ada, approval?.id ?? '', 'its key was lost');
    await shop.registry.quarantine(ada, two.id, 'it phones home');
    expect((await shop.write()).document.version).toBe(2);
    expect(ask()).toMatchObject({ kind: 'denied' });
    expect(ask(refOf(), 'staging').kind).toBe('approved');
    expect(ask(refOf('two'))).toMatchObject({ kind: 'denied', reason: 'it is quarantined: it phones home' });
  });

  it('uses only the newest assessment of each reference', async () => {
    shop = await Workshop.open(folder, await fresh());
    const version = await shop.approved();
    await shop.register({ findings: [findingOf('pickle.global.unlisted')] });
    await shop.register({ name: 'two' });
    const asked: unknown[] = [];
    const { registry } = shop;
    const counting: typeof registry = {
      ...registry,
      assessments: (by, ...rest) => {
        asked.push(rest);
        return registry.assessments(by, ...rest);
      },
    };
    await shop.write({ registry: counting });
    expect(asked).toEqual([[version.id, 1]]);
    expect(await registry.assessments(sam, version.id)).toHaveLength(2);
    expect(ask().kind).toBe('approved');
  });

  it('accepts approvals that the service signed for people or carried over to newer rules', async () => {
    shop = await Workshop.open(folder, await fresh());
    await shop.approved({}, 'service');
    await shop.register({ ruleset: NEWER_RULESET });
    const records = await shop.registry.approvals(
      sam,
      (await shop.registry.versionsOf(sam, { ref: refOf() }))[0]?.id ?? '',
    );
    expect(records.map(({ state }) => state)).toContain('carried');
    const { document } = await shop.write();
    expect(document.ruleset).toEqual(NEWER_RULESET);
    expect(ask().kind).toBe('approved');
  });

  it('carries the earliest expiry of an approval or a waiver', async () => {
    shop = await Workshop.open(folder, await fresh());
    const version = await shop.register({ verdict: 'suspicious', findings: [findingOf('pickle.global.unlisted')] });
    const waiver = { digest: version.digest, reason: 'ours', owner: 'ml', expires: '2026-12-24T00:00:00Z' };
    await shop.registry.addWaiver(person('wanda', 'security-approver'), { ...waiver, rule: 'pickle.global.unlisted' });
    await shop.bring(version, 'staging', 'key', new Date('2026-12-28T00:00:00Z'));
    await shop.bring(version, 'production', 'key', new Date('2026-12-20T00:00:00.900Z'));
    const { document } = await shop.write();
    expect(document.entries[0]?.stages).toEqual([
      { stage: 'staging', notAfter: '2026-12-24T00:00:00Z' },
      { stage: 'production', notAfter: '2026-12-20T00:00:00Z' },
    ]);
    shop.pass(Date.parse('2026-12-20T00:00:00Z') - shop.now().getTime());
    expect((await shop.write()).document.entries[0]?.stages).toEqual([
      { stage: 'staging', notAfter: '2026-12-24T00:00:00Z' },
    ]);
  });
});

describe('an earlier snapshot', () => {
  beforeEach(async () => {
    shop = await Workshop.open(folder, `sqlite:${join(folder, 'registry.db')}`);
    await shop.approved();
  });

  it('keeps its version number when the state file or the snapshot file is deleted', async () => {
    await shop.write();
    rmSync(statePath(shop.output));
    expect((await shop.write()).document.version).toBe(2);
    rmSync(shop.output);
    expect((await shop.write()).document.version).toBe(3);
  });

  it('is not overwritten when it belongs to another key or tenant or is not a snapshot', async () => {
    await shop.write();
    await expect(shop.write({ tenant: 'other' })).rejects.toThrow(/belongs to the tenant "acme"/);
    rmSync(statePath(shop.output));
    await expect(shop.write({ key: shop.keys.stranger.publicKey })).rejects.toThrow(/is not a snapshot of this key/);
    writeFileSync(statePath(shop.output), '{}');
    await expect(shop.write()).rejects.toThrow(/is not a state/);
    rmSync(shop.output);
    writeFileSync(shop.output, 'my diary');
    rmSync(statePath(shop.output));
    await expect(shop.write()).rejects.toThrow(/is not a snapshot/);
    expect(readFileSync(shop.output, 'utf8')).toBe('my diary');
  });

  it('must still be in the log: a registry that was rolled back signs nothing', async () => {
    const database = join(folder, 'registry.db');
    await shop.registry.close();
    copyFileSync(database, `${database}.old`);
    await shop.reopen(`sqlite:${database}`);
    const [version] = await shop.registry.versionsOf(sam, { ref: refOf() });
    await shop.registry.quarantine(ada, version?.id ?? '', 'bad');
    await shop.write();
    const before = readFileSync(shop.output);
    await shop.registry.close();
    for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
    copyFileSync(`${database}.old`, database);
    await shop.reopen(`sqlite:${database}`);
    const error: unknown = await shop.write().catch((error: unknown) => error);
    expect(isAssayError(error) && error.code).toBe('mismatch');
    expect(String(error)).toMatch(/no longer contains entry/);
    // After other actions the log is as long as before, with other entries.
    for (let i = 0; i < 10; i++) await shop.register({ name: `more-${i}` });
    await expect(shop.write()).rejects.toThrow(/no longer contains entry/);
    expect(readFileSync(shop.output)).toEqual(before);
  });

  it('is never written partially', async () => {
    await expect(shop.write({ output: join(folder, 'missing', 'snapshot.json') })).rejects.toThrow(/cannot be written/);
    expect(existsSync(shop.output)).toBe(false);
  });
});

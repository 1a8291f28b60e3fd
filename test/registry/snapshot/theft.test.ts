import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keyHint } from '../../../src/integrity/envelope/keys.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import { subjectsOf } from '../../../src/integrity/statements/subject.ts';
import { canonicalJson } from '../../../src/registry/audit-chain/canonical-json.ts';
import { hashOfEntry } from '../../../src/registry/audit-chain/chain.ts';
import type { ApprovalRecord, Version, WaiverRequest } from '../../../src/registry/index.ts';
import { digestOfStatement } from '../../../src/registry/statements/waiver.ts';
import { openSnapshot } from '../../../src/snapshot/index.ts';
import { assessmentOf, commitOf, digestOf, findingOf, NEWER_RULESET, RULESET } from '../assessments.ts';
import { ada, sam, selma } from '../people.ts';
import { Workshop } from './workshop.ts';

/** The attacker has the database and what a test adds to that, and forges the audit log in the strongest possible way: by appending to it. */
let folder: string;
let database: string;
let shop: Workshop;

async function begin(methods?: string): Promise<void> {
  shop = await Workshop.open(folder, `sqlite:${database}`, methods);
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-theft-'));
  database = join(folder, 'registry.db');
});
afterEach(async () => {
  await shop.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

function steal(work: (db: InstanceType<typeof Database>) => void): void {
  const db = new Database(database);
  try {
    // The triggers that keep programs from changing the log do not stop the attacker.
    const triggers = db.prepare("select name from sqlite_master where type = 'trigger'").pluck().all();
    for (const name of triggers) db.exec(`drop trigger ${name}`);
    db.transaction(() => work(db))();
  } finally {
    db.close();
  }
}

interface Entry {
  seq: number;
  hash: string;
}

/** Appends an entry to the audit log with valid hashes and head. */
function log(
  db: InstanceType<typeof Database>,
  action: string,
  subject: string,
  detail: Record<string, unknown>,
): void {
  const last = db.prepare("select seq, hash from audit where tenant = 'acme' order by seq desc limit 1").get() as Entry;
  const at = shop.now().toISOString();
  const entry = { seq: last.seq + 1, at, tenant: 'acme', actor: 'thief', action, subject, detail, previous: last.hash };
  const row = { ...entry, detail: canonicalJson(detail), hash: hashOfEntry(entry) };
  const names = Object.keys(row);
  db.prepare(`insert into audit (${names.join()}) values (${names.map((name) => `@${name}`).join()})`).run(row);
  db.prepare("update tenants set audit_seq = ?, audit_hash = ? where name = 'acme'").run(row.seq, row.hash);
}

/** Inserts rows of approvals for a version, changed by the attacker, and logs them. */
function giveApprovals(
  from: readonly ApprovalRecord[],
  to: Version,
  change: Partial<Record<string, unknown>> = {},
): void {
  steal((db) => {
    for (const { id } of from) {
      const row = db.prepare('select * from approvals where id = ?').get(id) as Record<string, unknown>;
      const forged: Record<string, unknown> = {
        ...row,
        id: randomUUID(),
        version: to.id,
        digest: to.digest,
        state: 'valid',
        ...change,
      };
      const names = Object.keys(forged);
      db.prepare(`insert into approvals (${names.join()}) values (${names.map((name) => `@${name}`).join()})`).run(
        forged,
      );
      log(db, 'approval.given', `${to.model}@${to.number}`, {
        approval: forged.id,
        stage: forged.stage,
        role: forged.role,
        method: forged.method,
        signer: forged.signer,
        digest: to.digest,
        policyDigest: forged.policy_digest,
      });
    }
    db.prepare("update versions set stage = 'production' where id = ?").run(to.id);
  });
}

async function written() {
  shop.pass();
  const { document, omitted } = await shop.write();
  // The published document equals the one just checked.
  const snapshot = openSnapshot(readFileSync(shop.output), { trust: shop.keys.writer.publicKey, now: shop.now() });
  const approved = document.entries.filter(({ status }) => status === 'approved').map(({ number }) => number);
  return { document, omitted, approved, snapshot, why: omitted.map(({ why }) => why).join('\n') };
}

async function sign(statement: Parameters<typeof signStatement>[0], key = shop.keys.service): Promise<string> {
  return JSON.stringify(await signStatement(statement, keySigner(key.privateKey)));
}

function approvalStatement(version: Version, role: string | undefined, subject = 'boss') {
  const { name, digest } = shop.rules.production.policy;
  return createStatement('approval', {
    subjects: subjectsOf({ pinned: version.ref, tree: version.digest }),
    stage: 'production',
    at: shop.now(),
    policy: { name, digest },
    ruleset: RULESET,
    ...(role === undefined ? {} : { approver: { method: 'service', subject, role } }),
  });
}

const SUSPICIOUS = { verdict: 'suspicious', findings: [findingOf('pickle.global.unlisted')] } as const;

function requestFor({ digest }: Version): WaiverRequest {
  return { rule: 'pickle.global.unlisted', digest, reason: 'ours', owner: 'ml', expires: '2027-06-01T00:00:00Z' };
}

/** Forges a waiver as the registry would have written it, which the next decision takes into account. */
async function forgeWaiver(
  request: WaiverRequest,
  attestation: string | null,
  method: string | null = null,
): Promise<void> {
  const id = randomUUID();
  const { digest } = request;
  const waiver = { ...request, from: 'waiver by selma' };
  const row = { id, tenant: 'acme', seq: 999, digest, body: JSON.stringify(waiver), created_by: 'selma', at: 'now' };
  const statement = attestation === null ? {} : { statement: digestOfStatement(attestation) };
  steal((db) => {
    db.prepare(
      `insert into waivers (id, tenant, seq, digest, body, created_by, at, signer, method, attestation)
       values (@id, @tenant, @seq, @digest, @body, @created_by, @at, 'selma', @method, @attestation)`,
    ).run({ ...row, attestation, method });
    log(db, 'waiver.added', digest, { id, ...waiver, ...statement });
  });
  await shop.registry.reevaluate(ada);
}

const KEYS_ONLY = '[key, keyless]';

describe('an attacker with write access to the database alone', () => {
  it('cannot move a version by writing another stage', async () => {
    await begin();
    const version = await shop.register();
    steal((db) => db.prepare("update versions set stage = 'production' where id = ?").run(version.id));
    const { approved, why } = await written();
    expect(approved).toEqual([]);
    expect(why).toMatch(/approvals for production are not valid: 1 by a reviewer and 1 by a security-approver needed/);
  });

  it('cannot transfer the approvals of one version to another', async () => {
    await begin();
    const good = await shop.approved();
    const evil = await shop.register({ name: 'evil' });
    giveApprovals(await shop.registry.approvals(sam, good.id), evil);
    const { approved, why } = await written();
    expect(approved).toEqual([good.number]);
    expect(why).toMatch(/is not about/);
    // Nor by adding the digest of the approved bytes to the other version's references.
    steal((db) => db.prepare('update versions set digest = ? where id = ?').run('sha256:0', good.id));
    steal((db) => db.prepare('update versions set digest = ? where id = ?').run(good.digest, evil.id));
    const { snapshot, why: later } = await written();
    expect(snapshot.lookup({ ref: `hf://acme/model@${commitOf('evil')}` }, { now: shop.now() }).kind).toBe('denied');
    // An entry that cannot be written does not block the others.
    expect(later).toMatch(/its digest is not valid/);
  });

  it('cannot move an approval to another stage or duplicate it', async () => {
    await begin();
    const version = await shop.register();
    await shop.bring(version, 'staging');
    const approvals = await shop.registry.approvals(sam, version.id);
    giveApprovals(approvals, version, { stage: 'production' });
    giveApprovals(approvals, version, { stage: 'production', role: 'security-approver', signer: 'selma' });
    const { document, why } = await written();
    expect(document.entries[0]?.stages).toEqual([{ stage: 'staging', notAfter: null }]);
    expect(why).toMatch(/the approval is for staging, not for production/);
  });

  it('cannot make one person fill two places of a quorum', async () => {
    await begin();
    const version = await shop.approved();
    steal((db) => {
      const rows = db.prepare("select id from approvals where stage = 'production' and role = 'reviewer'").all() as {
        id: string;
      }[];
      const text = db.prepare('select attestation from approvals where id = ?').pluck().get(rows[0]?.id);
      db.prepare("update approvals set attestation = ? where stage = 'production'").run(text);
    });
    expect((await written()).document.entries[0]?.stages).toEqual([{ stage: 'staging', notAfter: null }]);
    expect(version.number).toBe(1);
  });

  it('cannot bring back a revoked, quarantined or retired version', async () => {
    await begin();
    const [one, two, three] = [
      await shop.approved(),
      await shop.approved({ name: '2' }),
      await shop.approved({ name: '3' }),
    ];
    const given = await shop.registry.approvals(sam, one.id);
    shop.pass();
    for (const { id } of given) await shop.registry.revoke(ada, id, 'lost').catch(() => {});
    await shop.registry.quarantine(ada, two.id, 'bad');
    await shop.registry.retire(ada, three.id, 'old');
    await shop.write();
    steal((db) => {
      db.prepare("update approvals set state = 'valid', why = ''").run();
      db.prepare("update versions set stage = 'production'").run();
    });
    expect((await written()).approved).toEqual([]);
    // Nor by logging that they moved on and that the approvals were given again.
    shop.pass();
    for (const version of [one, two, three]) {
      steal((db) =>
        log(db, 'version.moved', `${version.model}@${version.number}`, { from: 'staging', to: 'production' }),
      );
      const approvals = (await shop.registry.approvals(sam, version.id)).slice(0, 3);
      giveApprovals(approvals, version);
    }
    const { approved, why } = await written();
    expect(approved).toEqual([]);
    expect(why).toMatch(/the audit log records its revocation/);
  });

  it('cannot add a reference to approved bytes', async () => {
    await begin();
    const version = await shop.approved();
    const evil = `hf://evil/model@${commitOf('evil')}`;
    steal((db) => {
      db.prepare('insert into version_keys (tenant, key, version, kind) values (?, ?, ?, ?)').run(
        'acme',
        evil,
        version.id,
        'ref',
      );
      log(db, 'version.assessed', 'acme/model@1', { digest: version.digest, pinned: evil, ruleset: RULESET });
    });
    const { snapshot, omitted, approved } = await written();
    expect(approved).toEqual([1]);
    expect(snapshot.lookup({ ref: evil }, { now: shop.now() }).kind).toBe('unlisted');
    expect(omitted).toEqual([expect.objectContaining({ what: `reference ${evil}` })]);
  });

  it('cannot extend a waiver or add one after the approvals', async () => {
    await begin();
    const found = { verdict: 'suspicious', findings: [findingOf('pickle.global.unlisted')] } as const;
    const version = await shop.register(found);
    const waiver = { rule: 'pickle.global.unlisted', digest: version.digest, reason: 'ours', owner: 'ml' };
    await shop.registry.addWaiver(ada, { ...waiver, expires: '2026-12-01T00:00:00Z' });
    await shop.bring(version, 'staging');
    steal((db) => {
      const body = JSON.stringify({ ...waiver, expires: '2027-06-01T00:00:00Z', from: 'x' });
      db.prepare('update waivers set body = ?').run(body);
      log(db, 'waiver.added', version.digest, { id: 'w', ...waiver, expires: '2027-06-01T00:00:00Z' });
    });
    expect((await written()).document.entries[0]?.stages).toEqual([
      { stage: 'staging', notAfter: '2026-12-01T00:00:00Z' },
    ]);
    shop.pass(7 * 24 * 60 * 60 * 1000);
    const { approved, document } = await written();
    expect(approved).toEqual([]);
    expect(document.entries[0]?.reason).toMatch(/suspicious/);
  });

  it('cannot waive a finding without a valid signature', async () => {
    await begin();
    const version = await shop.register(SUSPICIOUS);
    const other = await shop.register({ name: 'other' });
    const request = requestFor(version);
    await forgeWaiver(request, null);
    await shop.bring(version, 'staging');
    const forgeries: [string, RegExp][] = [
      [await shop.waive(shop.keys.stranger, request), /that the trust file does not list/],
      [await shop.waive(shop.keys.rita, request), /"rita" may not sign waivers, only approvals/],
      [await shop.waive(shop.keys.selma, requestFor(other)), /is not about/],
      ['{}', /is not a Sigstore bundle/],
    ];
    expect((await written()).why).toMatch(/it is not signed: grant it again/);
    for (const [attestation, why] of forgeries) {
      steal((db) => db.prepare('update waivers set attestation = ?').run(attestation));
      const { approved, omitted } = await written();
      expect(approved).toEqual([]);
      expect(omitted.find(({ what }) => what.startsWith('waiver '))?.why).toMatch(why);
    }
  });

  it('cannot bring back a revoked waiver, nor one that the log does not contain', async () => {
    await begin();
    const version = await shop.register(SUSPICIOUS);
    const request = requestFor(version);
    const { id, attestation } = await shop.registry.addWaiver(selma, request);
    await shop.registry.revokeWaiver(selma, id);
    await forgeWaiver(request, attestation);
    await shop.bring(version, 'staging');
    const { approved, why } = await written();
    expect(approved).toEqual([]);
    expect(why).toMatch(/the audit log records its revocation/);
    const untold = await shop.waive(shop.keys.selma, { ...request, reason: 'another' });
    steal((db) => db.prepare('update waivers set attestation = ?').run(untold));
    expect((await written()).why).toMatch(/the audit log does not record it/);
  });

  it('cannot write another policy into an approval or change the rules', async () => {
    await begin();
    const version = await shop.approved();
    steal((db) =>
      db.prepare('update approvals set policy_digest = ?, held_policy = ?').run(digestOf('x'), digestOf('x')),
    );
    // What the tables say about it has no effect, either way.
    expect((await written()).approved).toEqual([version.number]);
    const { staging } = shop.rules;
    const rules = { ...shop.rules, production: { ...shop.rules.production, policy: staging.policy } };
    const now = await shop.write({ rules });
    expect(now.omitted.map(({ why }) => why).join()).toMatch(/given under another policy, and it has no signed/);
    expect(now.document.entries[0]?.stages.map(({ stage }) => stage)).toEqual(['staging']);
  });

  it('cannot sign as anybody: only attestations that verify count', async () => {
    await begin();
    const version = await shop.approved();
    const forged = await sign(approvalStatement(version, undefined), shop.keys.stranger);
    for (const text of [forged, '{}', '', 'x'.repeat(2 * 1024 * 1024)]) {
      steal((db) => db.prepare("update approvals set attestation = ? where stage = 'production'").run(text));
      const { document, omitted } = await written();
      expect(document.entries[0]?.stages.map(({ stage }) => stage)).toEqual(['staging']);
      expect(omitted.length).toBeGreaterThan(1);
    }
  });

  it('cannot change or shorten the log', async () => {
    await begin();
    await shop.approved();
    await shop.write();
    steal((db) => db.prepare("update audit set actor = 'nobody' where seq = 2").run());
    await expect(shop.write()).rejects.toThrow(/the audit log is broken: entry 2 was changed/);
    steal((db) => db.prepare('delete from audit where seq > 3').run());
    await expect(shop.write()).rejects.toThrow(/broken|no longer contains/);
  });
});

describe('an attacker with the database and the key of the service', () => {
  it('cannot approve where approvers must use their own keys', async () => {
    await begin(KEYS_ONLY);
    const version = await shop.register();
    await shop.bring(version, 'staging');
    const staging = await shop.registry.approvals(sam, version.id);
    for (const [role, subject] of [
      ['reviewer', 'rita'],
      ['security-approver', 'selma'],
    ] as const) {
      const attestation = await sign(approvalStatement(version, role, subject));
      giveApprovals(staging.slice(0, 1), version, {
        stage: 'production',
        attestation,
        role,
        method: 'key',
        signer: subject,
      });
    }
    const { document, why } = await written();
    expect(document.entries[0]?.stages.map(({ stage }) => stage)).toEqual(['staging']);
    expect(why).toMatch(/it was signed by service, but production requires key or keyless/);
  });

  it('cannot pass for a person by omitting whom the service signs for', async () => {
    await begin(KEYS_ONLY);
    const version = await shop.register();
    await shop.bring(version, 'staging');
    const staging = await shop.registry.approvals(sam, version.id);
    giveApprovals(staging, version, {
      stage: 'production',
      attestation: await sign(approvalStatement(version, undefined)),
    });
    const { document, why } = await written();
    expect(document.entries[0]?.stages.map(({ stage }) => stage)).toEqual(['staging']);
    expect(why).toMatch(/"service" signs for the service, but the approval names no person/);
  });

  it('cannot waive for a stage where waivers need personal keys, nor omit whom the service signs for', async () => {
    await begin(KEYS_ONLY);
    const version = await shop.register(SUSPICIOUS);
    const request = requestFor(version);
    const forged = await shop.waive(shop.keys.service, request, { method: 'service', subject: 'selma' });
    await forgeWaiver(request, forged, 'service');
    await shop.bring(version, 'staging');
    // The registry itself also refuses service-signed waivers for a stage with personal keys.
    await expect(shop.bring(version, 'production')).rejects.toThrow(/verdict.suspicious/);
    const staging = await shop.registry.approvals(sam, version.id);
    for (const [role, key] of [
      ['reviewer', shop.keys.rita] as const,
      ['security-approver', shop.keys.selma] as const,
    ]) {
      const attestation = await shop.attest(key, version, 'production');
      const signer = keyHint(key.publicKey);
      giveApprovals(staging.slice(0, 1), version, { stage: 'production', attestation, role, method: 'key', signer });
    }
    const { document, why } = await written();
    expect(document.entries[0]?.stages.map(({ stage }) => stage)).toEqual(['staging']);
    expect(why).toMatch(/it was signed by service, but production requires key or keyless/);
    const forNobody = await shop.waive(shop.keys.service, request);
    steal((db) => db.prepare('update waivers set attestation = ?').run(forNobody));
    expect((await written()).why).toMatch(/"service" signs for the service, but the waiver names no person/);
  });

  it('cannot waive what newer rules found', async () => {
    await begin();
    const version = await shop.approved();
    const found = {
      ruleset: NEWER_RULESET,
      verdict: 'suspicious',
      findings: [findingOf('pickle.global.unlisted')],
    } as const;
    await shop.register(found);
    const waiver = {
      rule: 'pickle.global.unlisted',
      digest: version.digest,
      reason: 'x',
      owner: 'x',
      expires: '2027-06-01T00:00:00Z',
    };
    const records = (await shop.registry.approvals(sam, version.id)).filter(({ stage }) => stage === 'production');
    expect(records.map(({ state }) => state)).toEqual(['void', 'void']);
    const { name, digest } = shop.rules.production.policy;
    const hex = (text: string) => createHash('sha256').update(text).digest('hex');
    for (const { id, attestation } of records) {
      const statement = createStatement('decision', {
        subjects: subjectsOf({ tree: version.digest }),
        resourceUri: version.pinned[0] ?? '',
        action: 'allow',
        at: shop.now(),
        version: '0',
        policy: { name, digest },
        inputs: [
          { name: 'approval', digest: `sha256:${hex(attestation)}` },
          { name: 'ruleset', digest: NEWER_RULESET.digest },
        ],
      });
      const reevaluation = await sign(statement);
      steal((db) =>
        db.prepare("update approvals set state = 'carried', reevaluation = ? where id = ?").run(reevaluation, id),
      );
    }
    steal((db) => {
      log(db, 'waiver.added', version.digest, { id: 'w', ...waiver });
      // The result is the same with a log that lacks the entry that voids the approvals.
      db.prepare("update versions set stage = 'production'").run();
    });
    const { approved } = await written();
    expect(approved).toEqual([]);
  });

  it('cannot carry an approval over to a policy that denies the version', async () => {
    await begin();
    const version = await shop.approved();
    // The attacker writes another assessment and does not log it.
    const body = JSON.stringify(assessmentOf({ verdict: 'malicious', ruleset: RULESET }));
    steal((db) => db.prepare('update assessments set body = ? where version = ?').run(body, version.id));
    const { approved, document } = await written();
    expect(approved).toEqual([]);
    expect(document.entries[0]?.reason).toBe('it has no assessment of these bytes');
  });
});

describe('bytes with several references', () => {
  it('are denied under every reference when one is quarantined', async () => {
    await begin();
    await shop.approved();
    const copy = await shop.register({}, 'acme/copy');
    const { snapshot } = await written();
    expect(snapshot.lookup({ digest: copy.digest }, { stage: 'production', now: shop.now() }).kind).toBe('approved');
    await shop.registry.quarantine(ada, copy.id, 'it phones home');
    const after = await written();
    expect(after.approved).toEqual([]);
    expect(after.document.entries.find(({ model }) => model === 'acme/model')?.reason).toBe(
      'it is quarantined: it phones home (acme/copy@1, of the same bytes)',
    );
  });
});

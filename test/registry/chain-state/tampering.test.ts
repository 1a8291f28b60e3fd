import { sql } from 'kysely';
import { expect, it } from 'vitest';
import type { Registry } from '../../../src/registry/index.ts';
import type { Database } from '../../../src/registry/store/database.ts';
import { connectDatabase } from '../../../src/registry/store/open.ts';
import { digestOf } from '../assessments.ts';
import { describeOnBoth } from '../databases.ts';
import { Bench, codeOf, promote, registered, standing } from '../harness.ts';
import { ada, rita, sam, selma } from '../people.ts';

const APPROVE = { vote: 'approve', role: 'reviewer', comment: '' } as const;
const digest = digestOf('one');

/** Everything an answer says, as one that allows. */
const OPEN = {
  model: 'acme/model',
  number: 1,
  digest,
  pinned: [],
  stage: 'production',
  action: 'allow',
  policy: 'strict',
  policyDigest: digest,
  reason: '',
  restsOn: ['approval'],
  denies: [],
  stages: [
    { stage: 'staging', notAfter: null },
    { stage: 'production', notAfter: null },
  ],
};

describeOnBoth('a registry whose tables were changed in the database', (fresh) => {
  const bench = new Bench(fresh);

  async function changed(
    make: (registry: Registry) => Promise<unknown>,
    tamper: (database: Database) => Promise<unknown>,
  ): Promise<Registry> {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    await make(registry);
    const database = await connectDatabase(address);
    try {
      await tamper(database);
    } finally {
      await database.close();
    }
    return registry;
  }

  const answers = async (registry: Registry) => registry.currentDecisions(sam, { digest });
  const setAnswer = ({ write }: Database) => sql`update gate set answer = ${JSON.stringify(OPEN)}`.execute(write);

  it('denies by an answer that was edited, and by one that was removed', async () => {
    for (const tamper of [setAnswer, ({ write }: Database) => sql`delete from gate`.execute(write)]) {
      const registry = await changed((one) => registered(one), tamper);
      expect(await answers(registry)).toMatchObject([{ action: 'deny', approvedFor: [], stage: 'candidate' }]);
      expect((await answers(registry))[0]?.reason).toContain('not the one that the audit log covers');
      expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
    }
  });

  it('denies by the answer from before a quarantine', async () => {
    let before = '';
    const registry = await changed(
      (one) => standing(one, 'production'),
      async ({ read }) => {
        before = (await read.selectFrom('gate').select('answer').executeTakeFirstOrThrow()).answer;
      },
    );
    expect(await answers(registry)).toMatchObject([{ action: 'allow', approvedFor: ['staging', 'production'] }]);
    const { id } = await registry.version(sam, { model: 'acme/model', number: 1 });
    await registry.quarantine(selma, id, 'odd');
    const later = await changed(
      async (one) => {
        const version = await standing(one, 'production');
        await one.quarantine(selma, version.id, 'odd');
      },
      ({ write }) => sql`update gate set answer = ${before}`.execute(write),
    );
    expect(await answers(later)).toMatchObject([{ action: 'deny', approvedFor: [] }]);
  });

  it('knows no bytes by a key that was added', async () => {
    const evil = digestOf('evil');
    const registry = await changed(
      (one) => standing(one, 'production'),
      ({ write }) =>
        sql`insert into version_keys (tenant, key, version, kind) select tenant, ${evil}, id, 'digest' from versions`.execute(
          write,
        ),
    );
    expect(await registry.currentDecisions(sam, { digest: evil })).toEqual([]);
    expect(await registry.versionsOf(sam, { digest: evil })).toEqual([]);
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
  });

  it('knows no version that was added, with its answer', async () => {
    const evil = digestOf('evil');
    const registry = await changed(
      (one) => standing(one, 'production'),
      async ({ write }) => {
        await sql`insert into versions
          select 'x', tenant, seq + 1000, model, number + 1, ${evil}, ref, stage, stage_reason, lineage, created_at, created_by
          from versions`.execute(write);
        await sql`insert into version_keys (tenant, key, version, kind) values ('acme', ${evil}, 'x', 'digest')`.execute(
          write,
        );
        await sql`insert into gate (version, answer) values
          ('x', ${JSON.stringify({ ...OPEN, number: 2, digest: evil })})`.execute(write);
      },
    );
    expect(await registry.currentDecisions(sam, { digest: evil })).toEqual([]);
    expect(await codeOf(registry.requestTransition(sam, 'x', 'production', ''))).toBe('broken-log');
    expect(await registry.verifyAuditLog(sam)).toMatchObject({
      kind: 'broken',
      why: 'it has no entry about acme/model@2 with these bytes',
    });
  });

  it.each([
    ['the stage of a version', "update versions set stage = 'production'"],
    ['an approval that was revoked', "update approvals set state = 'valid', why = ''"],
    ['the voter of an approval', "update approvals set voter_key = 'somebody else'"],
    ['an approval that was removed', 'delete from approvals'],
    ['a request that was turned down', "update transitions set state = 'approved'"],
    ['a vote', "update votes set voter_key = 'somebody else'"],
    ['a decision', "update decisions set body = replace(body, 'policy', 'polizy')"],
    ['a decision that was removed', "delete from decisions where stage = 'production'"],
    ['an assessment', "update assessments set body = replace(body, 'clean', 'cleam')"],
    ['a lineage', "update versions set lineage = '{}'"],
    ['a key', 'delete from version_keys'],
  ])('refuses every change after one of %s, and finds it', async (_, statement) => {
    let id = '';
    const registry = await changed(
      async (one) => {
        const { version } = await registered(one);
        id = version.id;
        await promote(one, id, 'staging');
        const [given] = await one.approvals(sam, id);
        await one.revoke(selma, given?.id ?? '', 'by mistake');
        const { id: asked } = await one.requestTransition(sam, id, 'staging', '');
        await one.vote(rita, asked, { vote: 'reject', role: 'reviewer', comment: '' });
      },
      ({ write }) => sql.raw(statement).execute(write),
    );
    expect(await codeOf(registry.requestTransition(sam, id, 'staging', ''))).toBe('broken-log');
    expect(await codeOf(registry.reevaluate(sam))).toBe('broken-log');
    expect(await answers(registry)).toMatchObject([{ action: 'deny', approvedFor: [] }]);
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
    // It can be closed all the same, and does not come back.
    await registry.quarantine(selma, id, 'tampered with');
    expect(await codeOf(registry.requestTransition(sam, id, 'candidate', ''))).toBe('broken-log');
    expect(await answers(registry)).toMatchObject([{ action: 'deny', approvedFor: [] }]);
    expect((await registry.auditLog(sam)).items.map(({ action }) => action)).toContain('version.fault');
  });

  it('refuses to show an assessment that was edited', async () => {
    const registry = await changed(
      (one) => registered(one),
      ({ write }) => sql`update assessments set body = replace(body, 'clean', 'cleam')`.execute(write),
    );
    const { id } = await registry.version(sam, { model: 'acme/model', number: 1 });
    expect(await codeOf(registry.assessments(sam, id, 1))).toBe('broken-log');
  });

  it('counts no waiver that was added, edited or brought back', async () => {
    const waived = (expires: string) => ({
      rule: 'verdict.suspicious',
      digest,
      reason: 'ours',
      owner: 'ml',
      expires,
      from: 'waiver by selma',
    });
    const added = (body: object) => (database: Database) =>
      sql`insert into waivers (id, tenant, seq, digest, body, created_by, at, revoked_at)
        values ('w', 'acme', 900, ${digest}, ${JSON.stringify(body)}, 'selma', '', null)`.execute(database.write);
    const one = await changed(
      (registry) => registered(registry, { verdict: 'suspicious' }),
      added(waived('2027-01-31')),
    );
    await one.reevaluate(sam);
    expect(await answers(one)).toMatchObject([{ action: 'deny' }]);
    expect(await one.verifyAuditLog(sam)).toMatchObject({ kind: 'broken', why: 'the waiver w was changed or added' });
    const { from: _, ...asked } = waived('2027-01-31');
    const back = await changed(
      async (registry) => {
        await registered(registry, { verdict: 'suspicious' });
        const { id } = await registry.addWaiver(ada, asked);
        await registry.revokeWaiver(ada, id);
      },
      ({ write }) => sql`update waivers set revoked_at = null`.execute(write),
    );
    await back.reevaluate(sam);
    expect(await answers(back)).toMatchObject([{ action: 'deny' }]);
    expect(await back.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
  });

  it('follows no alias that was moved', async () => {
    const registry = await changed(
      async (one) => {
        await registered(one);
        await registered(one, { name: 'two' });
        await one.setAlias(ada, 'acme/model', 'live', 1);
      },
      ({ write }) => sql`update aliases set version = (select id from versions where number = 2)`.execute(write),
    );
    expect(await codeOf(registry.version(sam, { model: 'acme/model', alias: 'live' }))).toBe('broken-log');
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
  });

  it('lets nobody in by a token that was added, raised, prolonged or brought back', async () => {
    for (const statement of [
      `update tokens set roles = '["viewer","admin"]'`,
      "update tokens set expires_at = '2099-01-01T00:00:00.000Z'",
      'update tokens set creator_key = \'[null,"somebody"]\'',
      "update tokens set id = 'another'",
    ]) {
      let secret = '';
      const registry = await changed(
        async (one) => {
          ({ secret } = await one.createToken(ada, { name: 'ci', roles: ['viewer'] }));
          expect(await one.authenticate(secret)).toMatchObject({ subject: 'ci' });
        },
        ({ write }) => sql.raw(statement).execute(write),
      );
      expect(await registry.authenticate(secret)).toBeUndefined();
      expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
    }
    let secret = '';
    const revoked = await changed(
      async (one) => {
        const made = await one.createToken(ada, { name: 'ci', roles: ['viewer'] });
        secret = made.secret;
        await one.revokeToken(ada, made.token.id);
      },
      ({ write }) => sql`update tokens set revoked_at = null`.execute(write),
    );
    expect(await revoked.authenticate(secret)).toBeUndefined();
  });

  it('answers nothing by a log that was cut off while it runs, and a head that was kept finds it later', async () => {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    const version = await standing(registry, 'production');
    const kept = await registry.verifyAuditLog(sam);
    if (kept.kind !== 'intact') throw new Error('the log is broken');
    await registry.quarantine(selma, version.id, 'odd');
    const after = await registry.verifyAuditLog(sam);
    if (after.kind !== 'intact') throw new Error('the log is broken');
    expect(await answers(registry)).toMatchObject([{ action: 'deny' }]);
    const database = await connectDatabase(address);
    try {
      const { write, dialect } = database;
      if (dialect === 'postgres') await sql`alter table audit disable trigger user`.execute(write);
      else await sql`drop trigger audit_no_delete`.execute(write);
      await sql`delete from audit where seq > ${kept.head.seq}`.execute(write);
      await sql`update tenants set audit_seq = ${kept.head.seq}, audit_hash = ${kept.head.hash}`.execute(write);
    } finally {
      await database.close();
    }
    expect(await codeOf(answers(registry))).toBe('broken-log');
    const later = await bench.open({ database: address });
    // The records still tell of the quarantine, and the log does not: nothing is allowed.
    expect(await answers(later)).toMatchObject([{ action: 'deny' }]);
    expect(await later.verifyAuditLog(sam, after.head)).toEqual({
      kind: 'broken',
      seq: kept.head.seq + 1,
      why: `the log ends at entry ${kept.head.seq}, and the head that was kept is ${after.head.seq}`,
    });
    expect(await later.verifyAuditLog(sam, { ...kept.head, hash: 'f'.repeat(64) })).toMatchObject({ kind: 'broken' });
  });

  it('reads each entry of the log once, whatever number of questions is asked', async () => {
    const registry = await bench.open();
    await standing(registry, 'production');
    await answers(registry);
    const before = await registry.auditHead(sam);
    for (let count = 0; count < 20; count++) expect(await answers(registry)).toMatchObject([{ action: 'allow' }]);
    expect(await registry.auditHead(sam)).toBe(before);
    expect(await registry.reevaluate(sam)).toMatchObject({ versions: 1, changed: [] });
    // What covers the records already is not written again.
    expect(await registry.auditHead(sam)).toBe(before);
  });

  it('keeps no approval of a request that was decided on other records', async () => {
    let id = '';
    const registry = await changed(
      async (one) => {
        const { version } = await registered(one);
        id = (await one.requestTransition(sam, version.id, 'staging', '')).id;
      },
      ({ write }) => sql`update transitions set requester_key = '["https://login.example","rita"]'`.execute(write),
    );
    expect(await codeOf(registry.vote(selma, id, { ...APPROVE, role: 'security-approver' }))).toBe('broken-log');
  });
});

import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../src/registry/audit-chain/canonical-json.ts';
import { NO_ENTRY } from '../../src/registry/audit-chain/chain.ts';
import type { Database } from '../../src/registry/store/database.ts';
import { connectDatabase } from '../../src/registry/store/open.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, promote, registered } from './harness.ts';
import { sam } from './people.ts';

/** The owner of the database can drop its triggers; the hash chain still shows a change. */
async function unguard({ write, dialect }: Database): Promise<void> {
  if (dialect === 'postgres') {
    await sql`alter table audit disable trigger user`.execute(write);
    return;
  }
  for (const event of ['update', 'delete']) await sql`drop trigger ${sql.ref(`audit_no_${event}`)}`.execute(write);
}

describeOnBoth('the audit log', (fresh) => {
  const bench = new Bench(fresh);

  async function written() {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    const { version } = await registered(registry);
    await promote(registry, version.id, 'staging');
    return { address, registry };
  }

  async function tampered(tamper: (database: Database) => Promise<unknown>) {
    const { address, registry } = await written();
    const database = await connectDatabase(address);
    try {
      await unguard(database);
      await tamper(database);
    } finally {
      await database.close();
    }
    return registry.verifyAuditLog(sam);
  }

  it('lists every action in order', async () => {
    const { registry } = await written();
    const { items } = await registry.auditLog(sam);
    expect(items.map(({ seq, action }) => [seq, action])).toEqual([
      [1, 'version.registered'],
      [2, 'transition.requested'],
      [3, 'approval.given'],
      [4, 'transition.approved'],
      [5, 'version.moved'],
    ]);
    expect(items[0]).toMatchObject({
      previous: NO_ENTRY,
      subject: 'acme/model@1',
      actor: 'sam (https://login.example)',
    });
    const head = items.at(-1);
    expect(await registry.verifyAuditLog(sam)).toEqual({
      kind: 'intact',
      entries: 5,
      head: { seq: 5, hash: head?.hash },
    });
    expect((await registry.auditLog(sam, { subject: 'acme/model@1', limit: 2 })).next).toBe('2');
    expect((await registry.auditLog(sam, { after: '4' })).items).toEqual([head]);
    expect(await registry.auditSince(sam, 4, 10)).toEqual([head]);
    expect(await registry.auditHead(sam)).toBe(5);
  });

  it('cannot be changed or shortened through the database', async () => {
    const { address, registry } = await written();
    const database = await connectDatabase(address);
    const said = /audit log is never changed/;
    try {
      await expect(sql`update audit set actor = 'nobody' where seq = 2`.execute(database.write)).rejects.toThrow(said);
      await expect(sql`delete from audit`.execute(database.write)).rejects.toThrow(said);
      if (database.dialect === 'postgres')
        await expect(sql`truncate audit`.execute(database.write)).rejects.toThrow(said);
    } finally {
      await database.close();
    }
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });

  it.each([
    ['actor', 'nobody'],
    ['at', '2020-01-01T00:00:00.000Z'],
    ['action', 'version.assessed'],
    ['subject', 'acme/other@1'],
    ['detail', '{}'],
    ['detail', 'no JSON'],
    ['hash', 'f'.repeat(64)],
  ])('detects that %s of an entry was changed to %s', async (column, value) => {
    const verdict = await tampered(({ write }) =>
      sql`update audit set ${sql.ref(column)} = ${value} where seq = 3`.execute(write),
    );
    expect(verdict).toMatchObject({ kind: 'broken', seq: 3 });
  });

  it('detects a missing entry, a moved entry and an added entry', async () => {
    const deleted = await tampered(({ write }) => sql`delete from audit where seq = 2`.execute(write));
    expect(deleted).toEqual({ kind: 'broken', seq: 2, why: 'entry 2 is missing: 3 follows' });
    const swapped = await tampered(async ({ write }) => {
      await sql`update audit set seq = 99 where seq = 2`.execute(write);
      await sql`update audit set seq = 2 where seq = 3`.execute(write);
      await sql`update audit set seq = 3 where seq = 99`.execute(write);
    });
    expect(swapped).toMatchObject({ kind: 'broken', seq: 2 });
    const first = await tampered(({ write }) => sql`delete from audit where seq = 1`.execute(write));
    expect(first).toMatchObject({ kind: 'broken', seq: 1 });
  });

  it('detects truncation by the head that the database keeps', async () => {
    const verdict = await tampered(({ write }) => sql`delete from audit where seq > 3`.execute(write));
    expect(verdict).toEqual({ kind: 'broken', seq: 4, why: 'the log ends at entry 3, and its head is 5' });
  });

  it('detects records that were rolled back together with the log and its head only by a head that was kept elsewhere', async () => {
    const address = await bench.fresh();
    const registry = await bench.open({ database: address });
    await registered(registry);
    await registry.setAlias(sam, 'acme/model', 'live', 1);
    const elsewhere = await registry.verifyAuditLog(sam);
    if (elsewhere.kind !== 'intact') throw new Error('the log is broken');
    const database = await connectDatabase(address);
    try {
      await unguard(database);
      await sql`delete from audit where seq > 1`.execute(database.write);
      await sql`update tenants set audit_seq = 1, audit_hash = (select hash from audit where seq = 1)`.execute(
        database.write,
      );
      await sql`delete from aliases`.execute(database.write);
    } finally {
      await database.close();
    }
    // Who read the log before knows that it was longer.
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'broken' });
    const later = await bench.open({ database: address });
    expect(await later.verifyAuditLog(sam)).toMatchObject({ kind: 'intact', entries: 1 });
    expect(await later.verifyAuditLog(sam, elsewhere.head)).toEqual({
      kind: 'broken',
      seq: 2,
      why: 'the log ends at entry 1, and the head that was kept is 2',
    });
    // Nor does a corrected tail hide it: what follows now is not what was kept.
    await later.setAlias(sam, 'acme/model', 'other', 1);
    expect(await later.verifyAuditLog(sam, elsewhere.head)).toEqual({
      kind: 'broken',
      seq: 2,
      why: 'entry 2 is not the one of the head that was kept',
    });
    const head = await later.verifyAuditLog(sam);
    if (head.kind !== 'intact') throw new Error('the log is broken');
    await later.setAlias(sam, 'acme/model', 'more', 1);
    expect(await later.verifyAuditLog(sam, head.head)).toMatchObject({ kind: 'intact', entries: 3 });
  });

  it('verifies completely when it is longer than one page', async () => {
    const registry = await bench.open();
    await registered(registry);
    for (let i = 0; i < 1100; i++) await registry.setAlias(sam, 'acme/model', `a${i % 3}`, 1);
    let turns = 0;
    let turning = setImmediate(function turn() {
      turns += 1;
      turning = setImmediate(turn);
    });
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact', entries: 1101 });
    clearImmediate(turning);
    // A reader of a long log does not block others.
    expect(turns).toBeGreaterThan(4);
  });

  it('writes JSON in canonical form', () => {
    expect(canonicalJson({ b: [1, null, 'ü\n'], a: { d: undefined, c: true } })).toBe(
      '{"a":{"c":true},"b":[1,null,"ü\\n"]}',
    );
  });
});

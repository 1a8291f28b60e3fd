import { statSync, writeFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { EQUAL_SHARES } from '../../src/registry/job-shares.ts';
import { change } from '../../src/registry/store/change.ts';
import type { Database } from '../../src/registry/store/database.ts';
import { MIGRATIONS, migrate } from '../../src/registry/store/migrate.ts';
import { connectDatabase } from '../../src/registry/store/open.ts';
import { assessmentOf, digestOf } from './assessments.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, codeOf, plainRules, registered } from './harness.ts';
import { sam } from './people.ts';

describeOnBoth('the schema', (fresh, dialect) => {
  const bench = new Bench(fresh);

  async function withDatabase<T>(address: string, work: (database: Database) => Promise<T>): Promise<T> {
    const database = await connectDatabase(address);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  async function steps(address: string): Promise<unknown[]> {
    return withDatabase(address, async ({ write }) => {
      const { rows } = await sql<{ version: number }>`select version from assay_schema order by version`.execute(write);
      return rows.map(({ version }) => version);
    });
  }

  it('is numbered without gaps', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  it.each(MIGRATIONS.map(({ version, name }) => [version, name]))(
    'migrates from version %d (%s) with all rows',
    async (version) => {
      const address = await fresh();
      await withDatabase(address, async (database) => {
        await migrate(database, MIGRATIONS.slice(0, version));
        const tenant = { name: 'acme', audit_seq: 0, audit_hash: '0'.repeat(64), counter: 7 };
        await database.write.insertInto('tenants').values(tenant).execute();
        const model = { tenant: 'acme', name: 'old/model', description: '', created_at: '', created_by: 'sam' };
        await database.write.insertInto('models').values(model).execute();
      });
      const registry = await bench.open({ database: address });
      await registered(registry);
      const { items } = await registry.models(sam);
      expect(items.map(({ name }) => name)).toEqual(['acme/model', 'old/model']);
      expect(await steps(address)).toEqual(MIGRATIONS.map((step) => step.version));
    },
  );

  it('keeps waivers from before waivers were signed, and marks them as unsigned', async () => {
    const address = await fresh();
    const { assessment, digest } = { assessment: assessmentOf({ verdict: 'suspicious' }), digest: digestOf('one') };
    const waiver = { rule: 'verdict.suspicious', digest, reason: 'ours', owner: 'ml', expires: '2027-01-31' };
    await withDatabase(address, async (database) => {
      await migrate(database, MIGRATIONS.slice(0, 6));
      const tenant = { name: 'acme', audit_seq: 0, audit_hash: '0'.repeat(64), counter: 7 };
      await database.write.insertInto('tenants').values(tenant).execute();
      await sql`insert into waivers (id, tenant, seq, digest, body, created_by, at, revoked_at)
        values ('w', 'acme', 7, ${digest}, ${JSON.stringify({ ...waiver, from: 'x' })}, 'selma', '', null)`.execute(
        database.write,
      );
    });
    await withDatabase(address, async (database) => {
      const context = {
        database,
        rules: await plainRules(),
        trust: undefined,
        signer: undefined,
        signsLater: false,
        tokenIssuer: undefined,
        isRule: () => false,
        sealer: undefined,
        shares: EQUAL_SHARES,
        now: bench.clock.now,
      };
      await change(context, sam, async (log) => log.record('waiver.added', digest, { id: 'w', ...waiver, from: 'x' }));
    });
    const registry = await bench.open({ database: address });
    expect((await registry.register(sam, { model: 'm', assessment })).decision.decision.action).toBe('allow');
    expect((await registry.waivers(sam)).items).toMatchObject([{ id: 'w', method: null, attestation: null }]);
    const rules = await plainRules();
    const strict = { ...rules, candidate: { ...rules.candidate, methods: ['key'] } } as const;
    const asked = await bench.open({ database: address, rules: strict });
    await asked.reevaluate(sam);
    expect((await asked.currentDecisions(sam, { digest }))[0]?.action).toBe('deny');
  });

  it('is created once by programs that start at the same time', async () => {
    const address = await fresh();
    const opened = await Promise.all([1, 2, 3].map(() => bench.open({ database: address })));
    for (const registry of opened) await registered(registry);
    expect((await opened[0]?.models(sam))?.items).toHaveLength(1);
    expect(await steps(address)).toEqual(MIGRATIONS.map((step) => step.version));
  });

  it('is not changed when a newer program wrote it', async () => {
    const address = await fresh();
    await withDatabase(address, async (database) => {
      await migrate(database);
      await sql`insert into assay_schema (version, name, at) values (99, 'later', '')`.execute(database.write);
    });
    expect(await codeOf(bench.open({ database: address }))).toBe('newer-schema');
  });

  it('is migrated completely or not at all when a step fails', async () => {
    const address = await fresh();
    await withDatabase(address, async (database) => {
      const failing = { version: 2, name: 'fails', up: () => Promise.reject(new Error('no')) };
      await expect(migrate(database, [...MIGRATIONS.slice(0, 1), failing])).rejects.toThrow('no');
      await expect(database.write.selectFrom('models').selectAll().execute()).rejects.toThrow();
    });
    await registered(await bench.open({ database: address }));
  });

  if (dialect === 'sqlite') {
    it('is created in a file that only its owner can read, with a write-ahead log, and never in a file of another format', async () => {
      const address = await fresh();
      const path = address.slice('sqlite:'.length);
      await registered(await bench.open({ database: address }));
      expect(statSync(path).mode & 0o777).toBe(0o600);
      await withDatabase(address, async ({ write }) => {
        expect((await sql`pragma journal_mode`.execute(write)).rows).toEqual([{ journal_mode: 'wal' }]);
        expect((await sql`pragma foreign_keys`.execute(write)).rows).toEqual([{ foreign_keys: 1 }]);
      });
      const other = `${path}.txt`;
      writeFileSync(
        other,
        'no database, but a text that is long enough to be looked at as one, which it is not'.repeat(20),
      );
      expect(await codeOf(bench.open({ database: `sqlite:${other}` }))).toBe('unavailable');
      expect(await codeOf(bench.open({ database: `sqlite:${path}/no/such/folder.db` }))).toBe('unavailable');
    });
  } else {
    it('is refused with an error code for a server that does not answer and for an invalid address', async () => {
      expect(await codeOf(bench.open({ database: 'postgres://assay@127.0.0.1:1/none' }))).toBe('unavailable');
      const missing = (await fresh()).replace(/registry_\w+$/, 'no_such_database');
      expect(await codeOf(bench.open({ database: missing }))).toBe('unavailable');
      for (const database of ['mysql://x', 'sqlite:', '', 'postgres://[']) {
        expect(await codeOf(bench.open({ database }))).toBe('invalid');
      }
    });
  }

  it('stores hostile text unchanged', async () => {
    const registry = await bench.open();
    const hostile = 'a\u0000b\ud800"\u2028<script>';
    const assessment = { ...assessmentOf(), notes: [hostile] };
    const { version } = await registry.register(sam, { model: 'm', assessment });
    expect((await registry.assessments(sam, version.id))[0]?.assessment.notes).toEqual([hostile]);
  });
});

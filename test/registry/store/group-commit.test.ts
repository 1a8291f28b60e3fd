import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { GroupCommit } from '../../../src/registry/store/group-commit.ts';
import type { Tables } from '../../../src/registry/store/tables.ts';

let db: Kysely<Tables>;
let said: string[];

/** A database with the tenants table alone, and the statements sent to it. */
async function group(): Promise<GroupCommit> {
  said = [];
  const connection = new Sqlite(':memory:', { verbose: (text) => said.push(String(text)) });
  db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  await db.schema
    .createTable('tenants')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('audit_seq', 'integer')
    .addColumn('audit_hash', 'text')
    .addColumn('counter', 'integer')
    .execute();
  said = [];
  return new GroupCommit(db);
}

afterEach(() => db.destroy());

const commits = () => said.filter((text) => text === 'commit').length;
const names = async () =>
  (await db.selectFrom('tenants').select('name').orderBy('name').execute()).map((row) => row.name);

function add(changes: GroupCommit, name: string): Promise<string> {
  return changes.change(async (within) => {
    await within.insertInto('tenants').values({ name, audit_seq: 0, audit_hash: '', counter: 0 }).execute();
    return name;
  });
}

it('group commit commits concurrent changes once and returns to each its own result', async () => {
  const changes = await group();
  expect(await Promise.all(['a', 'b', 'c'].map((name) => add(changes, name)))).toEqual(['a', 'b', 'c']);
  expect(commits()).toBe(1);
  expect(await names()).toEqual(['a', 'b', 'c']);
});

it('group commit returns no result before the commit', async () => {
  const changes = await group();
  const told = add(changes, 'a').then(() => commits());
  const other = add(changes, 'b').then(() => commits());
  expect(await Promise.all([told, other])).toEqual([1, 1]);
});

it('group commit isolates the failure of one change', async () => {
  const changes = await group();
  const mine = new Error('mine');
  const ends = await Promise.allSettled([
    add(changes, 'a'),
    changes.change(async (within) => {
      await within.insertInto('tenants').values({ name: 'gone', audit_seq: 0, audit_hash: '', counter: 0 }).execute();
      throw mine;
    }),
    add(changes, 'a'),
    add(changes, 'b'),
  ]);
  expect(ends[0]).toEqual({ status: 'fulfilled', value: 'a' });
  expect(ends[1]).toEqual({ status: 'rejected', reason: mine });
  expect(ends[2]).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } });
  expect(ends[3]).toEqual({ status: 'fulfilled', value: 'b' });
  expect(await names()).toEqual(['a', 'b']);
});

it('group commit puts changes that arrive during a commit into the next group', async () => {
  const changes = await group();
  const first = changes.change(async () => {
    const later = [add(changes, 'b'), add(changes, 'c')];
    return later;
  });
  await Promise.all(await first);
  expect(commits()).toBe(2);
  expect(await names()).toEqual(['b', 'c']);
});

it('group commit runs a single change once, also when it fails', async () => {
  const changes = await group();
  let made = 0;
  const failing = changes.change(async () => {
    made++;
    throw new Error('mine');
  });
  await expect(failing).rejects.toThrow('mine');
  expect(made).toBe(1);
});

it('group commit reports to every caller that the database accepts no change', async () => {
  const changes = await group();
  await db.destroy();
  const ends = await Promise.allSettled(['a', 'b'].map((name) => add(changes, name)));
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(commits()).toBe(0);
});

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqlSession, type SqlLimits, type SqlSession } from '../../../src/sandbox/sql/sql-session.ts';
import { tempFolder } from '../../support/temp.ts';

const MiB = 1024 * 1024;
const LIMITS: SqlLimits = {
  sandboxMemoryBytes: 1024 * MiB,
  sandboxCpuSeconds: 120,
  sandboxWallMs: 300_000,
  sessionCpuSeconds: 600,
  spillBytes: 256 * MiB,
  maxResultBytes: 4 * MiB,
};
const folder = tempFolder();
const given = join(folder, "it's [a] *.csv");
const other = join(folder, 'other.csv');
writeFileSync(given, 'a,b\n1,x\n2,y\n');
writeFileSync(other, 'secret\n1\n');
const sessions: SqlSession[] = [];
afterAll(() => Promise.all(sessions.map((session) => session.close())));

async function open(limits: Partial<SqlLimits> = {}, signal?: AbortSignal): Promise<SqlSession> {
  const session = await openSqlSession({
    files: new Map([['input-0.csv', given]]),
    limits: { ...LIMITS, ...limits },
    threads: 2,
    temporary: folder,
    signal,
  });
  sessions.push(session);
  return session;
}

describe('an SQL session', () => {
  it('reads the files that it was given, by names of its own', async () => {
    const session = await open();
    expect(session.version).toMatch(/^v1\.5/);
    const { columns, rows } = await session.run("SELECT * FROM read_csv('input-0.csv') WHERE a > $least", { least: 1 });
    expect(columns).toEqual([
      { name: 'a', type: 'BIGINT' },
      { name: 'b', type: 'VARCHAR' },
    ]);
    expect(rows).toEqual([[2, 'y']]);
    expect((await session.run("SELECT CAST('18446744073709551615' AS UBIGINT), CAST('nan' AS DOUBLE)")).rows).toEqual([
      ['18446744073709551615', null],
    ]);
  });

  it('reads, writes, installs and loads nothing else, and cannot be told to', async () => {
    const session = await open();
    const refused = [
      `SELECT * FROM read_csv('${other}')`,
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM read_csv('input-0.csv/../../other.csv')",
      "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
      "SELECT * FROM glob('/etc/*')",
      `COPY (SELECT 1) TO '${join(folder, 'written.csv')}'`,
      "COPY (SELECT 1) TO 'input-0.csv'",
      `ATTACH '${join(folder, 'written.duckdb')}'`,
      'INSTALL httpfs',
      'LOAD httpfs',
      'SET enable_external_access = true',
      "SET allowed_directories = ['/']",
      "SET memory_limit = '1TB'",
      'RESET lock_configuration',
    ];
    for (const statement of refused) await expect(session.run(statement), statement).rejects.toThrow();
    expect((await session.run("SELECT count(*) FROM read_csv('input-0.csv')")).rows).toEqual([[2]]);
    expect(readdirSync(folder).filter((name) => name.startsWith('written'))).toEqual([]);
  });

  it('follows no link to a file that it was not given', async () => {
    const session = await openSqlSession({
      files: new Map([['input-0.csv', given]]),
      limits: LIMITS,
      threads: 1,
      temporary: folder,
    });
    sessions.push(session);
    const { symlinkSync } = await import('node:fs');
    symlinkSync(other, join(session.folder, 'input-1.csv'));
    await expect(session.run("SELECT * FROM read_csv('input-1.csv')")).rejects.toMatchObject({ code: 'sandbox' });
  });

  it('ends at the bound on a result, on disk and on memory, and names it', async () => {
    const session = await open({ spillBytes: 24 * MiB });
    await expect(session.run("SELECT repeat('x', 100) FROM range(100000)")).rejects.toMatchObject({ code: 'limit' });
    await expect(session.run("SELECT len(list(repeat('x', 1000) || range)) FROM range(3000000)")).rejects.toMatchObject(
      { code: 'limit' },
    );
    expect((await session.run('SELECT 1')).rows).toEqual([[1]]);
    await expect(
      session.run('CREATE TABLE large AS SELECT sha256(CAST(range AS VARCHAR)) FROM range(2000000)'),
    ).rejects.toMatchObject({
      code: 'limit',
    });
  });

  it('stops, and leaves nothing, when it is aborted within a statement', async () => {
    const control = new AbortController();
    const session = await openSqlSession({
      files: new Map(),
      limits: LIMITS,
      threads: 1,
      temporary: folder,
      signal: control.signal,
      onProgress: () => control.abort(),
    });
    const endless = 'SELECT count(*) FROM range(100000000000) AS a WHERE sha256(CAST(range AS VARCHAR)) = $x';
    await expect(session.run(endless, { x: '1' })).rejects.toMatchObject({ code: 'aborted' });
    expect(existsSync(session.folder)).toBe(false);
    await expect(session.run('SELECT 1')).rejects.toMatchObject({ code: 'aborted' });
  });

  it('refuses names of files that could be something else in a statement', async () => {
    for (const name of ["a'.csv", '../a.csv', '/a.csv', 'a*.csv', 'http://a/b.csv', '']) {
      const options = { files: new Map([[name, given]]), limits: LIMITS, threads: 1, temporary: folder };
      await expect(openSqlSession(options), name).rejects.toMatchObject({ code: 'internal' });
    }
  });
});

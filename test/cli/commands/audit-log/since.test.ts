import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { startConsole } from '../../../support/console.ts';
import { tempFolder } from '../../../support/temp.ts';
import { ROOT, runCli } from '../../run-cli.ts';

it('audit-log verify --since finds a log that was cut off together with its head', async () => {
  const folder = tempFolder();
  const path = join(folder, 'registry.db');
  copyFileSync(join(ROOT, 'fixtures/benign/stdlib/3.13.0/none-types.p3.pkl'), join(folder, 'model.pkl'));
  const registry = ['--registry', path];
  const promote = ['promote', join(folder, 'model.pkl'), '--model', 'acme/m', '--stage', 'staging', ...registry];
  expect((await runCli(promote)).code).toBe(0);
  const whole = await runCli(['audit-log', 'verify', ...registry]);
  const [, seq = '', hash = ''] = /the last is (\d+): ([0-9a-f]{64})/.exec(whole.stdout) ?? [];
  const head = `${seq}:${hash}`;
  expect((await runCli(['audit-log', 'verify', '--since', head, ...registry])).code).toBe(0);
  // A head of the right number that never was.
  const other = `${seq}:${'0'.repeat(64)}`;
  expect((await runCli(['audit-log', 'verify', '--since', other, ...registry])).code).toBe(1);

  const database = new Database(path);
  // Who can write to the database can take its guards away.
  const guards = database.prepare("select name from sqlite_master where type = 'trigger'").all() as { name: string }[];
  for (const { name } of guards) database.exec(`drop trigger "${name}"`);
  const before = database.prepare('select seq, hash from audit order by seq limit 1').get() as {
    seq: number;
    hash: string;
  };
  database.prepare('delete from audit where seq > ?').run(before.seq);
  database.prepare('update tenants set audit_seq = ?, audit_hash = ?').run(before.seq, before.hash);
  database.close();
  const cut = await runCli(['audit-log', 'verify', '--since', head, ...registry]);
  expect(cut.code).toBe(1);
  expect(cut.stdout + cut.stderr).toMatch(/BROKEN|cut|missing|does not/i);
});

it('audit-log verify --since asks a service the same', async () => {
  const service = await startConsole(join(tempFolder(), 'since'));
  try {
    const env = { ASSAY_URL: service.url, ASSAY_TOKEN: await service.token('rita', ['reviewer']) };
    const verify = (...more: string[]) => runCli(['audit-log', 'verify', ...more], { env });
    const [, seq = '', hash = ''] = /the last is (\d+): ([0-9a-f]{64})/.exec((await verify()).stdout) ?? [];
    expect(seq).toMatch(/^[1-9]/);
    await service.token('vera', ['viewer']);
    // The log went on from there.
    expect((await verify('--since', `${seq}:${hash}`)).code).toBe(0);
    const other = await verify('--since', `${seq}:${'0'.repeat(64)}`);
    expect(other.code).toBe(1);
    expect(other.stdout + other.stderr).toMatch(/BROKEN/i);
    // A head of a log that was longer.
    expect((await verify('--since', `${Number(seq) + 50}:${hash}`)).code).toBe(1);
    const wrong = await verify('--since', 'yesterday');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/--since|yesterday/);
  } finally {
    await service.close();
  }
});

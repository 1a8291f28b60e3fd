import { createPublicKey } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLL_MS } from '../../../../src/cli/commands/snapshot/run.ts';
import { openSnapshot } from '../../../../src/snapshot/index.ts';
import { commitOf } from '../../../registry/assessments.ts';
import { describeOnPostgres } from '../../../registry/databases.ts';
import { ada, sam } from '../../../registry/people.ts';
import { Workshop } from '../../../registry/snapshot/workshop.ts';
import { until } from '../../../support/until.ts';
import { type CliOptions, runCli } from '../../run-cli.ts';

const PASSPHRASE = 'correct horse';
let folder: string;
let database: string;
let shop: Workshop;
let key: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-cli-snapshot-'));
  database = join(folder, 'registry.db');
});
afterEach(async () => {
  await shop.registry.close();
  rmSync(folder, { recursive: true, force: true });
});

async function begin(url = `sqlite:${database}`): Promise<void> {
  shop = await Workshop.open(folder, url);
  key = join(folder, 'writer.pem');
  writeFileSync(key, shop.keys.writer.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}

function args(...more: string[]): string[] {
  const rules = ['--rules', join(folder, 'rules.yaml'), '--trust', shop.trustPath, '--tenant', 'acme'];
  return ['snapshot', '--registry', database, '--key', key, '-o', shop.output, ...rules, ...more];
}

function opened() {
  const trust = createPublicKey(readFileSync(key, 'utf8'));
  return openSnapshot(readFileSync(shop.output), { trust, now: new Date(), tenant: 'acme' });
}
const asked = { stage: 'production', now: new Date() };
const answer = (name = 'one') => opened().lookup({ ref: `hf://acme/model@${commitOf(name)}` }, asked).kind;

describe('assay snapshot', () => {
  beforeEach(() => begin());

  it('writes a snapshot that webhooks accept, and lists what it omits', async () => {
    await shop.approved();
    const candidate = await shop.register({ name: 'two' });
    await shop.registry.quarantine(ada, candidate.id, 'bad');
    const first = await runCli(args());
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toMatch(/^Signed: snapshot 1, 2 versions, 1 approved, until \d{4}-.*snapshot\.json\n$/);
    expect(answer()).toBe('approved');
    expect(answer('two')).toBe('denied');
    const short = await runCli(args('--expires-in', '12h', '--quiet', '--public-url', 'https://assay.example'));
    expect(short).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { meta } = opened();
    expect(meta.version).toBe(2);
    expect(Date.parse(meta.expires) - Date.parse(meta.issued)).toBe(12 * 3_600_000);
  });

  it('explains why an approval is not valid under the trust file', async () => {
    await shop.approved();
    // The trust file no longer lists Selma.
    writeFileSync(shop.trustPath, readFileSync(shop.trustPath, 'utf8').replace(/.*selma.*\n/, ''));
    const result = await runCli(args('--explain'));
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(
      /^acme\/model@1: left out approval .*: it was signed with a key \(.*\) that the trust file does not list$/m,
    );
    expect(result.stdout).toMatch(
      /^acme\/model@1: left out stage production: its approvals for production are not valid/m,
    );
    expect(answer()).toBe('denied');
    expect((await runCli(args())).stderr).toMatch(/; 2 left out \(--explain says why\)/);
  });

  it('includes the given servers and images', async () => {
    await shop.approved();
    const image = `sha256:${'ab'.repeat(32)}`;
    const result = await runCli(
      args('--endpoint', 'hf=https://hub.example/', '--image', `${image}=2099-01-01T00:00:00Z`),
    );
    expect(result.code).toBe(0);
    expect(answer()).toBe('unlisted');
    const ref = `hf://acme/model@${commitOf('one')}`;
    expect(opened().lookup({ ref, endpoint: 'https://hub.example' }, asked).kind).toBe('approved');
    expect(opened().allowsImage(image, new Date())).toBe(true);
    expect(opened().meta.schemaVersion).toBe('1');
    const sealed = `sha256:${'cd'.repeat(32)}`;
    expect((await runCli(args('--image', image, '--sealed-image', sealed))).code).toBe(0);
    expect(opened().meta.schemaVersion).toBe('2');
    expect([image, sealed].map((one) => opened().sealsImage(one, new Date()))).toEqual([false, true]);
    expect([image, sealed].map((one) => opened().allowsImage(one, new Date()))).toEqual([true, true]);
    const wrong = await runCli(args('--sealed-image', 'nginx:1'));
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/--sealed-image nginx:1: names no image/)]);
  });

  it('decrypts an encrypted key with a passphrase from a file or the environment', async () => {
    const { privateKey } = shop.keys.writer;
    writeFileSync(
      key,
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE }),
      { mode: 0o600 },
    );
    expect((await runCli(args())).stderr).toMatch(
      /the private key is encrypted; give --passphrase-file, or set ASSAY_KEY_PASSPHRASE/,
    );
    expect((await runCli(args(), { env: { ASSAY_KEY_PASSPHRASE: PASSPHRASE } })).code).toBe(0);
    writeFileSync(join(folder, 'pass'), `${PASSPHRASE}\n`);
    expect((await runCli(args('--passphrase-file', join(folder, 'pass')))).code).toBe(0);
  });

  it('warns of a key that is also used for other purposes', async () => {
    writeFileSync(key, shop.keys.rita.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    expect((await runCli(args())).stderr).toMatch(/warning: .*is also the key of "rita"/);
  });

  it.each([
    ['a missing registry', ['--registry', 'missing.db'], /missing\.db: the registry does not exist; check the path/],
    ['a missing trust file', ['--trust', 'missing.yaml'], /missing\.yaml: no such file/],
    ['an invalid lifetime', ['--expires-in', '0d'], /--expires-in 0d: is not a valid lifetime/],
    ['an endpoint that is not a server', ['--endpoint', 'hub.example'], /--endpoint hub\.example: names no server/],
    ['an invalid image', ['--image', 'nginx'], /--image nginx: names no image/],
    ['a missing output folder', ['-o', '/nowhere/x.json'], /\/nowhere\/.*cannot be written/],
  ])('reports %s', async (_, more, message) => {
    const result = await runCli(args(...more));
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('signs nothing when the registry was rolled back', async () => {
    await shop.approved();
    await shop.registry.close();
    copyFileSync(database, `${database}.old`);
    await shop.reopen(`sqlite:${database}`);
    await shop.register({ name: 'two' });
    expect((await runCli(args())).code).toBe(0);
    await shop.registry.close();
    for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
    copyFileSync(`${database}.old`, database);
    const result = await runCli(args());
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(/registry\.db: the audit log no longer contains entry \d+ .*; restore the registry/);
    expect(opened().meta.version).toBe(1);
    await shop.reopen(`sqlite:${database}`);
  });

  it('with --watch publishes a quarantine within a minute, and Ctrl-C ends it', async () => {
    await shop.approved();
    let child: Parameters<NonNullable<CliOptions['onStart']>>[0] | undefined;
    const running = runCli(args('--watch'), {
      onStart: (started) => {
        child = started;
      },
    });
    await until('a snapshot is there', () => isThere() && answer() === 'approved');
    const [version] = await shop.registry.versionsOf(sam, { ref: `hf://acme/model@${commitOf('one')}` });
    await shop.registry.quarantine(ada, version?.id ?? '', 'it phones home');
    await until('the quarantine is published', () => answer() === 'denied');
    // The poll interval allows for one failed poll and the writing.
    expect(POLL_MS).toBeLessThanOrEqual(60_000 / 4);
    child?.kill('SIGINT');
    const { code, stderr } = await running;
    expect(code).toBe(130);
    expect(answer()).toBe('denied');
    expect(stderr).toMatch(/Signed: snapshot 1,.*\nSigned: snapshot 2,/);
  });

  it('with --watch applies a changed key of the trust file at once', async () => {
    await shop.approved();
    const stop = new AbortController();
    const running = runCli(args('--watch'), {
      onStart: (child) => stop.signal.addEventListener('abort', () => child.kill('SIGINT')),
    });
    try {
      await until('a snapshot is there', () => isThere() && answer() === 'approved');
      const { publicKey } = shop.keys.stranger;
      writeFileSync(join(folder, 'rita.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
      await until('the other key counts', () => answer() === 'denied');
      expect(answer()).toBe('denied');
    } finally {
      stop.abort();
      await running;
    }
  });
});

function isThere(): boolean {
  try {
    return readFileSync(shop.output).length > 0;
  } catch {
    return false;
  }
}

describeOnPostgres('assay snapshot of a PostgreSQL registry', (fresh) => {
  it('writes a snapshot', async () => {
    database = await fresh();
    await begin(database);
    await shop.approved();
    const url = new URL(database);
    const env = { PGPASSWORD: decodeURIComponent(url.password) };
    url.password = '';
    database = url.href;
    const result = await runCli(args(), { env });
    expect(result.stderr).toMatch(/^Signed: snapshot 1, 1 version, 1 approved/);
    expect(answer()).toBe('approved');
  });
});

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { runCli } from './run-cli.ts';

const root = tempFolder();
const at = (name: string) => join(root, name);
let home = '';
const run = (...args: string[]) => runCli(args, { cwd: root, env: { ASSAY_HOME: home } });
const update = (...args: string[]) => run('rules', 'update', ...args);
const build = (folder: string, version: string, output: string, ...args: string[]) =>
  run(
    ...['rules', 'build', '--from-lists', folder, '--rules-version', version, '--private-key', 'ours.pem', '-q'],
    ...['-o', output, ...args],
  );
const verdictOf = async (...args: string[]) => {
  const { stdout } = await run('scan', 'model', '--format', 'json', ...args);
  const { files, ruleset, decision } = JSON.parse(stdout);
  return { verdict: files[0].verdict, ruleset, action: decision.action };
};

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: root });
  expect(status, stderr).toBe(0);
}

function key(name: string): void {
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.pem`);
  openssl('pkey', '-in', `${name}.pem`, '-pubout', '-out', `${name}.pub`);
}

function lists(folder: string, files: Record<string, unknown>): string {
  mkdirSync(at(folder), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(at(join(folder, name)), JSON.stringify(content));
  return folder;
}

const ACME = {
  tier: 'organisation',
  library: 'acme',
  script: '',
  versions: ['1.0'],
  globals: [['acme.tokens', 'Table', 'import call new build', '1.0']],
};

beforeAll(async () => {
  key('ours');
  key('stranger');
  mkdirSync(at('model'));
  writeFileSync(at('model/tokens.pkl'), 'cacme.tokens\nTable\n.');
  lists('lists', { 'acme.json': ACME });
  for (const [version, output] of [
    ['2027.1.1', 'one.bundle'],
    ['2027.2.0', 'two.bundle'],
  ] as const) {
    const built = await build('lists', version, output);
    expect(built.stderr).toBe('');
    expect(built.code).toBe(0);
  }
});

let homes = 0;
beforeEach(() => {
  home = at(`home-${homes++}/below`);
});

describe('assay rules update', () => {
  it('installs a file without a network, and scans use it until it is removed', async () => {
    const before = await verdictOf();
    expect(before).toMatchObject({ verdict: 'suspicious', action: 'deny' });
    const updated = await update('--from', 'one.bundle', '--public-key', 'ours.pub');
    expect(updated.stderr).toBe('');
    expect(updated).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Installed: rules 2027\.1\.1 \(sha256:/) });
    const after = await verdictOf('--offline');
    expect(after).toMatchObject({ verdict: 'clean', action: 'allow', ruleset: { version: '2027.1.1' } });
    expect(updated.stdout).toContain(after.ruleset.digest);
    expect(after.ruleset.digest).not.toBe(before.ruleset.digest);
    expect(await verdictOf('--ruleset', 'builtin')).toEqual(before);
    expect((await run('rules', 'remove')).stdout).toContain('Removed');
    expect(await verdictOf()).toEqual(before);
    expect((await run('rules', 'remove')).stdout).toContain('No rules are installed');
    expect(readdirSync(home)).toEqual([]);
  });

  it('says what is used', async () => {
    const builtIn = JSON.parse((await run('rules', '--format', 'json')).stdout);
    expect(builtIn).toMatchObject({ source: 'program', installed: null });
    await update('--from', 'one.bundle', '--public-key', 'ours.pub', '-q');
    const facts = JSON.parse((await run('rules', 'show', '--format', 'json')).stdout);
    expect(facts).toMatchObject({
      version: '2027.1.1',
      source: 'installed',
      names: builtIn.names + 1,
      rules: builtIn.rules,
      installed: { version: '2027.1.1', lists: ['acme'], from: 'one.bundle', path: join(home, 'rules.json') },
    });
    expect(facts.digest).toBe((await verdictOf()).ruleset.digest);
    const { stdout } = await run('rules');
    expect(stdout).toContain('2027.1.1');
    expect(stdout).toContain(facts.digest);
    expect(statSync(join(home, 'rules.json')).mode & 0o777).toBe(0o600);
  });

  it('refuses a rollback, and a second bundle of the same version', async () => {
    await update('--from', 'two.bundle', '--public-key', 'ours.pub', '-q');
    const installed = readFileSync(join(home, 'rules.json'));
    const back = await update('--from', 'one.bundle', '--public-key', 'ours.pub');
    expect(back.code).toBe(2);
    expect(back.stderr).toContain('of version 2027.1.1, which is not newer than 2027.2.0, which is installed');
    lists('others', { 'acme.json': ACME, 'severities.json': { 'pickle.global.unlisted': 'critical' } });
    await build('others', '2027.2.0', 'same.bundle');
    expect((await update('--from', 'same.bundle', '--public-key', 'ours.pub')).code).toBe(2);
    expect(readFileSync(join(home, 'rules.json'))).toEqual(installed);
    const again = await update('--from', 'two.bundle', '--public-key', 'ours.pub');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Already installed') });
    const old = await build('lists', '2020.1.1', 'old.bundle');
    expect(old).toMatchObject({ code: 2, stderr: expect.stringContaining('is not newer than') });
  });

  it('installs nothing of a stranger, nothing that was changed, and nothing that is no rules', async () => {
    const bundle = JSON.parse(readFileSync(at('one.bundle'), 'utf8'));
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const changed = Buffer.from(payload.replace('acme.tokens', 'evil.tokens')).toString('base64');
    const write = (name: string, envelope: object) =>
      writeFileSync(at(name), JSON.stringify({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, ...envelope } }));
    write('changed.bundle', { payload: changed });
    write('typed.bundle', { payloadType: 'application/vnd.in-toto+json' });
    write('unsigned.bundle', { signatures: [] });
    const statement = ['--type', 'waiver', '--rule', 'x', '--reason', 'r', '--owner', 'o', '--expires'];
    const digest = `sha256:${'ab'.repeat(32)}`;
    await run(
      ...['attestation', 'create', ...statement, '2999-01-01T00:00:00Z', '--digest', digest],
      ...['--private-key', 'ours.pem', '-o', 'waiver.bundle', '-q'],
    );
    for (const [file, publicKey, message] of [
      ['one.bundle', 'stranger.pub', 'which is not trusted for rules'],
      ['changed.bundle', 'ours.pub', 'the signature is not that of a key'],
      [
        'typed.bundle',
        'ours.pub',
        'the envelope holds "application/vnd.in-toto+json", not application/vnd.assay.rules',
      ],
      [
        'waiver.bundle',
        'ours.pub',
        'the envelope holds "application/vnd.in-toto+json", not application/vnd.assay.rules',
      ],
      ['unsigned.bundle', 'ours.pub', 'nothing was installed'],
    ] as const) {
      const { code, stderr } = await update('--from', file, '--public-key', publicKey);
      expect(stderr).toContain(message);
      expect(code).toBe(1);
    }
    const { code, stderr } = await update('--from', 'model/tokens.pkl', '--public-key', 'ours.pub');
    expect(stderr).toContain('is no bundle of rules');
    expect(code).toBe(2);
    expect(existsSync(home)).toBe(false);
  });

  it('trusts whom the trust file lets sign rules, and nobody without being told', async () => {
    const nobody = await update('--from', 'one.bundle');
    expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody is trusted to sign rules') });
    const signer = (may: string) => `version: 1\nsigners:\n  - {name: security, key: ours.pub, may: [${may}]}\n`;
    writeFileSync(at('waivers-only.yaml'), signer('waiver'));
    writeFileSync(at('rules.yaml'), signer('rules'));
    writeFileSync(at('ended.yaml'), signer('rules').replace('}', ', notAfter: 2020-01-01T00:00:00Z}'));
    for (const trust of ['waivers-only.yaml', 'ended.yaml']) {
      const refused = await update('--from', 'one.bundle', '--trust', trust);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('lets nobody sign rules') });
    }
    expect(await update('--from', 'one.bundle', '--trust', 'rules.yaml')).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses rules that have ended, when they are installed and when they are used', async () => {
    const soon = new Date(Date.now() + 6000).toISOString().replace(/\.\d+Z/, 'Z');
    await build('lists', '2027.3.0', 'short.bundle', '--expires', soon);
    await update('--from', 'short.bundle', '--public-key', 'ours.pub', '-q');
    await new Promise((resolve) => setTimeout(resolve, Date.parse(soon) - Date.now() + 50));
    const scan = await run('scan', 'model');
    expect(scan).toMatchObject({ code: 2, stderr: expect.stringContaining(`the rules ended on ${soon}`) });
    expect((await run('scan', 'model', '--ruleset', 'builtin')).code).toBe(1);
    await run('rules', 'remove');
    const late = await update('--from', 'short.bundle', '--public-key', 'ours.pub');
    expect(late).toMatchObject({ code: 2, stderr: expect.stringContaining('the rules ended') });
  });

  it('does not scan with installed rules that somebody changed', async () => {
    await update('--from', 'one.bundle', '--public-key', 'ours.pub', '-q');
    const path = join(home, 'rules.json');
    const good = JSON.parse(readFileSync(path, 'utf8'));
    const other = Buffer.from(good.bundle, 'base64')
      .toString()
      .replace(/"sig":"..../, '"sig":"AAAA');
    const swapped = Buffer.from(other).toString('base64');
    const stranger = readFileSync(at('stranger.pub'), 'utf8');
    const sha256 = createHash('sha256').update(other).digest('hex');
    for (const [change, message] of [
      [{ bundle: swapped }, 'are not those that were installed'],
      [{ bundle: swapped, sha256 }, 'the signature of the installed rules does not hold'],
      [{ key: stranger }, 'the signature of the installed rules does not hold'],
      [{ bundle: '!' }, 'are not those that were installed'],
      [{ more: 1 }, 'holds no installed rules'],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...good, ...change }));
      const { code, stdout, stderr } = await run('scan', 'model');
      expect(stderr).toContain(message);
      expect(stderr).toContain('assay rules remove');
      expect(stdout).toBe('');
      expect(code).toBe(2);
    }
    writeFileSync(path, '{');
    expect((await run('scan', 'model')).code).toBe(2);
    expect((await run('scan', 'model', '--ruleset', 'builtin')).code).toBe(1);
  });

  it('makes a file malicious that an advisory names', async () => {
    const bytes = readFileSync(at('model/tokens.pkl'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const advisories = [{ id: 'ACME-2027-1', title: 'steals keys \u001b[2J', sha256: [sha256] }];
    lists('advised', { 'acme.json': ACME, 'advisories.json': advisories });
    await build('advised', '2027.4.0', 'advised.bundle');
    await update('--from', 'advised.bundle', '--public-key', 'ours.pub', '-q');
    const { stdout, code } = await run('scan', 'model');
    expect(code).toBe(1);
    expect(stdout).toContain('ACME-2027-1');
    expect(stdout).not.toContain('\u001b');
    expect((await verdictOf()).verdict).toBe('malicious');
  });
});

describe('assay rules build', () => {
  it.each([
    ['a dangerous name', { 'a.json': { ...ACME, globals: [['os', 'system', 'call', '']] } }, 'os.system'],
    ['a lower severity', { 'severities.json': { 'pickle.call.computed': 'low' } }, 'lower the severity'],
    ['a list that is none', { 'a.json': { globals: [] } }, 'holds no rules'],
    ['no list', { 'a.txt': {} }, 'holds no lists'],
  ])('signs nothing with %s', async (_, files, message) => {
    const folder = lists(`wrong-${homes}`, files);
    const { code, stderr } = await build(folder, '2027.5.0', 'wrong.bundle');
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(at('wrong.bundle'))).toBe(false);
  });
});

describe('a bundle behind an address', () => {
  let server: Server;
  let origin = '';
  beforeAll(async () => {
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'tls.pem', '-out', 'tls.crt'],
    );
    server = createServer(
      { key: readFileSync(at('tls.pem')), cert: readFileSync(at('tls.crt')) },
      (request, response) => {
        if (request.url === '/large') {
          response.writeHead(200);
          const chunk = Buffer.alloc(1024 * 1024, 0x20);
          const more = () => {
            while (response.writable && response.write(chunk));
          };
          response.on('drain', more);
          more();
          return;
        }
        const found = request.url === '/rules.bundle';
        response.writeHead(found ? 200 : 404).end(found ? readFileSync(at('one.bundle')) : '');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    origin = `https://127.0.0.1:${address.port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const fetched = (from: string) =>
    runCli(['rules', 'update', '--from', from, '--public-key', 'ours.pub'], {
      cwd: root,
      env: { ASSAY_HOME: home, NODE_EXTRA_CA_CERTS: at('tls.crt') },
    });

  it('is installed like a file', async () => {
    expect(await fetched(`${origin}/rules.bundle`)).toMatchObject({ code: 0, stderr: '' });
    expect((await verdictOf()).verdict).toBe('clean');
  });

  it('is not taken without TLS, when it is not there, and when it does not end', async () => {
    for (const [from, message] of [
      [`${origin.replace('https', 'http')}/rules.bundle`, 'rules are not fetched over http'],
      ['file:///etc/passwd', 'rules are not fetched over file'],
      [`${origin}/none`, 'has no such file'],
      [`${origin}/large`, 'answers with more than'],
    ] as const) {
      const { code, stderr } = await fetched(from);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
    expect(existsSync(home)).toBe(false);
  });
});

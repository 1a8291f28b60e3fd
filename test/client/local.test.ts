import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeKey, writeModel } from '../cli/registry-ground.ts';
import { MAIN, runCli } from '../cli/run-cli.ts';
import { STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';

const ONE_LINE = /^assay: [^\n]+\n$/;
const root = tempFolder();
const at = (name: string) => join(root, name);
const run = (...args: string[]) => runCli(args, { cwd: root });
/** Runs the verb on the test's own registry. */
const on = (registry: string) => ({
  approve: (...args: string[]) => run('approve', ...args, '--registry', registry),
  run: (...args: string[]) => run(...args, '--registry', registry),
});

beforeAll(() => {
  for (const name of ['own', 'other', 'snapshot']) writeKey(root, name);
  writeModel(root, 'bert');
  writeModel(root, 'gpt');
  writeModel(root, 'evil', 'evil');
});

describe('a local registry with one approver and one key', STORY, () => {
  const { approve, run: verb } = on('one.db');

  it('approves for production in one command and creates the registry', async () => {
    const ran = await approve('bert', '--stage', 'production', '--key', 'own.pem', '--format', 'json');
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^assay: note: this key is the first to approve here, .*one\.db\.d\/trust\.yaml\n$/);
    const { approved, created, version, steps } = JSON.parse(ran.stdout);
    expect({ approved, created, stage: version.stage }).toEqual({ approved: true, created: true, stage: 'production' });
    expect(version.pinned).toEqual([]);
    expect(steps.map(({ stage }: { stage: string }) => stage)).toEqual(['staging', 'production']);
    expect(existsSync(at('one.db.d/rules.yaml'))).toBe(true);
    expect(readFileSync(at('one.db.d/trust.yaml'), 'utf8')).toContain('may: [approval, waiver, image]');
  });

  it('gives a snapshot whose approvals verify against the trust file', async () => {
    const ran = await verb('snapshot', '--key', 'snapshot.pem', '-o', 'snapshot.json', '--explain');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe('');
    const { dsseEnvelope } = JSON.parse(readFileSync(at('snapshot.json'), 'utf8'));
    const { entries } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString());
    expect(entries).toMatchObject([{ model: 'bert', number: 1, status: 'approved' }]);
    expect(entries[0].stages.map(({ stage }: { stage: string }) => stage)).toEqual(['staging', 'production']);
  });

  it('refuses a key that the trust file does not list and withdraws the open request', async () => {
    const ran = await approve('gpt', '--stage', 'staging', '--key', 'other.pem');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(ONE_LINE);
    expect(ran.stderr).toContain('the trust file does not list');
    const { transitions, approvals } = JSON.parse((await verb('models', 'gpt@1', '--format', 'json')).stdout);
    expect(transitions).toMatchObject([{ state: 'withdrawn' }]);
    expect(approvals).toEqual([]);
  });

  it('does not create a second trust file when the first was deleted', async () => {
    const path = at('one.db.d/trust.yaml');
    const text = readFileSync(path);
    rmSync(path);
    const ran = await approve('gpt', '--stage', 'staging', '--key', 'other.pem');
    writeFileSync(path, text);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/^assay: gpt: no trust file says who can sign approvals; give --trust/);
  });

  it('refuses the approval of a request by its requester', async () => {
    await verb('promote', 'gpt', '--stage', 'staging', '--as', 'me');
    const ran = await approve('gpt', '--stage', 'staging', '--key', 'own.pem', '--as', 'me');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^assay: gpt@1: you requested staging, and a requester cannot approve; /);
    expect((await approve('gpt', '--stage', 'staging', '--key', 'own.pem', '--as', 'you', '-q')).code).toBe(0);
  });

  it('lets the requester withdraw the request', async () => {
    await verb('promote', 'gpt', '--stage', 'production', '--as', 'me');
    const ran = await verb('reject', 'gpt', '--as', 'me');
    expect(ran.stdout).toBe('gpt@1 stands at staging: the request for production is withdrawn\n');
  });

  it('accepts a report in place of a scan, only for the same artifact', async () => {
    expect((await run('scan', 'bert', '--format', 'json', '-o', 'bert.json', '-q')).code).toBe(0);
    const ran = await approve('bert', '--stage', 'production', '--key', 'own.pem', '--report', 'bert.json', '-q');
    expect(ran.code).toBe(0);
    const wrong = await approve('gpt', '--stage', 'staging', '--key', 'own.pem', '--report', 'bert.json');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^assay: --report bert\.json: is about bert, not about gpt; /);
  });
});

describe('a registry that was tampered with', () => {
  it('reports the first inconsistent log entry and exits with code 1', async () => {
    const { approve, run: verb } = on('changed.db');
    expect((await approve('bert', '--stage', 'staging', '--key', 'own.pem', '-q')).code).toBe(0);
    expect((await verb('audit-log', 'verify')).stdout).toMatch(/^INTACT \d+ entries, /);
    const db = new Sqlite(at('changed.db'));
    // The owner of the file can drop the triggers that protect the log.
    const guards = db.prepare(`select name from sqlite_master where type = 'trigger' and tbl_name = 'audit'`).all();
    for (const { name } of guards as { name: string }[]) db.exec(`drop trigger ${name}`);
    db.prepare(`update audit set actor = 'somebody else' where seq = 3`).run();
    db.close();
    const ran = await verb('audit-log', 'verify');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^assay: changed\.db: the audit log is broken at entry 3: entry 3 was changed: /);
    expect(ran.stderr).toMatch(ONE_LINE);
    const json = await verb('audit-log', 'verify', '--format', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'broken', seq: 3 });
    expect(json.code).toBe(1);
  });
});

describe('the client', () => {
  beforeAll(async () => {
    const ran = await on('refused.db').approve('bert', '--stage', 'production', '--key', 'own.pem', '-q');
    expect(ran.code).toBe(0);
    writeFileSync(at('plain.json'), '{}');
  });

  it('creates nothing and prints a one-line error for an invalid registry', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['models', '--registry', 'none.db'], /--registry none\.db: the registry does not exist; /],
      [['approve', 'bert', '--stage', 'staging', '--key', 'own.pem'], /assay approve: needs a registry; /],
      [
        ['approve', 'bert', '--stage', 'staging', '--registry', 'none.db'],
        /no key, certificate or identity is given; /,
      ],
      [['models', '--registry', 'bert'], /bert cannot be opened/],
      [['models', '--registry', 'plain.json'], /plain\.json cannot be opened|SQLITE_NOTADB/],
      [['models', '--registry', 'postgres://a:secret@localhost/x'], /--registry: contains a password, .*PGPASSWORD/],
      [['models', '--registry', 'mysql://localhost/x'], /is not a registry; /],
      [['models', '--registry', 'refused.db', '--url', 'https://x'], /--registry: and --url were both given; /],
      [['promote', 'bert', '--stage', 'staging', '--registry', 'no/folder/r.db'], /there is no folder no\/folder; /],
    ];
    for (const [args, message] of cases) {
      const ran = await run(...args);
      expect(ran.stderr, args.join(' ')).toMatch(message);
      expect(ran.stderr).toMatch(ONE_LINE);
      expect(ran.stderr).not.toContain('secret');
      expect(ran.code).toBe(2);
    }
    expect(existsSync(at('none.db')) || existsSync(at('none.db.d'))).toBe(false);
  });

  it('refuses invalid options and a denied model in one line', async () => {
    writeModel(root, 'insider');
    const trust = 'version: 1\nsigners:\n  - { name: own, key: ../own.pub, may: [approval] }\n';
    writeFileSync(at('insider/trust.yaml'), trust);
    const { approve } = on('refused.db');
    const signed = ['--stage', 'production', '--key', 'own.pem'];
    for (const [args, message, code] of [
      [['bert', ...signed, '--until', '2020-01-01T00:00:00Z'], /--until 2020-01-01T00:00:00Z: is past/, 2],
      [['bert', ...signed, '--as', 'the registry'], /is not a name of a person/, 2],
      [['bert@1', ...signed, '--report', 'bert.json'], /--report bert\.json: cannot be used/, 2],
      [['evil', ...signed], /evil@\d+: the policy baseline denies it for staging: verdict\.malicious: /, 1],
      [['insider', ...signed, '--trust', 'insider/trust.yaml'], /trust\.yaml: is inside the model, /, 2],
    ] as const) {
      const ran = await approve(...args);
      expect(ran.stderr).toMatch(message);
      expect(ran.stderr).toMatch(ONE_LINE);
      expect(ran.code, ran.stderr).toBe(code);
    }
  });
});

describe('hostile text', () => {
  it('never reaches a terminal unescaped', async () => {
    const { approve, run: verb } = on('hostile.db');
    const evil = 'red \u202eback\u200b\nassay: all is well';
    expect((await verb('promote', 'gpt', '--stage', 'staging', '--comment', evil)).stderr).toMatch(/^$/);
    expect((await approve('gpt', '--stage', 'staging', '--key', 'own.pem', '--as', 'you', '-q')).code).toBe(0);
    expect((await verb('promote', 'gpt', '--stage', 'production', '--comment', evil)).code).toBe(0);
    for (const args of [['models', 'gpt@1'], ['audit-log'], ['models', 'gpt@1', '--format', 'json']]) {
      const { stdout, stderr } = await verb(...args);
      expect(stderr).toBe('');
      expect(stdout).toContain('red ');
      expect(stdout).not.toMatch(/[^\P{C}\n]|^assay:/mu);
    }
  });
});

describe('a command at a terminal', () => {
  /** Runs the verb in a pseudo-terminal and types an answer to its prompt. */
  function typed(
    answer: string,
    ...args: string[]
  ): Promise<{ readonly screen: string; readonly code: number | null }> {
    const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
    return new Promise((resolve, reject) => {
      const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
      let screen = '';
      let answered = false;
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        screen += text;
        if (answered || !screen.includes('[y/N]')) return;
        answered = true;
        child.stdin.write(answer);
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ screen, code }));
    });
  }
  const approve = (registry: string) => [
    ...['approve', 'gpt', '--stage', 'staging', '--registry', registry],
    ...['--key', 'own.pem', '--no-color'],
  ];

  it('shows what is being approved and accepts only "yes"', async () => {
    const args = approve('asked.db');
    const no = await typed('n\n', ...args);
    expect(no.screen).toMatch(/digest +sha256:[0-9a-f]{64}/);
    expect(no.screen).toMatch(/policy +baseline sha256:/);
    expect(no.screen).toMatch(/ruleset +\d{4}\.\d+/);
    expect(no.screen).toContain('Approve it for staging? [y/N]');
    expect(no.screen).toContain('assay: gpt@1: is not approved');
    expect(no.code).toBe(1);
    expect(existsSync(at('asked.db.d/trust.yaml'))).toBe(false);

    const yes = await typed('y\n', ...args);
    expect(yes.screen).toContain('APPROVED');
    expect(yes.code).toBe(0);
  });

  it('does not ask with --yes', async () => {
    const ran = await typed('', ...approve('told.db'), '--yes');
    expect(ran.screen).not.toContain('[y/N]');
    expect(ran.screen).toContain('APPROVED');
  });
});

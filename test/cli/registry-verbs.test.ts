import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { breakOf } from '../../src/registry/audit-chain/chain.ts';
import type { AuditEntry } from '../../src/registry/index.ts';
import { type Ground, onEveryGround } from './registry-ground.ts';
import { runCli } from './run-cli.ts';

const ONE_LINE = /^assay: [^\n]+\n$/;
const BY_BOB = ['--key', 'bob.pem'];
const BY_CAROL = ['--key', 'carol.pem'];

type Get = () => Ground;
type Ran = Awaited<ReturnType<Ground['as']>>;

onEveryGround(
  (get) => {
    approving(get);
    refusing(get);
    ending(get);
    looking(get);
    missing(get);
  },
  (get) => {
    approving(get);
    looking(get);
  },
);

function helpersOf(get: Get) {
  /** Registers a model, and requests its transition as alice. */
  async function asked(name: string, stage = 'staging'): Promise<string> {
    const { as, model } = get();
    const ran = await as('alice', 'promote', model(name), '--stage', stage, '--format', 'json');
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    const { version, transition } = JSON.parse(ran.stdout);
    expect(transition).toMatchObject({ to: stage, state: 'open', requestedBy: 'alice' });
    return `${version.model}@${version.number}`;
  }

  async function jsonOf(ran: Promise<Ran>) {
    const { stdout, stderr, code } = await ran;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return JSON.parse(stdout);
  }

  return { asked, jsonOf };
}

function approving(get: Get): void {
  const { asked, jsonOf } = helpersOf(get);
  it('promote a version from a path to production with the approvals of two people other than the requester', async () => {
    const { as, root } = get();
    const version = await asked('bert');
    expect(version).toBe('bert@1');

    const own = await as('alice', 'approve', 'bert', '--stage', 'staging', ...BY_BOB);
    expect(own.code).toBe(1);
    expect(own.stderr).toMatch(ONE_LINE);

    const staged = await jsonOf(as('bob', 'approve', 'bert', '--stage', 'staging', ...BY_BOB, '--format', 'json'));
    expect(staged).toMatchObject({ approved: true, created: false, version: { stage: 'staging' } });
    const [step] = staged.steps;
    expect(step).toMatchObject({ given: 1, wanted: 1, needed: [], transition: { state: 'approved' } });
    expect(step.approval).toMatchObject({ method: 'key', role: 'reviewer', state: 'valid' });
    expect(step.approval.policyDigest).toBe(step.decision.policyDigest);
    writeFileSync(join(root, 'approval.json'), step.approval.attestation);
    const about = ['--stage', 'staging', '--trust', 'trust.yaml', '--digest', staged.version.digest];
    const verified = await runCli(['attestation', 'verify', 'approval.json', ...about], { cwd: root });
    expect(verified.stdout).toMatch(/^VERIFIED approval for staging$/m);
    expect(verified.code).toBe(0);

    const again = await as('alice', 'promote', version, '--stage', 'production');
    expect(again.stdout).toMatch(/^bert@1 is asked for production, by alice; needed: 1 approval more by a reviewer/);
    const first = await as('bob', 'approve', version, '--stage', 'production', ...BY_BOB);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^approvals +1 of 2$/m);
    expect(first.stdout).toMatch(/^stands at +staging$/m);
    expect(first.stdout).toMatch(/^needed +1 approval more by a security-approver$/m);
    const twice = await as('bob', 'approve', version, '--stage', 'production', ...BY_BOB);
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(ONE_LINE);

    const last = await as('carol', 'approve', version, '--stage', 'production', ...BY_CAROL);
    expect(last.stderr).toBe('');
    expect(last.stdout).toMatch(/^APPROVED +bert@1 for production$/m);
    expect(last.stdout).toMatch(/^stands at +production$/m);
  });
}

function refusing(get: Get): void {
  const { asked, jsonOf } = helpersOf(get);
  it('refuse an approval by a key that the trust file does not list', async () => {
    const { as } = get();
    const version = await asked('unknown-key');
    const refused = await as('bob', 'approve', version, '--stage', 'staging', '--key', 'stranger.pem');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(ONE_LINE);
    expect(refused.stderr).toContain('the trust file');
    const { approvals, transitions } = await jsonOf(as('bob', 'models', version, '--format', 'json'));
    expect(approvals).toEqual([]);
    expect(transitions).toMatchObject([{ state: 'open', votes: [] }]);
  });

  it('report the rules of a policy that denies, and open no request', async () => {
    const { as, model } = get();
    const evil = model('evil', 'evil');
    for (const verb of ['promote', 'approve']) {
      const key = verb === 'approve' ? BY_BOB : [];
      const ran = await as(verb === 'approve' ? 'bob' : 'alice', verb, evil, '--stage', 'staging', ...key);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/^assay: evil@1: the policy baseline denies it for staging: verdict\.malicious: /);
      expect(ran.stderr).toMatch(ONE_LINE);
      expect(ran.stdout).toBe('');
    }
    const { transitions, version } = await jsonOf(as('bob', 'models', 'evil@1', '--format', 'json'));
    expect(transitions).toEqual([]);
    expect(version.stage).toBe('candidate');
  });

  it('skip no stage: with a registry file each stage is approved on the way, with a service each must be requested', async () => {
    const { as, kind } = get();
    const version = await asked('hasty');
    const ran = await as('bob', 'approve', version, '--stage', 'production', ...BY_BOB);
    expect(ran.code).toBe(kind === 'local' ? 0 : 1);
    if (kind === 'service') expect(ran.stderr).toMatch(ONE_LINE);
    else expect(ran.stdout).toMatch(/^stands at +staging\nneeded +1 approval more by a security-approver$/m);
  });

  it('sign the expiry of an approval, which the registry stores', async () => {
    const { as } = get();
    const version = await asked('ending');
    const until = '2099-01-31T00:00:00Z';
    const args = ['--stage', 'staging', ...BY_BOB, '--until', until, '--format', 'json'];
    const { steps } = await jsonOf(as('bob', 'approve', version, ...args));
    expect(Date.parse(steps[0].approval.until)).toBe(Date.parse(until));
  });
}

function ending(get: Get): void {
  const { asked, jsonOf } = helpersOf(get);
  it('reject a request and keep the stage of the version', async () => {
    const { as } = get();
    const version = await asked('rejected');
    const ran = await as('bob', 'reject', 'rejected', '--comment', 'the licence');
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toBe('rejected@1 stands at candidate: the request for staging is rejected\n');
    const nothing = await as('bob', 'reject', version);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toMatch(/^assay: rejected@1: has no open request; /);
  });

  it('revoke approvals', async () => {
    const { as } = get();
    const version = await asked('revoked');
    const ran = await as('bob', 'approve', version, '--stage', 'staging', ...BY_BOB, '-q');
    const id = ran.stdout.trim();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const revoked = await as('bob', 'revoke', id, '--reason', 'the key was lost');
    expect(revoked.code).toBe(0);
    expect(revoked.stdout).toMatch(new RegExp(`^${id} for staging is revoked; it was signed by `));
    const shown = await as('bob', 'models', version);
    expect(shown.stdout).toMatch(/^revoked +as reviewer: revoked: the key was lost$/m);
    expect(shown.stdout).toMatch(
      /^may run at +no stage\n +its approval for staging is not valid \(revoked: the key was/m,
    );
    for (const what of [id, version]) {
      const again = await as('bob', 'revoke', what, '--reason', 'again');
      expect(again.code).toBe(2);
      expect(again.stderr).toMatch(ONE_LINE);
    }
  });

  it('quarantine a version by its digest, whatever its name', async () => {
    const { as } = get();
    const version = await asked('stopped');
    const { version: known } = await jsonOf(as('bob', 'models', version, '--format', 'json'));
    const ran = await as('bob', 'quarantine', known.digest, '--reason', 'CVE-2027-1');
    expect(ran.stdout).toBe('stopped@1 is quarantined\n');
    const { version: now } = await jsonOf(as('bob', 'models', version, '--format', 'json'));
    expect(now.stage).toBe('quarantined');
    expect((await as('bob', 'quarantine', 'stopped', '--reason', 'once more')).stdout).toBe(ran.stdout);
  });
}

function looking(get: Get): void {
  const { jsonOf } = helpersOf(get);
  it('list models, versions and one version', async () => {
    const { as } = get();
    const models = await as('victor', 'models', '--search', 'BERT');
    expect(models.stdout).toBe('MODEL  VERSIONS  NEWEST  STAGES\nbert   1         @1      production @1\n');
    const versions = await as('victor', 'models', 'bert');
    expect(versions.stdout).toMatch(/^VERSION +STAGE +DIGEST/);
    expect(versions.stdout).toMatch(/^@1 +production +sha256:[0-9a-f]{12} +\S+ +alice/m);
    const { items } = await jsonOf(as('victor', 'models', '--format', 'json', '--stage', 'production'));
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['bert']);
    const one = await as('victor', 'models', 'bert@1');
    expect(one.stdout).toMatch(/^production +allow under baseline$/m);
    expect(one.stdout).toMatch(/^may run at +staging, production$/m);
    expect(one.stdout).toMatch(/^valid +as security-approver$/m);
  });

  it('export an audit log whose hashes can be recomputed, and verify it', async () => {
    const { as, root } = get();
    const exported = await as('bob', 'audit-log', 'export', '-o', 'audit.ndjson');
    expect(exported.stderr).toBe('');
    expect(exported.stdout).toBe('');
    const lines = readFileSync(join(root, 'audit.ndjson'), 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as AuditEntry);
    let before: AuditEntry | null = null;
    for (const entry of entries) {
      expect(breakOf(before, entry)).toBeUndefined();
      before = entry;
    }
    expect(entries.map(({ action }) => action)).toContain('transition.approved');
    const verified = await as('bob', 'audit-log', 'verify');
    expect(verified.stdout).toBe(`INTACT ${entries.length} entries, the last is ${entries.length}: ${before?.hash}\n`);
    const first = entries.find(({ subject }) => subject === 'bert@1')?.seq;
    const some = await as('bob', 'audit-log', '--subject', 'bert@1', '--since', String(first));
    expect(some.stdout).toMatch(/^ +\d+ {2}\S+Z {2}approval\.given {2}bert@1 {2}by bob$/m);
    expect(some.stdout).not.toMatch(/version\.registered {2}bert@1/);
  });
}

function missing(get: Get): void {
  it('report a missing object in one line', async () => {
    const { as } = get();
    for (const args of [
      ['models', 'bert@99'],
      ['models', 'no/such'],
      ['models', `sha256:${'0'.repeat(64)}`],
      ['reject', 'no-such-path'],
      ['revoke', '00000000-0000-0000-0000-000000000000', '--reason', 'none'],
    ]) {
      const ran = await as('bob', ...args);
      expect(ran.code, args.join(' ')).toBe(2);
      expect(ran.stderr).toMatch(ONE_LINE);
      expect(ran.stderr).toContain(args[1]);
      expect(ran.stdout).toBe('');
    }
  });
}

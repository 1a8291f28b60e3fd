import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { signStatement } from '../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../src/integrity/statements/create.ts';
import { subjectsOf } from '../../src/integrity/statements/subject.ts';
import { validReport, validSarif } from '../report/validators.ts';
import { STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { runCli } from './run-cli.ts';

const root = tempFolder();
const at = (name: string) => join(root, name);
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runCli(args, { cwd: root, env });
const UNLISTED = 'pickle.global.unlisted';

interface Report {
  readonly artifact: { readonly digest: string };
  readonly decision: {
    readonly action: string;
    readonly violations: readonly { readonly rule: string }[];
    readonly waivers: readonly { readonly outcome: string; readonly from: string }[];
  };
  readonly findings: readonly { readonly ruleId: string; readonly file: string }[];
  readonly checks: readonly { readonly id: string; readonly status: string; readonly detail: string }[];
  readonly notes: readonly string[];
}

async function scan(...args: string[]): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, stderr } = await run(['scan', 'model', '--format', 'json', ...args]);
  expect(stderr).toBe('');
  validReport(stdout);
  return { code, report: JSON.parse(stdout) };
}

let digest = '';

function waivers(name: string, over: Record<string, string> = {}): string {
  const fields = { rule: UNLISTED, digest, reason: 'our own class', owner: 'ml', expires: '2999-01-31', ...over };
  const lines = Object.entries(fields).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`);
  writeFileSync(at(name), `version: 1\nwaivers:\n  -\n${lines.join('\n')}\n`);
  return name;
}

function key(name: string): void {
  const openssl = (...args: string[]) => expect(spawnSync('openssl', args).status).toBe(0);
  openssl('genpkey', '-algorithm', 'ed25519', '-out', at(`${name}.pem`));
  openssl('pkey', '-in', at(`${name}.pem`), '-pubout', '-out', at(`${name}.pub`));
}

async function attest(name: string, signer: string, ...args: string[]): Promise<string> {
  const create = ['attestation', 'create', '--digest', digest, '--private-key', `${signer}.pem`, '-q', '-o', name];
  const { code, stderr } = await run([...create, ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return name;
}

const WAIVER = ['--type', 'waiver', '--rule', UNLISTED, '--reason', 'ours', '--owner', 'ml', '--expires'];

beforeAll(async () => {
  mkdirSync(at('model'));
  writeFileSync(at('model/tokens.pkl'), 'cacme.tokens\nTable\n.');
  writeFileSync(at('model/config.json'), '{"a": 1}\n');
  key('approver');
  key('stranger');
  const signer = '  - {name: security, key: approver.pub, may: [waiver, approval]}\n';
  writeFileSync(at('trust.yaml'), `version: 1\nsigners:\n${signer}`);
  digest = (await scan()).report.artifact.digest;
});

describe('--waivers', STORY, () => {
  it('turns a deny into an allow that every report shows', async () => {
    expect((await scan()).code).toBe(1);
    const file = waivers('good.yaml', { file: 'tokens.pkl' });
    const { code, report } = await scan('--waivers', file);
    expect(report.decision).toMatchObject({ action: 'allow', violations: [] });
    expect(code).toBe(0);
    expect(report.decision.waivers).toMatchObject([{ outcome: 'applied', from: 'good.yaml' }]);
    const table = await run(['scan', 'model', '--waivers', file]);
    expect(table.stdout).toContain('pickle.global.unlisted in tokens.pkl: applied to 1 finding');
    const sarif = await run(['scan', 'model', '--waivers', file, '--format', 'sarif']);
    expect(validSarif(sarif.stdout)).toMatchObject({
      runs: [{ results: [{ suppressions: [{ kind: 'external', justification: 'our own class' }] }] }],
    });
    const vex = await run(['scan', 'model', '--waivers', file, '--format', 'openvex']);
    expect(JSON.parse(vex.stdout).statements).toMatchObject([
      { status: 'not_affected', impact_statement: 'Waived by ml until 2999-01-31: our own class' },
    ]);
  });

  it('also applies to --fail-on', async () => {
    const file = waivers('fail-on.yaml');
    expect((await scan('--fail-on', 'info', '--waivers', file)).report.decision.action).toBe('allow');
    const other = waivers('verdict.yaml', { rule: 'verdict.suspicious' });
    expect((await scan('--waivers', other)).report.decision.action).toBe('allow');
    expect((await scan('--fail-on', 'info', '--waivers', other)).report.decision).toMatchObject({
      action: 'deny',
      violations: [{ rule: 'fail-on.info' }],
    });
  });

  it('can be given several times or in the environment', async () => {
    const [one, two] = [waivers('one.yaml', { rule: 'verdict.unknown' }), waivers('two.yaml')];
    expect((await scan('--waivers', one, '--waivers', two)).report.decision.waivers).toMatchObject([
      { outcome: 'unused' },
      { outcome: 'applied' },
    ]);
    const env = { ASSAY_WAIVERS: `${one}:${two}` };
    expect((await run(['scan', 'model', '-q'], env)).code).toBe(0);
    expect((await run(['scan', 'model', '-q', '--waivers', one], env)).code).toBe(1);
  });

  it.each([
    ['that has expired', { expires: '2020-01-31' }, 'waiver.expired', 'expired'],
    ['for other bytes', { digest: `sha256:${'0'.repeat(64)}` }, 'waiver.other-artifact', 'other-artifact'],
  ])('%s is void and gives a finding', async (_, over, ruleId, outcome) => {
    const { code, report } = await scan('--waivers', waivers('void.yaml', over));
    expect(code).toBe(1);
    expect(report.decision.waivers).toMatchObject([{ outcome }]);
    expect(report.findings.filter((finding) => finding.ruleId === ruleId)).toMatchObject([{ file: 'tokens.pkl' }]);
  });

  it('does not waive a malicious file', async () => {
    mkdirSync(at('bad'));
    writeFileSync(at('bad/m.pkl'), "cposix\nsystem\n(S'true'\ntR.");
    const first = JSON.parse((await run(['scan', 'bad', '--format', 'json'])).stdout);
    const own = first.artifact.digest;
    const rules = [...new Set([...first.findings.map((one: { ruleId: string }) => one.ruleId), 'verdict.malicious'])];
    const all = rules.flatMap((rule, i) => ['--waivers', waivers(`bad-${i}.yaml`, { rule, digest: own })]);
    const { code, stdout } = await run(['scan', 'bad', '--format', 'json', ...all]);
    const { decision, findings } = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(decision.waivers.map((one: { outcome: string }) => one.outcome)).toEqual(rules.map(() => 'refused'));
    expect(findings.filter((one: { ruleId: string }) => one.ruleId === 'waiver.refused')).toHaveLength(rules.length);
  });

  it('is refused for a file within the model, also through links', async () => {
    const { stdout } = await run(['scan', 'model', '--format', 'json']);
    mkdirSync(at('own'));
    writeFileSync(at('own/tokens.pkl'), 'cacme.tokens\nTable\n.');
    waivers('own/waivers.yaml');
    symlinkSync(at('own/waivers.yaml'), at('link.yaml'));
    symlinkSync(at('own'), at('own-link'));
    for (const [target, file] of [
      ['own', 'own/waivers.yaml'],
      ['own', 'link.yaml'],
      ['own-link', 'own/waivers.yaml'],
      ['.', 'good.yaml'],
    ] as const) {
      const { code, stderr, stdout: out } = await run(['scan', target, '--waivers', file]);
      expect(code).toBe(2);
      expect(out).toBe('');
      expect(stderr).toContain('a waiver must not come from the model itself');
    }
    for (const option of ['--allow', '--policy', '--trust']) {
      const { code, stderr } = await run(['scan', 'own', option, 'own/waivers.yaml']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/must not come from the model itself|own\/waivers\.yaml/);
    }
    expect(stdout).not.toBe('');
  });

  it('is refused for a file within the model under any of its names', async () => {
    waivers('elsewhere.yaml');
    const snapshot = `hub/models--acme--own/snapshots/${'1'.repeat(40)}`;
    for (const folder of [snapshot, 'hub/models--acme--own/blobs', 'hub/models--acme--own/refs', 'other/deep'])
      mkdirSync(at(folder), { recursive: true });
    writeFileSync(at('hub/models--acme--own/refs/main'), '1'.repeat(40));
    waivers(`hub/models--acme--own/blobs/${'a'.repeat(40)}`);
    symlinkSync(`../../blobs/${'a'.repeat(40)}`, at(`${snapshot}/waivers.yaml`));
    // The model decides which outside file is read.
    writeFileSync(at('other/tokens.pkl'), 'cacme.tokens\nTable\n.');
    symlinkSync(at('elsewhere.yaml'), at('other/waivers.yaml'));
    symlinkSync(at('other/waivers.yaml'), at('two-links.yaml'));
    symlinkSync(root, at('other/deep/out'));
    for (const [target, file] of [
      [`file://${at('other')}`, 'other/../other/waivers.yaml'],
      ['other', 'other/waivers.yaml'],
      ['other', 'two-links.yaml'],
      ['other', 'other/deep/out/elsewhere.yaml'],
      [snapshot, `${snapshot}/waivers.yaml`],
      ['hub/models--acme--own', `${snapshot}/waivers.yaml`],
      ['hf://acme/own', `${snapshot}/waivers.yaml`],
    ] as const) {
      const env = { HF_HUB_CACHE: at('hub') };
      const { code, stderr } = await run(['scan', target, '--offline', '--waivers', file], env);
      expect([target, file, stderr]).toEqual([target, file, expect.stringContaining('must not come from the model')]);
      expect(code).toBe(2);
    }
    const pull = ['pull', 'hf://acme/own', '--waivers', `${snapshot}/waivers.yaml`];
    const { stderr } = await run(pull, { HF_HUB_CACHE: at('hub') });
    expect(stderr).toContain('must not come from the model');
  });

  it('is refused for a trusted key within the model', async () => {
    mkdirSync(at('keyed'));
    writeFileSync(at('keyed/tokens.pkl'), 'cacme.tokens\nTable\n.');
    key('keyed/own');
    writeFileSync(
      at('names-own.yaml'),
      'version: 1\nsigners:\n  - {name: a, key: keyed/own.pub, may: [model-signature]}\n',
    );
    await run(['sign', 'keyed', '--private-key', 'keyed/own.pem']);
    for (const verb of ['scan', 'verify']) {
      for (const trust of [
        ['--public-key', 'keyed/own.pub'],
        ['--trust', 'names-own.yaml'],
      ]) {
        const { code, stderr } = await run([verb, 'keyed', ...trust]);
        expect(stderr).toContain('keyed/own.pub: is inside the model');
        expect(code).toBe(2);
      }
    }
    const { stderr } = await run(['verify', 'keyed'], { ASSAY_TRUST: 'names-own.yaml' });
    expect(stderr).toContain('is inside the model');
  });

  it.each([
    ['a missing file', 'missing.yaml', 'no such file'],
    ['a folder', 'model', 'is a folder'],
  ])('reports %s', async (_, path, message) => {
    const { code, stderr } = await run(['scan', 'model', '--waivers', path]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('reports the line and column of an invalid waiver file', async () => {
    writeFileSync(at('wrong.yaml'), `version: 1\nwaivers:\n  - rule: ${UNLISTED}\n    digset: x\n`);
    const { code, stderr } = await run(['scan', 'model', '--waivers', 'wrong.yaml']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^assay: wrong\.yaml:3:5: a waiver has no digest \(and \d more\)/);
  });
});

describe('--attestation', STORY, () => {
  const trust = ['--trust', 'trust.yaml'];

  it('waives when the trust file allows its signer to', async () => {
    const file = await attest('waiver.json', 'approver', ...WAIVER, '2999-01-31T00:00:00Z');
    const { code, report } = await scan('--attestation', file, ...trust);
    expect(report.decision.waivers).toMatchObject([{ outcome: 'applied', from: 'attestation by security' }]);
    expect(code).toBe(0);
    expect(report.checks.find(({ id }) => id === 'integrity.attestation')).toEqual({
      id: 'integrity.attestation',
      status: 'pass',
      detail: `waiver.json: a waiver of ${UNLISTED} by security`,
    });
  });

  it('with an invalid signature is a failed check, and waives nothing', async () => {
    const forged = await attest('forged.json', 'stranger', ...WAIVER, '2999-01-31T00:00:00Z');
    const file = await attest('changed.json', 'approver', ...WAIVER, '2999-01-31T00:00:00Z');
    const bundle = JSON.parse((await import('node:fs')).readFileSync(at(file), 'utf8'));
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString().replace('"ml"', '"me"');
    bundle.dsseEnvelope.payload = Buffer.from(payload).toString('base64');
    writeFileSync(at('changed.json'), JSON.stringify(bundle));
    for (const [name, message] of [
      [forged, 'the trust file does not list'],
      ['changed.json', 'this key did not make the signature'],
    ] as const) {
      const { code, report } = await scan('--attestation', name, ...trust);
      expect(code).toBe(1);
      expect(report.decision.waivers).toEqual([]);
      const check = report.checks.find(({ id }) => id === 'integrity.attestation');
      expect(check).toMatchObject({ status: 'fail' });
      expect(check?.detail).toContain(message);
      expect(check?.detail).toContain('waives no finding');
    }
  });

  it('with an expired waiver gives a finding', async () => {
    // The waiver was signed before it expired.
    const statement = createStatement('waiver', {
      subjects: subjectsOf({ tree: digest }),
      rule: UNLISTED,
      reason: 'ours',
      owner: 'ml',
      at: new Date('2026-01-01T00:00:00Z'),
      expires: new Date('2026-02-01T00:00:00Z'),
    });
    const signer = keySigner(createPrivateKey(readFileSync(at('approver.pem'))));
    writeFileSync(at('ended.json'), JSON.stringify(await signStatement(statement, signer)));
    const { code, report } = await scan('--attestation', 'ended.json', ...trust);
    expect(code).toBe(1);
    expect(report.decision.waivers).toMatchObject([{ outcome: 'expired' }]);
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('waiver.expired');
    expect(report.checks.find(({ id }) => id === 'integrity.attestation')).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('(expired, void)'),
    });
  });

  it('of another artifact is told, and does not pass where a policy asks for one', async () => {
    const approval = ['--type', 'approval', '--stage', 'production'];
    const other = await attest('other.json', 'approver', ...approval, '--digest', `sha256:${'b2'.repeat(32)}`);
    const own = await attest('own.json', 'approver', ...approval);
    writeFileSync(
      at('attested.yaml'),
      [
        'apiVersion: assay.dev/v1',
        'kind: ModelPolicy',
        'metadata: {name: attested, description: Needs an attestation.}',
        'spec:',
        '  validations:',
        '    - id: attested',
        `      expression: "'integrity.attestation' in checks && checks['integrity.attestation'].status == 'pass'"`,
        '      message: no attestation is about these bytes',
        '',
      ].join('\n'),
    );
    const asked = ['--policy', 'attested.yaml', ...trust];
    const denied = await scan(...asked, '--attestation', other);
    expect(denied.code).toBe(1);
    expect(denied.report.checks.find(({ id }) => id === 'integrity.attestation')).toEqual({
      id: 'integrity.attestation',
      status: 'not-assessed',
      detail: 'other.json: an approval for production by security (for another artifact)',
    });
    expect((await scan(...asked, '--attestation', other, '--attestation', own)).code).toBe(0);
    expect(denied.report.notes).toEqual([
      'other.json: an approval for production by security does not count: for another artifact',
    ]);
  });

  it('needs a trust file', async () => {
    const { code, stderr } = await run(['scan', 'model', '--attestation', 'waiver.json']);
    expect(code).toBe(2);
    expect(stderr).toContain('needs a trust file');
  });

  it('with an approval makes the approval available to the policy', async () => {
    const approval = await attest('approval.json', 'approver', '--type', 'approval', '--stage', 'production');
    const text = [
      'apiVersion: assay.dev/v1',
      'kind: ModelPolicy',
      'metadata: {name: approved, description: Needs an approval.}',
      'spec:',
      '  validations:',
      '    - id: approved',
      `      expression: approvals.exists(a, a.stage == 'production' && a.method == 'key')`,
      '      message: nobody approved it',
    ];
    writeFileSync(at('approved.yaml'), `${text.join('\n')}\n`);
    expect((await scan('--policy', 'approved.yaml')).report.decision).toMatchObject({ action: 'deny' });
    const approved = await scan('--policy', 'approved.yaml', '--attestation', approval, ...trust);
    expect(approved.report.decision).toMatchObject({ action: 'allow' });
    appendFileSync(at('model/config.json'), ' ');
    expect((await scan('--policy', 'approved.yaml', '--attestation', approval, ...trust)).code).toBe(1);
    const waived = await scan('--waivers', waivers('other-bytes.yaml'));
    expect(waived.report.decision.waivers).toMatchObject([{ outcome: 'other-artifact' }]);
    writeFileSync(at('model/config.json'), '{"a": 1}\n');
  });
});

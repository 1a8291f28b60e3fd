import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type SigstoreServices,
  startSigstoreServices,
  TEST_IDENTITY,
  TEST_ISSUER,
} from '../../../support/sigstore-services.ts';
import { attestationPlace, byApprover, byScanner, OTHER, WAIVER } from '../../attestation-place.ts';
import { PROBES, runCli } from '../../run-cli.ts';

const { root, at, run, digest, create, verify, statementOf, writeReport } = attestationPlace();

const DANGEROUS = {
  ruleId: 'pickle.global.dangerous',
  severity: 'critical',
  message: 'it calls os.system',
  member: null,
  offset: null,
  line: null,
  evidence: null,
  owasp: [],
  atlas: [],
  cwe: [],
  fingerprint: 'a'.repeat(32),
};

describe('assay attestation create and verify', () => {
  it('handle a scan attestation with the results of its checks, about every digest of the artifact', async () => {
    const made = await create(
      '--type',
      'scan',
      '--report',
      'report.json',
      '--private-key',
      'scanner.pem',
      '-o',
      'scan.json',
    );
    expect(made).toMatchObject({ code: 0, stdout: '' });
    expect(made.stderr).toMatch(/^Signed: scan: PASSED, by key P-256, hint [0-9a-f]{64}\n$/);
    const { subject, predicate } = statementOf('scan.json');
    expect(subject.map(({ name }: { name: string }) => name)).toEqual([
      'model',
      'oms:reference-order',
      'oms:spec-order',
    ]);
    expect(`sha256:${subject[0].digest.sha256}`).toBe(digest());
    expect(predicate).toMatchObject({ result: 'PASSED', failedTests: [], warnedTests: [] });
    const held = await verify('scan.json', '--artifact', 'model', '--type', 'scan');
    expect(held).toMatchObject({ code: 0, stderr: '' });
    expect(held.stdout).toMatch(
      /^VERIFIED scan: PASSED\n {2}about +model sha256:[0-9a-f]{64} \(and 2 other digests of it\)\n/,
    );
    expect(held.stdout).toMatch(/signed by +"scanner": .*P-256/);
  });

  it('handle a decision attestation, a verification summary that names its policy and its evidence', async () => {
    await create('--type', 'scan', '--report', 'report.json', ...byScanner, '-o', 'evidence.json');
    await run('sign', 'model', '--private-key', 'scanner.pem', '--signature', 'model.sig', '-q');
    const evidence = ['--evidence', 'evidence.json', '--evidence', 'model.sig'];
    const made = await create(
      '--type',
      'decision',
      '--report',
      'report.json',
      ...evidence,
      ...byScanner,
      '-o',
      'decision.json',
    );
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { predicate } = statementOf('decision.json');
    const report = JSON.parse(readFileSync(at('report.json'), 'utf8'));
    expect(predicate).toMatchObject({
      verificationResult: 'PASSED',
      verifiedLevels: ['ASSAY_ALLOWED'],
      resourceUri: `file://${at('model')}`,
      policy: { digest: { sha256: report.decision.policyDigest.slice('sha256:'.length) } },
    });
    expect(predicate.inputAttestations).toEqual(
      ['evidence.json', 'model.sig'].map((name) => ({
        name,
        digest: {
          sha256: createHash('sha256')
            .update(readFileSync(at(name)))
            .digest('hex'),
        },
      })),
    );
    expect(await verify('decision.json', '--digest', digest(), '-q')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('refuse a decision attestation of a report that was edited', async () => {
    const sign = (file: string, ...more: string[]) =>
      create('--type', 'decision', '--report', file, ...byScanner, '-o', 'edited.att.json', ...more);
    type Edit = Parameters<typeof writeReport>[1];
    const edits: readonly (readonly [string, Edit, RegExp])[] = [
      [
        'the verdict of a file, and not its decision',
        (report) => Object.assign(report.files[0] ?? {}, { verdict: 'malicious' }),
        /says allow, but its files give deny \(verdict\.malicious: /,
      ],
      [
        'its decision, and not its files',
        (report) => Object.assign(report.decision, { action: 'warn' }),
        /says warn, but its files give allow/,
      ],
      [
        'its verdict and its decision, and not the finding',
        (report) =>
          Object.assign(report, { findings: [{ ...DANGEROUS, file: Reflect.get(report.files[0] ?? {}, 'path') }] }),
        /is clean, but its finding pickle\.global\.dangerous makes it malicious/,
      ],
      [
        'the digest of its policy',
        (report) => Object.assign(report.decision, { policyDigest: `sha256:${'0'.repeat(64)}` }),
        /was decided by another policy than baseline is now/,
      ],
      [
        'the name of its policy',
        (report) => Object.assign(report.decision, { policy: 'ours' }),
        /was decided by ours, which is not a shipped policy/,
      ],
    ];
    for (const [what, edit, why] of edits) {
      writeReport('edited.json', edit);
      const made = await sign('edited.json');
      expect([what, made.code]).toEqual([what, 2]);
      expect(made.stderr).toMatch(why);
    }
    // The policy of the report is asked, not one that is given in its place.
    expect((await sign('report.json', '--policy', 'strict')).stderr).toMatch(/another policy than strict is now/);
    expect(await sign('report.json', '--policy', 'baseline')).toMatchObject({ code: 0 });
  });

  it('handle an approval for its stage only', async () => {
    const until = ['--until', '2999-01-31T00:00:00Z'];
    await create(
      '--type',
      'approval',
      '--report',
      'report.json',
      '--stage',
      'production',
      ...until,
      ...byApprover,
      '-o',
      'approval.json',
    );
    const held = await verify('approval.json', '--digest', digest(), '--type', 'approval', '--stage', 'production');
    expect(held.code).toBe(0);
    expect(held.stdout).toMatch(
      /^VERIFIED approval for production\n[\s\S]*until 2999-01-31T00:00:00Z\n[\s\S]*urn:assay:policy:baseline/,
    );
    const other = await verify('approval.json', '--digest', digest(), '--stage', 'staging');
    expect(other).toMatchObject({
      code: 1,
      stdout: 'NOT VERIFIED approval.json\n  the approval is for production, not for staging\n',
    });
    const kind = await verify('approval.json', '--digest', digest(), '--type', 'scan');
    expect(kind).toMatchObject({
      code: 1,
      stdout: 'NOT VERIFIED approval.json\n  the statement is of kind approval, not scan\n',
    });
  });

  it('handle a waiver by digest only', async () => {
    const made = await create(
      ...WAIVER,
      '--rule',
      'pickle.global.unlisted',
      '--file',
      'a/b.pkl',
      '--digest',
      digest(),
      ...byApprover,
      '-o',
      'waiver.json',
    );
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(statementOf('waiver.json').subject).toEqual([{ name: '_', digest: { sha256: digest().slice(7) } }]);
    const held = await verify('waiver.json', '--artifact', 'model');
    expect(held.code).toBe(0);
    expect(held.stdout).toMatch(
      /^VERIFIED waiver of pickle\.global\.unlisted\n[\s\S]*only in +a\/b\.pkl\n {2}reason +ours\n {2}owner +ml\n/,
    );
  });

  it('handle a waiver of an unknown rule, with a warning', async () => {
    const made = await create(
      ...WAIVER,
      '--rule',
      'pickle.global.unlistd',
      '--digest',
      digest(),
      ...byApprover,
      '-o',
      'odd.json',
    );
    expect(made.code).toBe(0);
    expect(made.stderr).toMatch(
      /^assay: warning: --rule pickle\.global\.unlistd: no rule .* did you mean pickle\.global\.unlisted\?\n$/,
    );
  });

  it('write a bundle to stdout', async () => {
    const { stdout } = await create('--type', 'scan', '--report', 'report.json', ...byScanner);
    expect(JSON.parse(stdout).mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
  });

  it('mark the scan attestation of a denied or incomplete scan as FAILED', async () => {
    await run('scan', join(PROBES, 'op-global-p2'), '--format', 'json', '-o', 'denied.json', '-q');
    const denied = await create(
      '--type',
      'scan',
      '--report',
      'denied.json',
      '--private-key',
      'scanner.pem',
      '-o',
      'denied.att.json',
    );
    expect(denied.stderr).toMatch(/^Signed: scan: FAILED/);
    expect(statementOf('denied.att.json').predicate.failedTests).toContain('verdict.malicious');
    writeReport('incomplete.json', (report) => Object.assign(report, { status: 'incomplete' }));
    for (const type of ['scan', 'decision']) {
      const made = await create(
        '--type',
        type,
        '--report',
        'incomplete.json',
        '--private-key',
        'scanner.pem',
        '-o',
        'i.json',
      );
      expect(made.code).toBe(0);
      expect(made.stderr).toMatch(/^Signed: \w+: FAILED/);
    }
    expect(statementOf('i.json').predicate).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
  });

  it('do not mark a scan with a failed check as PASSED, whatever the policy says', async () => {
    writeReport('doubt.json', (report) =>
      Object.assign(report, { checks: [{ id: 'integrity.checksum', status: 'fail', detail: '' }] }),
    );
    await create('--type', 'scan', '--report', 'doubt.json', ...byScanner, '-o', 'doubt.att.json');
    expect(statementOf('doubt.att.json').predicate).toMatchObject({
      result: 'WARNED',
      failedTests: ['integrity.checksum'],
    });
  });

  it('identify a model of the Hub by its commit, although its digests are claimed', async () => {
    const commit = '0123456789abcdef0123456789abcdef01234567';
    writeReport('hub.json', (report) => {
      Object.assign(report.artifact, { ref: 'hf://acme/model', pinned: `hf://acme/model@${commit}` });
      for (const file of report.files) Object.assign(file, { digestBasis: 'claimed' });
    });
    await create('--type', 'decision', '--report', 'hub.json', ...byScanner, '-o', 'hub.att.json');
    expect(statementOf('hub.att.json').predicate.resourceUri).toBe(`hf://acme/model@${commit}`);
    expect((await verify('hub.att.json', '--digest', `gitCommit:${commit}`)).code).toBe(0);
  });

  it('print the same result as JSON', async () => {
    await create('--type', 'scan', '--report', 'report.json', ...byScanner, '-o', 'j.json');
    const held = JSON.parse((await verify('j.json', '--digest', digest(), '-f', 'json')).stdout);
    expect(held).toMatchObject({
      verified: true,
      problem: null,
      type: 'scan',
      rule: 'scanner',
      signer: { kind: 'key' },
    });
    expect(held.statement).toEqual(statementOf('j.json'));
    const not = JSON.parse((await verify('j.json', '--digest', OTHER, '-f', 'json')).stdout);
    expect(not).toMatchObject({ verified: false, problem: 'subject', statement: null });
  });

  it('read trust files from the environment and print their warnings', async () => {
    writeFileSync(at('loose.yaml'), 'version: 1\nsigners:\n  - {name: all, key: scanner.pub, may: [scan, approval]}\n');
    await create('--type', 'scan', '--report', 'report.json', ...byScanner, '-o', 'e.json');
    const env = { ASSAY_TRUST: 'loose.yaml' };
    const { code, stderr } = await runCli(['attestation', 'verify', 'e.json', '--digest', digest()], {
      cwd: root,
      env,
    });
    expect(code).toBe(0);
    expect(stderr).toBe('assay: warning: loose.yaml: the same key signs scans and approvals ("all")\n');
  });

  it('warn when the attestation was not compared with an artifact', async () => {
    await create('--type', 'scan', '--report', 'report.json', ...byScanner, '-o', 'n.json');
    const { code, stderr } = await verify('n.json');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^assay: warning: the attestation was not compared with an artifact; name the artifact with --digest or --artifact\n$/,
    );
  });

  it('read a passphrase from a file or the environment', async () => {
    const encrypt = ['pkey', '-in', at('scanner.pem'), '-aes256', '-passout', 'pass:geheim', '-out', at('locked.pem')];
    expect(spawnSync('openssl', encrypt).status).toBe(0);
    spawnSync('chmod', ['600', at('locked.pem')]);
    const args = [
      'attestation',
      'create',
      '--type',
      'scan',
      '--report',
      'report.json',
      '--private-key',
      'locked.pem',
      '-q',
    ];
    expect((await runCli(args, { cwd: root, env: { ASSAY_KEY_PASSPHRASE: 'geheim' } })).code).toBe(0);
    expect((await run(...args)).stderr).toMatch(/encrypted; give --passphrase-file, or set ASSAY_KEY_PASSPHRASE/);
  });
});

describe('verification fails with exit code 1 and its own message for', () => {
  beforeAll(async () => {
    await create('--type', 'scan', '--report', 'report.json', ...byScanner, '-o', 'good.json');
    await create(
      '--type',
      'scan',
      '--report',
      'report.json',
      '--private-key',
      'stranger.pem',
      '-q',
      '-o',
      'strange.json',
    );
    await create('--type', 'approval', '--digest', digest(), '--stage', 'production', ...byScanner, '-o', 'self.json');
    await create('--type', 'approval', '--digest', digest(), '--stage', 'staging', ...byApprover, '-o', 'staging.json');
    const change = (
      name: string,
      change: (bundle: { dsseEnvelope: { payload: string; signatures: object[]; payloadType: string } }) => void,
    ) => {
      const bundle = JSON.parse(readFileSync(at('good.json'), 'utf8'));
      change(bundle);
      writeFileSync(at(name), JSON.stringify(bundle));
    };
    change('changed.json', ({ dsseEnvelope }) => {
      const payload = Buffer.from(dsseEnvelope.payload, 'base64').toString().replace('"PASSED"', '"WARNED"');
      dsseEnvelope.payload = Buffer.from(payload).toString('base64');
    });
    change('two.json', ({ dsseEnvelope: { signatures } }) => void signatures.push({ sig: 'AAAA' }));
    change('none.json', ({ dsseEnvelope }) => void Object.assign(dsseEnvelope, { signatures: [] }));
    change('type.json', ({ dsseEnvelope }) => void Object.assign(dsseEnvelope, { payloadType: 'text/plain' }));
  });

  it.each<[string, string, RegExp]>([
    ['another signer', 'strange.json', /with a key \([0-9a-f]{16}\) that the trust file does not list/],
    ['a scanner that signs an approval', 'self.json', /"scanner" may not sign approvals, only scans, decisions/],
    ['an approver for another stage', 'staging.json', /"approver" may not approve for staging, only for production/],
    ['a changed statement', 'changed.json', /this key did not make the signature over these bytes/],
    ['two signatures', 'two.json', /2 signatures/],
    ['no signature', 'none.json', /no signature/],
    ['another payload type', 'type.json', /text\/plain/],
  ])('%s', async (_, file, message) => {
    const { code, stdout, stderr } = await verify(file, '--digest', digest());
    expect(stdout).toMatch(/^NOT VERIFIED \S+\n {2}[^\n]+\n$/);
    expect(stdout).toMatch(message);
    expect(stderr).toBe('');
    expect(code).toBe(1);
  });

  it('another artifact and a changed artifact', async () => {
    expect(await verify('good.json', '--digest', OTHER)).toMatchObject({ code: 1 });
    cpSync(at('model'), at('changed'), { recursive: true });
    appendFileSync(at('changed/config.json'), ' ');
    const { code, stdout } = await verify('good.json', '--artifact', 'changed');
    expect(stdout).toMatch(/is not about sha256:[0-9a-f]{64}: it is about model \(sha256:/);
    expect(code).toBe(1);
  });
});

describe('assay attestation inspect', () => {
  const evil = { _type: 'x\u001b[2J\u202e', subject: [] };
  const envelopeOf = (payload: unknown) => ({
    payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
    payloadType: 'a\u001b[31m',
    signatures: [{ sig: 'AAAA' }, { sig: 'AAAA' }],
  });

  it('prints the content as unverified', async () => {
    await create('--type', 'scan', '--report', 'report.json', ...byScanner, '-o', 'look.json');
    const { code, stdout, stderr } = await run('attestation', 'inspect', 'look.json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^UNVERIFIED: nothing proves who wrote look\.json\./);
    expect(JSON.parse(stdout.slice(stdout.indexOf('\n\n')))).toEqual(statementOf('look.json'));
  });

  it('escapes hostile envelopes and reports what is wrong with them', async () => {
    writeFileSync(at('evil.json'), JSON.stringify(envelopeOf(evil)));
    const { code, stdout } = await run('attestation', 'inspect', 'evil.json');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^UNVERIFIED[^\n]*\na\\x1b\[31m, 2 signatures\nNo verifier of Assay accepts it: .*its _type is not/,
    );
    for (const unsafe of ['\u001b', '\u202e']) expect(stdout).not.toContain(unsafe);
    const json = JSON.parse((await run('attestation', 'inspect', 'evil.json', '-f', 'json')).stdout);
    expect(json).toMatchObject({ verified: false, signatures: 2, statement: evil });
  });
});

describe('assay attestation create --keyless', () => {
  let services: SigstoreServices;
  beforeAll(async () => {
    services = await startSigstoreServices();
    writeFileSync(at('root.json'), JSON.stringify(services.trustedRoot));
    const keyless = `{identity: "${TEST_IDENTITY}", issuer: "${TEST_ISSUER}", trustedRoot: root.json}`;
    writeFileSync(at('keyless.yaml'), `version: 1\nsigners:\n  - {name: release, keyless: ${keyless}, may: [scan]}\n`);
  });
  afterAll(() => services.close());

  it('signs with an identity that verify accepts', async () => {
    const address = ['--fulcio-url', services.url, '--rekor-url', services.url];
    const identity = ['--keyless', '--identity-token', services.token()];
    const made = await create(
      '--type',
      'scan',
      '--report',
      'report.json',
      ...identity,
      ...address,
      '-o',
      'keyless.json',
    );
    expect(made.stderr).toMatch(new RegExp(`^Signed: scan: PASSED, by ${TEST_IDENTITY.replaceAll('.', '\\.')}`));
    const args = ['attestation', 'verify', 'keyless.json', '--trust', 'keyless.yaml', '--digest', digest()];
    const held = await run(...args);
    expect(held).toMatchObject({ code: 0, stderr: '' });
    expect(held.stdout).toContain(TEST_IDENTITY);
  });
});

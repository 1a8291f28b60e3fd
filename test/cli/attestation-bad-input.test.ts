import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { attestationPlace, byApprover, byScanner, OTHER, WAIVER } from './attestation-place.ts';

const { at, run, writeReport } = attestationPlace();

describe('bad input gives a one-line error with a hint, and exit code 2:', () => {
  beforeAll(() => {
    writeReport('null.json', (report) => Object.assign(report.artifact, { digest: null }));
    writeReport('other-digest.json', (report) => Object.assign(report.artifact, { digest: OTHER }));
    writeReport('claimed.json', (report) => {
      for (const file of report.files) Object.assign(file, { digestBasis: 'claimed' });
    });
    writeReport('denied-by.json', (report) => Object.assign(report.decision, { action: 'deny' }));
    writeReport('partly.json', (report) => Object.assign(report, { status: 'incomplete' }));
    writeReport('malicious.json', (report) => {
      Object.assign(report.files[1] ?? {}, { verdict: 'malicious' });
      Object.assign(report, { findings: [{ ruleId: 'pickle.call.dangerous', file: 'model.pkl' }] });
    });
    writeFileSync(at('text.json'), 'hello');
    writeFileSync(at('empty.json'), '{}');
    writeFileSync(at('bad-trust.yaml'), 'version: 1\nsigners:\n  - {name: a, key: nowhere.pub, may: [scan]}\n');
    writeFileSync(at('binary.json'), JSON.stringify({ payload: '!', payloadType: 'x', signatures: [] }));
  });

  const scan = ['attestation', 'create', '--type', 'scan', ...byScanner];
  const decide = ['attestation', 'create', '--type', 'decision', ...byScanner];
  const approve = ['attestation', 'create', '--type', 'approval', ...byApprover];
  const waive = ['attestation', 'create', ...WAIVER, ...byApprover];
  const check = ['attestation', 'verify'];

  it.each<[string, string[], RegExp]>([
    ['no type', ['attestation', 'create'], /required option '--type <type>' not specified/],
    [
      'another type',
      ['attestation', 'create', '--type', 'praise'],
      /'praise' is invalid\. Allowed choices are scan, approval/,
    ],
    ['another verb', ['attestation', 'verfy'], /unknown command 'verfy'; did you mean verify\?/],
    [
      'nothing to sign with',
      ['attestation', 'create', '--type', 'scan', '--report', 'report.json'],
      /no key, certificate or identity is given; give --private-key or --keyless/,
    ],
    [
      'a passphrase as an argument',
      [...scan, '--report', 'report.json', '--passphrase', 'x'],
      /other users of this machine can read the arguments of a process/,
    ],
    ['a scan without a report', scan, /--type scan: needs --report/],
    [
      'a scan with a stage',
      [...scan, '--report', 'report.json', '--stage', 'x'],
      /--stage: cannot be used with --type scan; leave it out/,
    ],
    [
      'an approval with evidence',
      [...approve, '--evidence', 'scan.json'],
      /--evidence: cannot be used with --type approval/,
    ],
    ['a missing report', [...scan, '--report', 'nowhere.json'], /nowhere\.json: no such file/],
    [
      'a report that is not JSON',
      [...scan, '--report', 'text.json'],
      /--report text\.json: is not JSON; write one with assay scan/,
    ],
    [
      'a report with another schema',
      [...scan, '--report', 'empty.json'],
      /is not a report: it has no schemaVersion; write one with assay scan/,
    ],
    ['a report without a digest', [...scan, '--report', 'null.json'], /has no digest of the whole artifact/],
    [
      'a report with another digest',
      [...scan, '--report', 'other-digest.json'],
      /a digest that does not match its files; scan again/,
    ],
    [
      'claimed digests for a decision',
      [...decide, '--report', 'claimed.json'],
      /digests that a server claimed and Assay did not compute/,
    ],
    ['a run that is not a URL', [...scan, '--report', 'report.json', '--url', 'here'], /--url here: is not an address/],
    [
      'evidence that is not a signature',
      [...decide, '--report', 'report.json', '--evidence', 'text.json'],
      /--evidence text\.json: is not a signature/,
    ],
    [
      'an approval of a denied artifact',
      [...approve, '--stage', 'a', '--report', 'denied-by.json'],
      /cannot be approved: the policy denies it; waive/,
    ],
    [
      'an approval of a partly scanned artifact',
      [...approve, '--stage', 'a', '--report', 'partly.json'],
      /cannot be approved: part of the artifact was not scanned/,
    ],
    [
      'an approval of a malicious artifact',
      [...approve, '--stage', 'a', '--report', 'malicious.json'],
      /model\.pkl is malicious, which nobody can approve/,
    ],
    [
      'an approval without a subject',
      [...approve, '--stage', 'a'],
      /names no subject; give one of --report and --digest/,
    ],
    [
      'an approval with a report and a digest',
      [...approve, '--stage', 'a', '--report', 'report.json', '--digest', OTHER],
      /cannot have both/,
    ],
    ['an approval without a stage', [...approve, '--report', 'report.json'], /--type approval: needs --stage/],
    [
      'an approval with an invalid stage',
      [...approve, '--stage', 'Prod', '--report', 'report.json'],
      /--stage Prod: is not a stage/,
    ],
    [
      'an approval with an invalid end',
      [...approve, '--stage', 'a', '--digest', OTHER, '--until', 'then'],
      /--until then: is not a time; write it in UTC/,
    ],
    ['an invalid digest', [...approve, '--stage', 'a', '--digest', 'md5:1'], /--digest md5:1: is not a digest/],
    [
      'a commit as the digest of an artifact',
      [...approve, '--stage', 'a', '--digest', `gitCommit:${'a'.repeat(40)}`],
      /is not a digest of an artifact/,
    ],
    [
      'a waiver of a malicious verdict',
      [...waive, '--rule', 'verdict.malicious', '--digest', OTHER],
      /a malicious verdict cannot be waived/,
    ],
    [
      'a waiver of the rule that made a file malicious',
      [...waive, '--rule', 'pickle.call.dangerous', '--report', 'malicious.json'],
      /model\.pkl, where pickle\.call\.dangerous fired, is malicious, which nobody can waive/,
    ],
    ['a waiver of everything', [...waive, '--rule', '*', '--digest', OTHER], /--rule \*: is not a rule/],
    [
      'a waiver for a missing file',
      [...waive, '--rule', 'a.b', '--file', 'x.pkl', '--report', 'report.json'],
      /--file x\.pkl: is not a file of the artifact/,
    ],
    ['a waiver without a reason', [...waive, '--rule', 'a.b', '--reason', ' ', '--digest', OTHER], /needs --reason/],
    [
      'a reason that is too long',
      [...waive, '--rule', 'pickle.global.unlisted', '--reason', 'x'.repeat(5000), '--digest', OTHER],
      /nobody could read this: .*its predicate\.reason is too long; check the options/,
    ],
    [
      'a waiver that has expired',
      [...waive, '--rule', 'a.b', '--expires', '2020-01-01T00:00:00Z', '--digest', OTHER],
      /is past; give a time in the future/,
    ],
    [
      'an output in a missing folder',
      [...scan, '--report', 'report.json', '-o', 'no/where.json'],
      /there is no folder no/,
    ],
    ['no trust file', [...check, 'text.json'], /nobody is trusted; give --trust, or set ASSAY_TRUST/],
    ['a missing trust file', [...check, 'text.json', '--trust', 'none.yaml'], /none\.yaml: no such file/],
    [
      'a trust file that names a missing key',
      [...check, 'text.json', '--trust', 'bad-trust.yaml'],
      /bad-trust\.yaml: line 3: nowhere\.pub, the file of "a", does not exist/,
    ],
    ['a missing attestation', [...check, 'nowhere.json', '--trust', 'trust.yaml'], /nowhere\.json: no such file/],
    [
      'an invalid attestation',
      [...check, 'text.json', '--trust', 'trust.yaml'],
      /text\.json: is not a signature: it is not JSON/,
    ],
    [
      'a digest and an artifact',
      [...check, 'text.json', '--trust', 'trust.yaml', '--digest', OTHER, '--artifact', 'model'],
      /--digest: and --artifact were both given/,
    ],
    [
      'a missing artifact',
      [...check, 'text.json', '--trust', 'trust.yaml', '--artifact', 'nowhere'],
      /nowhere: no such file or folder/,
    ],
    [
      'inspecting a file that is not JSON',
      ['attestation', 'inspect', 'text.json'],
      /text\.json: is not an attestation: it is not JSON; give a Sigstore bundle/,
    ],
    [
      'inspecting JSON without an envelope',
      ['attestation', 'inspect', 'empty.json'],
      /is not an attestation: it holds no envelope/,
    ],
    ['inspecting a payload that is not base64', ['attestation', 'inspect', 'binary.json'], /its payload is not base64/],
  ])('%s', async (_, args, line) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TestReport, TestReportSchema } from '../../../../src/core/behavior/schema.ts';
import { check } from '../../../../src/core/schema/check.ts';
import { DIGITS } from '../../../support/digits.ts';
import { HOSTILE } from '../../../support/onnx-hostile.ts';
import { onnxBytes } from '../../../support/onnx-models.ts';
import { all, parseHtml } from '../../../support/parsed-html.ts';
import { requirePart } from '../../../support/parts.ts';
import { tempFolder } from '../../../support/temp.ts';
import { hasVulkan, VULKAN_ENV, VULKAN_HOW } from '../../../support/vulkan.ts';
import { runCli } from '../../run-cli.ts';

const SUITE = `
version: 1
name: digits
data:
  held-out:
    inputs: [{ file: held-out.npz, columns: [X] }]
    labels: held-out.npz#y
  golden:
    inputs: [{ file: golden.npz, columns: ["input:X"], as: X }]
    outputs:
      - { file: golden.npz, columns: ["output:label"], as: label }
      - { file: golden.npz, columns: ["output:probabilities"], as: probabilities }
tests:
  - { id: same, kind: outputs, data: golden }
  - { id: accuracy, kind: accuracy, data: held-out, min: 0.9 }
  - { id: sums, kind: range, data: held-out, output: probabilities, sum: 1 }
`;

const GOOD = join(DIGITS, 'good.onnx');
const FLIPPED = join(DIGITS, 'flipped.onnx');

/** What the good model gives, recorded once by the command. */
let golden: Promise<string> | undefined;

async function recorded(): Promise<string> {
  const folder = tempFolder();
  copyFileSync(join(DIGITS, 'held-out.npz'), join(folder, 'held-out.npz'));
  const [suite, file] = [join(folder, 'record.yaml'), join(folder, 'golden.npz')];
  writeFileSync(suite, SUITE);
  const run = await runCli(['test', GOOD, '--suite', suite, '--record', file, '--data', 'held-out']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('what the model gives for 597 rows of held-out');
  return file;
}

/** A folder with a suite, its rows, and what the good model gives. */
async function suiteFolder(suite = SUITE): Promise<string> {
  golden ??= recorded();
  const folder = tempFolder();
  copyFileSync(await golden, join(folder, 'golden.npz'));
  copyFileSync(join(DIGITS, 'held-out.npz'), join(folder, 'held-out.npz'));
  writeFileSync(join(folder, 'suite.yaml'), suite);
  return folder;
}

it('passes a good model, and says what was measured', async () => {
  const folder = await suiteFolder();
  const run = await runCli(['test', GOOD, '--suite', join(folder, 'suite.yaml')]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(
    /^good\.onnx · sha256:[0-9a-f]{12} · suite digits · held-out \(597 rows\), golden \(597 rows\)\n/,
  );
  expect(run.stdout).toContain('ran on cpu (onnxruntime-node 1.30.0)');
  expect(run.stdout).toContain('accuracy: accuracy: 0.978224');
  expect(run.stdout).toContain('3 of 3 tests passed, 0 failed\n');
});

it('fails a model that was trained on false labels, beside the approved version, with a report that has the schema', async () => {
  const folder = await suiteFolder();
  const out = join(folder, 'report.json');
  const run = await runCli([
    'test',
    FLIPPED,
    '--suite',
    join(folder, 'suite.yaml'),
    '--baseline',
    GOOD,
    '--format',
    'json',
    '-o',
    out,
  ]);
  expect(run).toMatchObject({ code: 1, stdout: '', stderr: '' });
  const report = JSON.parse(readFileSync(out, 'utf8')) as TestReport;
  expect(check(TestReportSchema, report)).not.toHaveProperty('invalid');
  expect(report).toMatchObject({
    status: 'fail',
    baseline: { path: 'good.onnx' },
    device: { device: 'cpu', share: 1 },
  });
  expect(report.tests.map(({ id, status }) => [id, status])).toEqual([
    ['same', 'fail'],
    ['accuracy', 'fail'],
    ['sums', 'pass'],
  ]);
  expect(report.tests[1]?.measures).toMatchObject([{ baseline: 584 / 597, min: 0.9, pass: false }]);
});

it('writes the report as a page of its own', async () => {
  const folder = await suiteFolder();
  const out = join(folder, 'report.html');
  const run = await runCli(['test', FLIPPED, '--suite', join(folder, 'suite.yaml'), '--format', 'html', '-o', out]);
  expect(run).toMatchObject({ code: 1, stdout: '', stderr: '' });
  const page = parseHtml(readFileSync(out, 'utf8'));
  expect(page.errors).toEqual([]);
  expect(page.text).toContain('1 of 3 tests passed, 2 failed, 0 not assessed');
  expect(all(page, 'article')).toHaveLength(3);
});

it('writes a suite for a model', async () => {
  const run = await runCli(['test', GOOD, '--init']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('  - { id: accuracy, kind: accuracy, data: held-out, min: 0.9, drop: 0.01 }');
});

it('does not show that a model behaves by tests that ask for nothing', async () => {
  const folder = await suiteFolder(SUITE.replace(', min: 0.9', '').replace(/ {2}- \{ id: (same|sums).*\n/g, ''));
  const run = await runCli(['test', GOOD, '--suite', join(folder, 'suite.yaml')]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain(
    '0 of 1 test passed, 0 failed, 1 not assessed: the suite does not show that the model behaves',
  );
});

it('refuses a suite that came with the model, also by a link', async () => {
  const folder = await suiteFolder();
  copyFileSync(GOOD, join(folder, 'model.onnx'));
  const link = join(tempFolder(), 'suite.yaml');
  symlinkSync(join(folder, 'suite.yaml'), link);
  for (const suite of [join(folder, 'suite.yaml'), link]) {
    const run = await runCli(['test', folder, '--suite', suite]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('lies in the artifact: who made the model would choose its tests');
  }
});

it.each(['loop', 'fill', 'expand'] as const)(
  'fails every test of a model that does not end or grows (%s), and lives',
  async (name) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'evil.onnx'), await onnxBytes(HOSTILE[name]()));
    const suite = join(folder, 'suite.yaml');
    writeFileSync(join(folder, 'x.csv'), 'x\n1\n');
    writeFileSync(
      suite,
      'version: 1\nname: x\ndata: { x: { inputs: x.csv } }\ntests: [{ id: same, kind: determinism, data: x }]\n',
    );
    const run = await runCli(['test', join(folder, 'evil.onnx'), '--suite', suite, '--minutes', '0.03']);
    expect(run).toMatchObject({ code: 1, stderr: '' });
    expect(run.stdout).toContain('did not run');
    expect(run.stdout).toMatch(/FAIL +same: the model does not run: .*(sandbox|memory|limit)/);
  },
);

describe('says what is wrong, and what to do', () => {
  it.each<[string, (folder: string) => string[], string]>([
    [
      'a time that is not one',
      (folder) => ['test', GOOD, '--suite', join(folder, 'suite.yaml'), '--minutes', '0'],
      '--minutes: is not a number from 0.01 to 1440',
    ],
    ['no suite', () => ['test', GOOD], '--suite: no suite is given'],
    ['a suite that is missing', (folder) => ['test', GOOD, '--suite', join(folder, 'none.yaml')], 'no such file'],
    ['data that is missing', (folder) => ['test', GOOD, '--suite', join(folder, 'missing.yaml')], 'none.npz'],
    [
      'data that lies elsewhere',
      (folder) => ['test', GOOD, '--suite', join(folder, 'outside.yaml')],
      'is not a path within the folder of the suite',
    ],
    [
      'data of another shape',
      (folder) => ['test', GOOD, '--suite', join(folder, 'shape.yaml')],
      'has the shape [597], and the model takes [batch, 64]',
    ],
    [
      'a model that is missing',
      (folder) => ['test', join(folder, 'none.onnx'), '--suite', join(folder, 'suite.yaml')],
      'none.onnx',
    ],
    [
      'a folder without a model',
      (folder) => ['test', join(folder, 'empty'), '--suite', join(folder, 'suite.yaml')],
      'has no ONNX model',
    ],
    [
      'a model that is not one',
      (folder) => ['test', join(folder, 'held-out.npz'), '--suite', join(folder, 'suite.yaml')],
      'held-out.npz',
    ],
    [
      'bytes that are not a model',
      (folder) => ['test', join(folder, 'noise.onnx'), '--suite', join(folder, 'suite.yaml')],
      'is not a whole ONNX model',
    ],
    [
      'a device that is missing',
      (folder) => ['test', GOOD, '--suite', join(folder, 'suite.yaml'), '--device', 'cuda'],
      'the device cuda cannot be used',
    ],
    ['an unknown device', () => ['test', GOOD, '--suite', 'x', '--device', 'tpu'], 'tpu'],
    [
      'a baseline when recording',
      () => ['test', GOOD, '--suite', 'x', '--record', 'y', '--baseline', GOOD],
      '--baseline: cannot be used with --record',
    ],
    [
      'a suite for the suite that is written',
      () => ['test', GOOD, '--suite', 'x', '--init'],
      '--suite: cannot be used with --init',
    ],
    ['a name of data without a recording', () => ['test', GOOD, '--suite', 'x', '--data', 'y'], 'add --record'],
    ['a model of the Hub', (folder) => ['test', 'hf://owner/model', '--suite', join(folder, 'suite.yaml')], 'assay'],
  ])('for %s', async (name, args, message) => {
    const folder = await suiteFolder();
    mkdirSync(join(folder, 'empty'));
    writeFileSync(join(folder, 'empty', 'README.md'), 'x');
    writeFileSync(join(folder, 'empty', 'x.txt'), 'x');
    writeFileSync(join(folder, 'noise.onnx'), Buffer.from('0b0b0b0b', 'hex'));
    writeFileSync(join(folder, 'missing.yaml'), SUITE.replaceAll('held-out.npz', 'none.npz'));
    writeFileSync(join(folder, 'outside.yaml'), SUITE.replaceAll('held-out.npz', '../held-out.npz'));
    writeFileSync(join(folder, 'shape.yaml'), SUITE.replace('columns: [X]', 'columns: [y], as: X'));
    const env = name === 'a model of the Hub' ? { HF_ENDPOINT: 'http://127.0.0.1:9' } : {};
    const run = await runCli(args(folder), { env });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toMatch(/\n {4}at /);
  });
});

it('records nothing where the model does not take the data', async () => {
  const folder = tempFolder();
  const suite = join(folder, 'suite.yaml');
  writeFileSync(join(folder, 'x.csv'), 'x\n1\n');
  writeFileSync(suite, 'version: 1\nname: x\ndata: { x: { inputs: x.csv } }\ntests: []\n');
  const run = await runCli(['test', GOOD, '--suite', suite, '--record', join(folder, 'golden.npz')]);
  expect(run.code).toBe(2);
  expect(existsSync(join(folder, 'golden.npz'))).toBe(false);
});

requirePart('Vulkan driver', hasVulkan, VULKAN_HOW, 'tests of a model on a GPU by WebGPU', () => {
  it('takes the processor where the GPU lacks what the model needs, and says why', async () => {
    const folder = await suiteFolder();
    const args = ['test', GOOD, '--suite', join(folder, 'suite.yaml'), '--format', 'json', '--device'];
    const run = await runCli([...args, 'auto'], { env: VULKAN_ENV });
    const report = JSON.parse(run.stdout) as TestReport;
    expect(report.status).toBe('pass');
    expect(report.device?.requested).toBe('auto');
    expect(report.device?.passedOver.map(({ device }) => device)).toContain('cuda');
  });
});

describe('the attestation of tests', () => {
  async function attested(
    model: string,
    suite: string,
  ): Promise<{ readonly folder: string; readonly code: number | null }> {
    const folder = await suiteFolder(suite);
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    writeFileSync(join(folder, 'ci.pem'), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(join(folder, 'ci.pub'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(join(folder, 'trust.yaml'), 'version: 1\nsigners:\n  - { name: ci, key: ci.pub, may: [tests] }\n');
    const run = await runCli([
      ...['test', model, '--suite', join(folder, 'suite.yaml')],
      ...['--attest', join(folder, 'tests.intoto.json'), '--private-key', join(folder, 'ci.pem')],
    ]);
    expect(run.stderr).toMatch(/^Signed: the tests, by key P-256, hint [0-9a-f]{64}\n$/);
    return { folder, code: run.code };
  }

  const given = (folder: string) => [
    ...['--attestation', join(folder, 'tests.intoto.json')],
    ...['--trust', join(folder, 'trust.yaml')],
  ];

  async function checksOf(model: string, folder: string): Promise<Record<string, string>> {
    const run = await runCli(['scan', model, '--format', 'json', ...given(folder)]);
    const report = JSON.parse(run.stdout) as { checks: { id: string; status: string }[] };
    return Object.fromEntries(report.checks.map(({ id, status }) => [id, status]));
  }

  it('is verified, and answers the checks of a scan', async () => {
    const { folder, code } = await attested(GOOD, SUITE);
    expect(code).toBe(0);
    const verified = await runCli([
      ...['attestation', 'verify', join(folder, 'tests.intoto.json'), '--trust', join(folder, 'trust.yaml')],
      ...['--type', 'tests', '--artifact', GOOD],
    ]);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain('VERIFIED tests of behaviour: pass\n  about      good.onnx sha256:');
    expect(verified.stdout).toContain('  passed     same, accuracy, sums\n');
    expect(await checksOf(GOOD, folder)).toMatchObject({
      'integrity.attestation': 'pass',
      'tests.attested': 'pass',
      'tests.passed': 'pass',
      'behavior.known-input': 'pass',
    });
    expect(await checksOf(FLIPPED, folder)).toMatchObject({
      'tests.attested': 'not-assessed',
      'tests.passed': 'not-assessed',
    });
    const other = await runCli([
      ...['attestation', 'verify', join(folder, 'tests.intoto.json'), '--trust', join(folder, 'trust.yaml')],
      ...['--artifact', FLIPPED],
    ]);
    expect(other).toMatchObject({ code: 1 });
    expect(other.stdout).toContain('which is not among the files');
  });

  it('says that tests failed, which a policy denies', async () => {
    const { folder, code } = await attested(FLIPPED, SUITE);
    expect(code).toBe(1);
    const run = await runCli(['scan', FLIPPED, ...given(folder)]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('a test of behaviour failed: same: ');
  });

  it('proves nothing when its signer may not sign tests, or a byte of it changed', async () => {
    const { folder } = await attested(GOOD, SUITE);
    const trust = join(folder, 'trust.yaml');
    writeFileSync(trust, readFileSync(trust, 'utf8').replace('[tests]', '[scan, conversion]'));
    expect(await checksOf(GOOD, folder)).toMatchObject({ 'integrity.attestation': 'fail' });
    expect(await checksOf(GOOD, folder)).not.toHaveProperty('tests.passed');
  });

  it.each([
    [['--attest', 't.json'], 'no key, certificate or identity is given'],
    [['--private-key', 'k.pem'], 'nothing is signed; say where the attestation is written'],
    [['--attest', 't.json', '--record', 'g.npz'], '--attest: cannot be used with --record'],
    [['--attest', 't.json', '--private-key', 'missing.pem'], 'missing.pem'],
  ])('%j', async (options, message) => {
    const folder = await suiteFolder();
    const run = await runCli(['test', GOOD, '--suite', join(folder, 'suite.yaml'), ...options]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
    expect(existsSync('t.json')).toBe(false);
  });
});

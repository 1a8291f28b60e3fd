import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../../../support/temp.ts';
import { PROBES, runCli } from '../../run-cli.ts';

const root = tempFolder();
const at = (name: string) => join(root, name);
const run = (...args: string[]) => runCli(args, { cwd: root });
const HEAD = 'apiVersion: assay.dev/v1\nkind: ModelPolicy\nmetadata: { name: acme }\nspec:\n  validations:\n';
const rule = (expression: string, id = 'one') =>
  `    - id: ${id}\n      message: it does not hold\n      expression: ${expression}\n`;

beforeAll(() => {
  mkdirSync(at('model'));
  copyFileSync(join(PROBES, 'op-global-p2/a.pkl'), at('model/a.pkl'));
  mkdirSync(at('plain'));
  writeFileSync(at('plain/config.json'), '{"model_type": "llama"}\n');
  writeFileSync(
    at('plain/empty.safetensors'),
    Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
  );
  writeFileSync(at('good.yaml'), HEAD + rule('files.size() == 2'));
  writeFileSync(at('allows.yaml'), HEAD + rule('files.size() >= 1'));
  writeFileSync(at('odd.yaml'), HEAD + rule('files.size() > 0') + rule('files.size() > 0', 'two'));
  writeFileSync(at('origin.yaml'), HEAD + rule("checks['provenance.drift'].status == 'pass'"));
  writeFileSync(at('typo.yaml'), HEAD + rule("files.all(f, f.verdct == 'clean')"));
  writeFileSync(at('number.yaml'), HEAD + rule('files.size()'));
  writeFileSync(at('field.yaml'), `${HEAD}${rule('files.size() > 0')}      severity: high\n`);
  writeFileSync(at('broken.yaml'), `${HEAD}    - [\n`);
  writeFileSync(at('runaway.yaml'), HEAD + rule('files.all(a, files.all(b, files.all(c, files.all(d, d.size > 0))))'));
  writeFileSync(at('fails.yaml'), HEAD + rule("checks['integrity.manifest'].status == 'pass'"));
  writeFileSync(
    at('staged.yaml'),
    HEAD.replace('spec:', 'spec:\n  match: { stages: [staging] }') + rule('files.size() > 0'),
  );
  writeFileSync(at('labels.yaml'), HEAD + rule("environment.labels.region == 'eu'"));
  writeFileSync(at('empty.yaml'), '');
  copyFileSync(at('allows.yaml'), at('model/waiver.yaml'));
  symlinkSync(at('model/waiver.yaml'), at('link.yaml'));
});

describe('assay policy check', () => {
  it('accepts a sound policy, by file and by name', async () => {
    const { code, stdout, stderr } = await run('policy', 'check', 'good.yaml', 'origin.yaml', 'production');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^good\.yaml: acme is sound \(1 rule, 0 variables, sha256:[0-9a-f]{64}\)$/m);
    expect(stdout).toMatch(
      /origin\.yaml:\d+:\d+: note: one denies: .*\(checks provenance\.\*\), which this version cannot produce$/m,
    );
    expect(stdout).toMatch(/production is sound/);
  });

  it('warns of a repeated rule, and fails', async () => {
    const { code, stdout } = await run('policy', 'check', 'odd.yaml', 'good.yaml');
    expect(code).toBe(1);
    expect(stdout).toContain('odd.yaml:9:7: warning: two repeats one; remove one\n');
    expect(stdout).toContain('good.yaml: acme is sound');
  });

  it.each([
    ['typo.yaml', 'typo.yaml:8:33: error: a file has no field verdct; did you mean verdict?\n'],
    ['number.yaml', 'number.yaml:8:19: error: the expression must return true or false, but returns an integer\n'],
    [
      'field.yaml',
      'field.yaml:9:7: error: a validation has no severity; use one of id, expression, when, message, messageExpression, findings, action, owasp\n',
    ],
    ['broken.yaml', /^broken\.yaml:\d+:\d+: error: this is not YAML: Flow sequence/],
    [
      'runaway.yaml',
      'runaway.yaml:8:19: error: the expression loops over lists within lists more than 3 deep; split it into variables\n',
    ],
    ['empty.yaml', 'empty.yaml:1:1: error: the file is empty; write the keys apiVersion, kind, metadata, spec\n'],
  ])('refuses %s with the line and column', async (file, line) => {
    const { code, stdout, stderr } = await run('policy', 'check', file);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    if (typeof line === 'string') expect(stdout).toBe(line);
    else expect(stdout).toMatch(line);
  });

  it('continues after a missing file, and fails', async () => {
    const { code, stdout, stderr } = await run('policy', 'check', 'nowhere.yaml', 'good.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^assay: nowhere\.yaml: no such file; check the path, or use one of baseline, [^\n]*\n$/);
    expect(stdout).toContain('good.yaml: acme is sound');
  });
});

describe('assay scan with an invalid policy gives one line, exit code 2 and no decision:', () => {
  it.each<[string, RegExp]>([
    ['typo.yaml', /typo\.yaml:8:33: a file has no field verdct; did you mean verdict\?/],
    ['number.yaml', /number\.yaml:8:19: the expression must return true or false/],
    ['field.yaml', /field\.yaml:9:7: a validation has no severity/],
    ['broken.yaml', /broken\.yaml:\d+:\d+: this is not YAML/],
    ['runaway.yaml', /runaway\.yaml:8:19: the expression loops over lists/],
    ['empty.yaml', /empty\.yaml:1:1: the file is empty/],
    ['nowhere.yaml', /nowhere\.yaml: no such file/],
    ['plain', /no such policy; use one of baseline/],
    ['./plain', /\.\/plain: is a folder; name a file/],
  ])('%s', async (policy, line) => {
    const { code, stdout, stderr } = await run('scan', 'plain', '--policy', policy);
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    ['a file within the model', 'model', 'model/waiver.yaml'],
    ['a link into the model', 'model', 'link.yaml'],
    ['a policy within the scanned folder', '.', 'good.yaml'],
  ])('%s is refused as a policy', async (_, target, policy) => {
    const { code, stdout, stderr } = await run('scan', target, '--policy', policy);
    expect(stderr).toBe(
      `assay: --policy ${policy}: is inside the model, but a waiver must not come from the model itself; keep it outside of the model\n`,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('assay scan with a policy', () => {
  const scan = async (...args: string[]) => {
    const { code, stdout, stderr } = await run('scan', ...args, '--format', 'json');
    expect(stderr).toBe('');
    return { code, decision: JSON.parse(stdout).decision };
  };

  it('decides by the policy', async () => {
    expect(await scan('plain', '--policy', 'good.yaml')).toMatchObject({
      code: 0,
      decision: { action: 'allow', policy: 'acme' },
    });
    expect(await scan('model/a.pkl', '--policy', 'good.yaml')).toMatchObject({
      code: 1,
      decision: { violations: [{ rule: 'one', message: 'it does not hold' }] },
    });
  });

  it('does not allow what the policy cannot evaluate', async () => {
    expect(await scan('plain', '--policy', 'fails.yaml')).toMatchObject({
      code: 1,
      decision: { rules: [{ id: 'one', outcome: 'error' }] },
    });
    expect(await scan('plain', '--policy', 'origin.yaml')).toMatchObject({
      code: 1,
      decision: { violations: [{ rule: 'unavailable', message: expect.stringContaining('training data') }] },
    });
  });

  it('passes the stage and the labels to the policy', async () => {
    const staged = await scan('plain', '--policy', 'staged.yaml');
    expect(staged).toMatchObject({ code: 1, decision: { violations: [{ rule: 'policy.match' }] } });
    expect((await scan('plain', '--policy', 'staged.yaml', '--stage', 'staging')).code).toBe(0);
    expect((await scan('plain', '--policy', 'labels.yaml')).code).toBe(1);
    expect((await scan('plain', '--policy', 'labels.yaml', '--label', 'tier=a=b', '--label', 'region=eu')).code).toBe(
      0,
    );
  });

  it('denies when nobody gave the required tests and training run, and requires neither where a label says so', async () => {
    const production = ['plain', '--policy', 'production', '--stage', 'production'];
    const rulesOf = (decision: { violations: { rule: string }[] }) => decision.violations.map(({ rule: id }) => id);
    const asked = await scan(...production, '--label', 'require-tests=yes');
    expect(asked.code).toBe(1);
    const elsewhere = ['--label', 'trained-elsewhere=yes'];
    const others = ['signature.verified', 'stage.approved'];
    expect(rulesOf(asked.decision)).toEqual([...others, 'tests.passed', 'data.provenance']);
    expect(rulesOf((await scan(...production)).decision)).toEqual([...others, 'data.provenance']);
    expect(rulesOf((await scan(...production, ...elsewhere)).decision)).toEqual(others);
  });

  it.each(['region', '=eu', ''])('refuses %j as a label', async (label) => {
    const { code, stderr } = await run('scan', 'plain', '--label', label);
    expect(stderr).toBe(`assay: --label ${label}: is not a label; write --label name=value\n`);
    expect(code).toBe(2);
  });
});

describe('assay policy test', () => {
  const cases = (expected: string) =>
    `policy: good.yaml\ncases:\n  - name: one file\n    expect: { action: ${expected} }\n`;

  beforeAll(() => {
    for (const folder of ['holds', 'breaks']) {
      mkdirSync(at(folder));
      copyFileSync(at('good.yaml'), at(`${folder}/good.yaml`));
    }
    writeFileSync(at('holds/good.test.yaml'), cases('deny, rules: [one]'));
    writeFileSync(at('breaks/good.test.yaml'), cases('allow'));
    writeFileSync(at('lone.test.yaml'), 'cases:\n  - name: a\n    expect: { action: allow }\n');
    writeFileSync(
      at('wrong.test.yaml'),
      'cases:\n  - name: a\n    expct: { action: allow }\n    expect: { action: deni }\n',
    );
  });

  it('passes when all cases pass', async () => {
    const { code, stdout, stderr } = await run('policy', 'test', 'holds', '--verbose');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('  passed  one file\nholds/good.test.yaml: 1 passed, 0 failed\n1 file: 1 passed, 0 failed\n');
  });

  it('reports a failed case with its line and column', async () => {
    const { code, stdout } = await run('policy', 'test', 'holds', 'breaks/good.test.yaml');
    expect(code).toBe(1);
    expect(stdout).toContain('breaks/good.test.yaml:3:5: one file: expected allow, but the decision was deny by one\n');
    expect(stdout).toContain('2 files: 1 passed, 1 failed\n');
  });

  it.each([
    ['lone.test.yaml', 'lone.test.yaml: tests lone.yaml, which does not exist; name its policy, as in policy: strict'],
    [
      'wrong.test.yaml',
      'wrong.test.yaml:3:12: cases[0] has no expct (and 1 more: assay policy check shows all); assay policy test --help shows the format of test cases',
    ],
    ['plain', 'plain: contains no *.test.yaml; name the test files, or their folder'],
    ['nowhere', 'nowhere: no such file or folder; check the path'],
  ])('refuses %s', async (path, line) => {
    const { code, stdout, stderr } = await run('policy', 'test', path);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `assay: ${line}\n` });
  });

  it('passes for the shipped policies', async () => {
    const { code, stdout } = await runCli(['policy', 'test', 'policies']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^13 files: \d+ passed, 0 failed$/m);
  });
});

describe('assay policy explain', () => {
  beforeAll(async () => {
    expect((await run('scan', 'model/a.pkl', '--format', 'json', '-o', 'report.json', '-q')).code).toBe(1);
  });

  it('shows each rule, its value, its variables and the findings behind it', async () => {
    const { code, stdout, stderr } = await run('policy', 'explain', '--report', 'report.json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^DENY +model\/a\.pkl$/m);
    expect(stdout).toMatch(/^deny +verdict\.malicious$/m);
    expect(stdout).toMatch(
      /^value +false\nvariable +malicious = 1: a\.pkl\nfinding +critical {2}pickle\.global\.dangerous {2}a\.pkl /m,
    );
    expect(stdout).toMatch(/^pass +verdict\.unknown$/m);
  });

  it('applies another policy, stage and label, and prints JSON', async () => {
    const labels = ['--label', 'require-tests=yes', '--label', 'trained-elsewhere=yes'];
    const place = ['--policy', 'production', '--stage', 'staging', ...labels, '--format', 'json'];
    const { code, stdout } = await run('policy', 'explain', '--report', 'report.json', ...place);
    expect(code).toBe(1);
    const { decision, variables, values } = JSON.parse(stdout);
    expect(decision.violations.at(-1)).toMatchObject({ rule: 'tests.passed' });
    expect(variables.stage).toBe('"staging"');
    expect(values.at(-2)).toMatchObject({ id: 'tests.passed', value: 'false' });
    expect(decision.violations.at(-1).message).toContain('(assay test ');
    expect(values.at(-1)).toEqual({ id: 'data.provenance', expression: 'provenance.verified', value: null });
  });

  it('lists everything that an expression can name', async () => {
    const { code, stdout } = await run('policy', 'explain', '--view');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^view +v1: /);
    for (const name of ['artifact', 'isPinned', 'severityRank', 'approvals', 'labels', 'provenance']) {
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    }
    expect(JSON.parse((await run('policy', 'explain', '--view', '--format', 'json')).stdout).version).toBe('v1');
  });

  it.each([
    [[], 'policy explain: has no report to explain; give --report FILE, or --view'],
    [['--view', '--report', 'report.json'], '--view: has both a report and --view; give --report FILE, or --view'],
    [['--report', 'nowhere.json'], /nowhere\.json: no such file/],
    [['--report', 'good.yaml'], /good\.yaml: /],
    [['--report', 'report.json', '--policy', 'typo.yaml'], /typo\.yaml:8:33: a file has no field verdct/],
  ])('refuses the arguments %j', async (args, line) => {
    const { code, stdout, stderr } = await run('policy', 'explain', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    if (typeof line === 'string') expect(stderr).toBe(`assay: ${line}\n`);
    else expect(stderr).toMatch(line);
  });
});

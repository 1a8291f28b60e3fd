import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validReport, validSarif } from '../../../report/validators.ts';
import { MAIN, PROBES, runCli } from '../../run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-scan-'));
const bad = join(PROBES, 'op-global-p2/a.pkl');
const clean = join(folder, 'clean.pkl');
const odd = join(folder, 'odd.pkl');
const cut = join(folder, 'cut.pkl');

beforeAll(() => {
  // {'a': 1}; acme.tokens.Table; a truncated dict.
  writeFileSync(clean, Buffer.from('80027d7100580100000061710 14b01732e'.replace(/ /g, ''), 'hex'));
  writeFileSync(odd, 'cacme.tokens\nTable\n.');
  writeFileSync(cut, Buffer.from('80027d7100', 'hex'));
  mkdirSync(join(folder, 'model'));
  copyFileSync(bad, join(folder, 'model/pytorch_model.bin'));
  copyFileSync(clean, join(folder, 'model/extra.pkl'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('assay scan', () => {
  it.each<[string, string[], number]>([
    ['clean', [clean], 0],
    ['malicious', [bad], 1],
    ['suspicious', [odd], 1],
    ['unknown', [cut], 1],
    ['malicious under research', [bad, '--policy', 'research'], 0],
    ['clean among others', [clean, bad], 1],
    ['a denied file and a missing path', [bad, join(folder, 'missing')], 1],
    ['an allowed file and a missing path', [join(folder, 'missing'), clean], 2],
  ])('exits for %s with %s', async (_, args, code) => {
    expect((await runCli(['scan', ...args, '--quiet'])).code).toBe(code);
  });

  it('prints what the run cost to stderr with --stats, and leaves the report as it is', async () => {
    const { stdout, stderr } = await runCli(['scan', clean, '--format', 'json', '--quiet', '--stats']);
    expect(validReport(stdout)).toMatchObject({ status: 'complete' });
    expect(stderr).toMatch(
      /^time {9}\d+\.\d\d s\nCPU time {5}\d+\.\d\d s\npeak memory {2}\d+(?:\.\d)? MiB\nreceived {5}0 bytes\n$/,
    );
    expect(Number(/^CPU time +(\S+)/m.exec(stderr)?.[1])).toBeGreaterThan(0);
    expect((await runCli(['scan', clean, '--quiet'])).stderr).toBe('');
  });

  it('exits with 130 and no message after an interrupt', async () => {
    const targets = Array.from({ length: 3000 }, () => bad);
    const { code, stderr } = await runCli(['scan', ...targets], {
      onStart: (child) => child.stdout?.once('data', () => child.kill('SIGINT')),
    });
    expect(stderr).toBe('');
    expect(code).toBe(130);
  });

  it('handles an interrupt between the small files of one target', async () => {
    const many = join(folder, 'many');
    mkdirSync(many);
    for (let i = 0; i < 4000; i++) copyFileSync(bad, join(many, `${i}.pkl`));
    const { code, stdout } = await runCli(['scan', many, many, many], {
      onStart: (child) => child.stdout?.once('data', () => child.kill('SIGINT')),
    });
    expect(code).toBe(130);
    expect(stdout.match(/^DENY/gm)).toHaveLength(1);
  });

  it('does not fail on a closed pipe', async () => {
    const child = spawn('sh', ['-c', `"$0" "$1" scan "$2" | head -n 1`, process.execPath, MAIN, bad]);
    let out = '';
    let err = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(out).toMatch(/^DENY {10}malicious/);
    expect(err).toBe('');
  });
});

describe('assay scan --format', () => {
  it('table prints no colour outside a terminal', async () => {
    const { stdout, stderr } = await runCli(['scan', join(folder, 'model')]);
    expect(stdout).toMatch(/^DENY {10}malicious: 1 of 2 files would run code or do harm when loaded\n/);
    expect(stdout).toContain('calls os.system');
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('');
  });

  it('table prints colour when it is forced, and never with --no-color', async () => {
    const env = { FORCE_COLOR: '1' };
    expect((await runCli(['scan', bad], { env })).stdout).toContain('\u001b[31m');
    expect((await runCli(['scan', bad, '--no-color'], { env })).stdout).not.toContain('\u001b');
    expect((await runCli(['scan', bad], { env: { ...env, FORCE_COLOR: '0' } })).stdout).not.toContain('\u001b');
  });

  it('json conforms to the published schema', async () => {
    const { stdout } = await runCli(['scan', join(folder, 'model'), '--format', 'json', '--coverage']);
    expect(validReport(stdout)).toMatchObject({
      schemaVersion: '1',
      status: 'complete',
      decision: { action: 'deny', policy: 'baseline', violations: [{ rule: 'verdict.malicious' }] },
      files: [
        { path: 'extra.pkl', verdict: 'clean', imports: [], coverage: { gaps: [] } },
        { path: 'pytorch_model.bin', verdict: 'malicious', imports: ['os.system'], digestBasis: 'computed' },
      ],
      findings: [{ ruleId: 'pickle.global.dangerous', severity: 'critical', file: 'pytorch_model.bin', offset: 2 }],
    });
  });

  it('jsonl prints one report per target', async () => {
    const { stdout } = await runCli(['scan', clean, bad, '--format', 'jsonl']);
    const actions = stdout
      .trimEnd()
      .split('\n')
      .map((line) => validReport(line));
    expect(actions).toMatchObject([{ decision: { action: 'allow' } }, { decision: { action: 'deny' } }]);
  });

  it('sarif covers all targets, with paths relative to the working folder', async () => {
    const { stdout } = await runCli(['scan', 'model', 'odd.pkl', '--format', 'sarif'], { cwd: folder });
    const log = validSarif(stdout) as { runs: { results: { locations: unknown[] }[] }[] };
    expect(log.runs).toHaveLength(1);
    expect(log.runs[0]?.results).toMatchObject([
      { level: 'error', locations: [{ physicalLocation: { artifactLocation: { uri: 'model/pytorch_model.bin' } } }] },
      { locations: [{ physicalLocation: { artifactLocation: { uri: 'odd.pkl' } } }] },
    ]);
  });

  it('with --output writes the whole file, leaves no other file, and prints only the decision', async () => {
    const target = join(folder, 'out');
    mkdirSync(target);
    const file = join(target, 'report.json');
    const { code, stdout, stderr } = await runCli(['scan', bad, '--format', 'json', '-o', file]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(`DENY ${bad}\n`);
    validReport(readFileSync(file, 'utf8'));
    expect(readdirSync(target)).toEqual(['report.json']);
    expect((await runCli(['scan', bad, '-o', '/dev/null', '--quiet'])).stderr).toBe('');
  });
});

describe('the scan option', () => {
  it('--fail-on denies by severity what the policy allows', async () => {
    const { code, stdout } = await runCli(['scan', odd, '--policy', 'research', '--fail-on', 'high']);
    expect(code).toBe(1);
    expect(stdout).toContain('denied because: 1 finding is at least high (--fail-on)');
  });

  it('--allow allows exactly the named global, and changes the ruleset digest', async () => {
    const allow = join(folder, 'allow.yaml');
    const entry = (expires: string) =>
      `allow:\n  - {module: acme.tokens, name: Table, uses: [import], owner: me, reason: ours, expires: ${expires}}\n`;
    writeFileSync(allow, entry('2099-01-01'));
    const report = async (...more: string[]) =>
      validReport((await runCli(['scan', odd, '--format', 'json', ...more])).stdout);
    const without = (await report()) as { ruleset: { digest: string } };
    const allowed = (await report('--allow', allow)) as { ruleset: { digest: string } };
    expect(allowed).toMatchObject({ decision: { action: 'allow' }, files: [{ verdict: 'clean' }] });
    expect(allowed.ruleset.digest).not.toBe(without.ruleset.digest);
    writeFileSync(allow, entry('2001-01-01'));
    expect(await report('--allow', allow)).toMatchObject({
      decision: { action: 'deny' },
      notes: ['the allowance of acme.tokens.Table by me expired on 2001-01-01'],
    });
  });

  it('--quiet prints the decision alone, --verbose every file and check', async () => {
    expect((await runCli(['scan', bad, '--quiet'])).stdout.trimEnd().split('\n')).toHaveLength(2);
    const { stdout } = await runCli(['scan', join(folder, 'model'), '--verbose']);
    expect(stdout).toContain('extra.pkl');
    expect(stdout).toContain('ML01:2023');
  });
});

describe('the program', () => {
  it('has a help text with verbs, examples and exit codes', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const word of ['scan', 'pull', 'inspect', 'explain', 'repro', 'Examples:', 'Exit codes:'])
      expect(stdout).toContain(word);
    const scan = await runCli(['scan', '--help']);
    for (const word of ['baseline', 'strict', 'research', 'Examples:', '--fail-on'])
      expect(scan.stdout).toContain(word);
  });

  it('refuses verbs that do not exist', async () => {
    for (const verb of ['convertt', 'tests', 'datas'])
      expect((await runCli([verb, 'x'])).stderr).toContain('unknown command');
  });

  it('prints the same version for --version and -V', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'));
    expect((await runCli(['--version'])).stdout).toBe(`${version}\n`);
    expect((await runCli(['-V'])).stdout).toBe(`${version}\n`);
  });
});

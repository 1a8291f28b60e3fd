import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SCAN_FORMATS } from '../../../../src/cli/commands/scan/request.ts';
import { SECRET_KINDS, secretOf } from '../../../support/secrets.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const folder = tempFolder();
const model = join(folder, 'model');
const kind = SECRET_KINDS.find(({ name }) => name === 'hugging face');
const SECRET = kind === undefined ? '' : secretOf(kind, 11);

beforeAll(() => {
  mkdirSync(model);
  writeFileSync(join(model, 'config.json'), `{"model_type": "bert", "hub_token": "${SECRET}"}\n`);
  writeFileSync(join(model, 'requirements.txt'), 'torch==2.1.0\n');
});

const reportOf = async (...more: string[]) => {
  const { stdout, code } = await runCli(['scan', model, '--format', 'json', ...more]);
  return { code, text: stdout, report: JSON.parse(stdout) };
};

describe('a folder with a secret', () => {
  it('is warned of by baseline and denied by strict, and no format shows the secret', async () => {
    const baseline = await reportOf();
    expect(baseline.code).toBe(0);
    expect(baseline.report.decision.violations).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ rule: 'secret.found', message: 'a secret is in config.json' }),
      ]),
    );
    const strict = await reportOf('--policy', 'strict');
    expect(strict.code).toBe(1);
    for (const format of SCAN_FORMATS) {
      const { stdout } = await runCli(['scan', model, '--format', format]);
      expect(stdout.length).toBeGreaterThan(100);
      expect(stdout).not.toContain(SECRET);
    }
  });
});

describe('--advisories', () => {
  const own = join(folder, 'own.json');
  const entry = {
    id: 'CVE-2030-0001',
    library: 'torch',
    fixed: '3.0',
    title: 'x',
    severity: 'high',
    source: 'https://acme.io/1',
  };
  const write = (...advisories: unknown[]) =>
    writeFileSync(own, JSON.stringify({ version: '2030.1.1', advisories }, null, 1));
  const messages = ({ findings }: { findings: { ruleId: string; message: string }[] }) =>
    findings.filter(({ ruleId }) => ruleId.startsWith('loader.')).map(({ message }) => message);

  it('stands in place of the built-in list, and is part of the ruleset', async () => {
    write(entry);
    const built = await reportOf();
    expect(messages(built.report)).toEqual([
      'Asks for torch 2.1.0, which has CVE-2025-32434, CVE-2026-24747; torch 2.10.0 is safe.',
    ]);
    const given = await reportOf('--advisories', own);
    expect(messages(given.report)).toEqual(['Asks for torch 2.1.0, which has CVE-2030-0001; torch 3.0 is safe.']);
    expect(given.report.ruleset.digest).not.toBe(built.report.ruleset.digest);
  });

  it('names the line of what is wrong, and what to do', async () => {
    write(entry, { ...entry, fixed: 'soon' });
    const { code, stderr } = await runCli(['scan', model, '--advisories', own]);
    expect(code).toBe(2);
    expect(stderr).toContain('line 12: advisories.1.fixed is not a version like 2.6.0');
    expect(stderr).toContain('docs/advisories.md');
    const missing = await runCli(['scan', model, '--advisories', join(folder, 'none.json')]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('--advisories')]);
  });
});

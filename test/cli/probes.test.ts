import { describe, expect, it } from 'vitest';
import { validReport, validSarif } from '../report/validators.ts';
import { PROBES, runCli } from './run-cli.ts';

describe('a scan of a folder with every probe', () => {
  it('gives a report that conforms to the schema, with coverage and all findings', async () => {
    const { code, stdout, stderr } = await runCli(['scan', PROBES, '--format', 'json', '--coverage']);
    expect(stderr).toBe('');
    expect(code).toBe(1);
    const report = validReport(stdout) as { files: { verdict: string }[]; owasp: Record<string, { status: string }> };
    expect(report.files.length).toBeGreaterThan(150);
    expect(report.owasp['ML06:2023']?.status).toBe('fail');
  });

  it('gives valid SARIF without a region for any binary file', async () => {
    const { stdout } = await runCli(['scan', PROBES, '--format', 'sarif']);
    const { runs } = validSarif(stdout) as { runs: { results: { locations: { physicalLocation: object }[] }[] }[] };
    const results = runs[0]?.results ?? [];
    expect(results.length).toBeGreaterThan(150);
    const regions = results.filter(({ locations }) =>
      locations.some(({ physicalLocation }) => 'region' in physicalLocation),
    );
    expect(regions).toEqual([]);
  });

  it('gives a table without control characters', async () => {
    const { stdout } = await runCli(['scan', PROBES, '--verbose', '--coverage']);
    expect(stdout).toMatch(/^DENY {10}malicious: \d+ of \d+ files would run code/);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});

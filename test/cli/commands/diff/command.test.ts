import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBES, runCli } from '../../run-cli.ts';

let folder: string;
let clean: string;
let bad: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-diff-'));
  clean = join(folder, 'old.json');
  bad = join(folder, 'new.json');
  const model = join(folder, 'model.pkl');
  // An empty list; then a call of os.system.
  writeFileSync(model, Buffer.from('80025d2e', 'hex'));
  await runCli(['scan', model, '--format', 'json', '-o', clean]);
  writeFileSync(model, Buffer.from("cposix\nsystem\n(S'true'\ntR.", 'latin1'));
  await runCli(['scan', model, '--format', 'json', '-o', bad]);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('assay diff', () => {
  it('reports new findings, and exits with 0 by default', async () => {
    const { code, stdout, stderr } = await runCli(['diff', clean, bad]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^DENY\s+was allow; [1-9]\d* new, 0 fixed/);
    expect(stdout).toContain('model.pkl');
    const back = await runCli(['diff', bad, clean]);
    expect(back.stdout).toMatch(/^ALLOW\s+was deny; 0 new, [1-9]\d* fixed/);
  });

  it('exits with 1 when a new finding reaches the given severity', async () => {
    expect((await runCli(['diff', clean, bad, '--fail-on-new'])).code).toBe(1);
    expect((await runCli(['diff', clean, bad, '--fail-on-new', 'critical'])).code).toBe(1);
    expect((await runCli(['diff', bad, clean, '--fail-on-new'])).code).toBe(0);
    expect((await runCli(['diff', bad, bad, '--fail-on-new', 'info'])).code).toBe(0);
  });

  it('writes JSON, also to a file, and one line with --quiet', async () => {
    const output = join(folder, 'diff.json');
    expect((await runCli(['diff', clean, bad, '--format', 'json', '-o', output])).stdout).toBe('');
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({
      schemaVersion: '1',
      decision: { from: { action: 'allow' }, to: { action: 'deny' } },
      files: { changed: [{ path: 'model.pkl', bytes: 'changed' }] },
    });
    const quiet = await runCli(['diff', clean, bad, '--quiet']);
    expect(quiet.stdout.trim().split('\n')).toHaveLength(1);
  });

  it('reports what it cannot compare, and exits with 2', async () => {
    const other = join(folder, 'other.json');
    const cases: readonly [args: readonly string[], text: string | undefined, message: RegExp][] = [
      [[clean], undefined, /missing required argument 'new'/],
      [[clean, join(folder, 'none.json')], undefined, /none\.json: .*no such file/],
      [[clean, folder], undefined, /^assay: \S+: /],
      [[clean, other], '{', /other\.json: is not JSON; give a report that assay scan --format json wrote/],
      [[clean, other], '{}', /other\.json: is not a report: it has no schemaVersion; give a report that/],
      [
        [other, clean],
        '{"schemaVersion":"9"}',
        /other\.json: is a report of version 9; this assay reads version 1; use the version/,
      ],
      [
        [clean, other],
        '{"schemaVersion":"1"}',
        /other\.json: is not a report of version 1: it must have required property 'artifact'; give a report that/,
      ],
      [[clean, bad, '--fail-on-new', 'grave'], undefined, /grave/],
      [[clean, bad, '--format', 'xml'], undefined, /xml/],
      [[clean, bad, '-o', join(folder, 'none', 'x')], undefined, /there is no folder/],
    ];
    for (const [args, text, message] of cases) {
      if (text !== undefined) writeFileSync(other, text);
      const { code, stdout, stderr } = await runCli(['diff', ...args]);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });

  it('has a help text with examples and exit codes', async () => {
    const { code, stdout } = await runCli(['diff', '--help']);
    expect(code).toBe(0);
    for (const text of ['fingerprint', 'Examples:', 'Exit codes:', '--fail-on-new']) expect(stdout).toContain(text);
  });
});

describe('assay scan', () => {
  it.each([
    ['markdown', /^- \*\*DENY\*\* `.*`\n[\s\S]*## Assay: DENY/],
    ['junit', /^<\?xml version="1\.0"[\s\S]*<testsuites [\s\S]*<failure /],
    ['cyclonedx', /^\{\n {2}"\$schema": "http:\/\/cyclonedx\.org\/schema\/bom-1\.6\.schema\.json"/],
  ])('writes several targets as %s', async (format, expected) => {
    const { code, stdout } = await runCli(['scan', PROBES, join(folder, 'model.pkl'), '--format', format]);
    expect(code).toBe(1);
    expect(stdout).toMatch(expected);
  });
});

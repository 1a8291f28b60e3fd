import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../../src/core/assessment/assessment.ts';
import { AssayError, isAssayError } from '../../../src/core/errors.ts';
import { diffReports, hasNew } from '../../../src/report/diff/diff.ts';
import { renderDiffJson } from '../../../src/report/diff/json.ts';
import { readReport } from '../../../src/report/diff/read.ts';
import { renderDiff } from '../../../src/report/diff/table.ts';
import { type Judged, renderJson } from '../../../src/report/index.ts';
import { HOSTILE, hostile } from '../hostile.ts';
import { CALL_RULE, CONTEXT, EXTENSION_RULE, file, finding, judged, mixed, UNLISTED_RULE } from '../sample.ts';

const table = { width: 100, color: false, verbose: false, quiet: false };
const STEERS = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function read(known: Judged, change: (report: Record<string, unknown>) => void = () => {}) {
  const report = JSON.parse(renderJson(known, CONTEXT));
  change(report);
  return readReport(Buffer.from(JSON.stringify(report)), 'report.json');
}

function diff(from: Partial<Assessment>, to: Partial<Assessment>) {
  return diffReports(read(judged(from)), read(judged(to)));
}

const call = finding(CALL_RULE, { file: 'a.pkl', message: 'Calls posix.system', offset: 4 });
const unlisted = finding(UNLISTED_RULE, { file: 'a.pkl', message: 'Constructs acme.Table', evidence: 'acme.Table' });
const named = finding(EXTENSION_RULE, { file: 'a.json', line: 1, message: 'Named .json, holds YAML' });

/** A later report of `mixed`. */
function later(): Judged {
  const known = mixed();
  const { files, findings, checks } = known.assessment;
  return judged({
    ...known.assessment,
    files: [
      ...files
        .filter(({ path }) => path !== 'onnx/model.onnx')
        .map((one) => (one.path === 'extra/cut.pkl' ? { ...one, verdict: 'clean' as const, size: 2000 } : one)),
      file({ path: 'new.pkl', verdict: 'malicious' }),
    ],
    findings: [
      ...findings.filter(({ ruleId }) => ruleId !== 'format.extension.mismatch'),
      finding(CALL_RULE, { file: 'new.pkl', message: 'Calls posix.system' }),
    ],
    checks: checks.map((check) => (check.id === 'integrity.checksum' ? { ...check, status: 'fail' as const } : check)),
    signatures: [],
    ruleset: { version: '1.1.0', digest: `sha256:${'ee'.repeat(32)}` },
  });
}

describe('the comparison of two reports', () => {
  it('equals the golden file', async () => {
    const compared = diffReports(read(mixed()), read(later()));
    await expect(renderDiff(compared, table)).toMatchFileSnapshot('../../golden/diff.txt');
    await expect(renderDiffJson(compared)).toMatchFileSnapshot('../../golden/diff.json');
  });

  it('matches new, fixed and unchanged findings by fingerprint, wherever they moved', () => {
    const moved = { ...unlisted, offset: 999, message: 'Said in other words' };
    const { findings } = diff({ findings: [call, unlisted] }, { findings: [moved, named] });
    expect(findings.new.map(({ ruleId }) => ruleId)).toEqual([named.ruleId]);
    expect(findings.fixed.map(({ ruleId }) => ruleId)).toEqual([call.ruleId]);
    expect(findings.unchanged.map(({ message }) => message)).toEqual(['Said in other words']);
    const graver = { ...unlisted, severity: 'high' as const };
    expect(diff({ findings: [unlisted] }, { findings: [graver] }).findings).toMatchObject({
      new: [],
      fixed: [],
      unchanged: [],
      changed: [{ severity: { from: 'medium', to: 'high' } }],
    });
  });

  it('lists files that were added, removed or changed, or got another verdict', () => {
    const other = 'cd34'.repeat(16);
    const { files } = diff(
      {
        files: [
          file({ path: 'gone' }),
          file({ path: 'same' }),
          file({ path: 'bytes' }),
          file({ path: 'verdict' }),
          file({ path: 'open', sha256: null }),
          file({ path: 'size', sha256: null, size: 1 }),
        ],
      },
      {
        files: [
          file({ path: 'same' }),
          file({ path: 'bytes', sha256: other }),
          file({ path: 'verdict', verdict: 'unknown' }),
          file({ path: 'open' }),
          file({ path: 'size', sha256: null, size: 2 }),
          file({ path: 'came' }),
        ],
      },
    );
    expect(files.added.map(({ path }) => path)).toEqual(['came']);
    expect(files.removed.map(({ path }) => path)).toEqual(['gone']);
    expect(files.changed.map(({ path, bytes }) => `${path} ${bytes}`)).toEqual([
      'bytes changed',
      'verdict same',
      'size changed',
    ]);
    expect(files).toMatchObject({ unchanged: 2, uncompared: 1 });
  });

  it('lists a changed ruleset, policy and artifact, and changed checks and risks', () => {
    const from = read(judged());
    const to = read(judged({}, 'strict'), (report) => {
      report.ruleset = { version: '2.0.0', digest: `sha256:${'1'.repeat(64)}` };
      report.artifact = { ref: './other', pinned: './other', digest: null };
      report.checks = [{ id: 'integrity.checksum', status: 'fail', detail: '' }];
    });
    const text = renderDiff(diffReports(from, to), table);
    expect(text).toContain('2.0.0 (sha256:111111111111), was 1.0.0 (sha256:cd34cd34cd34): findings may differ');
    expect(text).toMatch(/^policy\s+strict .*was\s+baseline/m);
    expect(text).toContain('The reports cover two different artifacts.');
    expect(text).toContain('integrity.checksum: fail, new');
    expect(renderDiff(diffReports(from, from), table)).not.toMatch(/ruleset|policy|two artifacts|CHECKS|RISKS/);
  });

  it('is empty for equal reports', () => {
    const same = diffReports(read(mixed()), read(mixed()));
    expect(same.findings).toMatchObject({ new: [], fixed: [], changed: [], unchanged: { length: 3 } });
    expect(same.files).toMatchObject({ added: [], removed: [], changed: [], unchanged: 6 });
    expect([...same.checks, ...same.risks, ...same.signatures]).toEqual([]);
    expect(hasNew(same, 'info')).toBe(false);
  });

  it('exchanges new and fixed when the reports are exchanged', () => {
    const pool = Array.from({ length: 12 }, (_, i) =>
      finding(CALL_RULE, { file: 'a', evidence: `${i}`, message: 'm' }),
    );
    fc.assert(
      fc.property(fc.subarray(pool), fc.subarray(pool), (from, to) => {
        const there = diff({ findings: from }, { findings: to }).findings;
        const back = diff({ findings: to }, { findings: from }).findings;
        expect(back.new).toEqual(there.fixed);
        expect(back.fixed).toEqual(there.new);
        expect(there.new.length + there.unchanged.length).toBe(to.length);
        expect(there.fixed.length + there.unchanged.length).toBe(from.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a regression', () => {
  it('is a new finding of at least the given severity', () => {
    const compared = diff({ findings: [] }, { findings: [unlisted] });
    expect(hasNew(compared, 'info')).toBe(true);
    expect(hasNew(compared, 'medium')).toBe(true);
    expect(hasNew(compared, 'high')).toBe(false);
    expect(hasNew(diff({ findings: [unlisted] }, { findings: [] }), 'info')).toBe(false);
  });

  it('is a worse verdict of a file without a new finding', () => {
    const clean = { files: [file({ path: 'a' })] };
    const bad = (verdict: 'unknown' | 'not-assessed' | 'malicious') => ({ files: [file({ path: 'a', verdict })] });
    expect(hasNew(diff(clean, bad('unknown')), 'medium')).toBe(true);
    expect(hasNew(diff(clean, bad('unknown')), 'high')).toBe(false);
    expect(hasNew(diff(clean, bad('not-assessed')), 'low')).toBe(true);
    expect(hasNew(diff(clean, bad('malicious')), 'critical')).toBe(true);
    expect(hasNew(diff({ files: [] }, bad('unknown')), 'medium')).toBe(true);
    expect(hasNew(diff({ files: [] }, clean), 'info')).toBe(false);
    expect(hasNew(diff(bad('unknown'), clean), 'info')).toBe(false);
    expect(hasNew(diff(bad('unknown'), bad('unknown')), 'info')).toBe(false);
  });
});

/** The error for bytes that are read as a report. */
function problem(text: string | Uint8Array): AssayError {
  try {
    readReport(Buffer.from(text), 'old.json');
  } catch (error) {
    if (isAssayError(error)) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('an input report', () => {
  const whole = () => JSON.parse(renderJson(mixed(), CONTEXT));

  it('that is invalid is refused with an error and a hint', () => {
    expect(problem('')).toMatchObject({ code: 'malformed', message: 'is not JSON', subject: 'old.json' });
    expect(problem('')?.hint).toContain('assay scan --format json');
    expect(problem(Buffer.from('fffe7b00', 'hex')).message).toBe('is not UTF-8');
    expect(problem('[]').message).toBe('is not a report: it has no schemaVersion');
    expect(problem('null').code).toBe('malformed');
    expect(problem('{"version":"2.1.0","runs":[]}').message).toContain('schemaVersion');
    expect(problem(JSON.stringify({ ...whole(), schemaVersion: '2' }))).toMatchObject({
      code: 'unsupported',
      message: 'is a report of version 2; this assay reads version 1',
    });
    expect(problem(JSON.stringify({ ...whole(), schemaVersion: 1 })).code).toBe('malformed');
    expect(problem('['.repeat(100)).code).toBe('limit');
    const report = whole();
    report.findings[1].severity = 'grave';
    expect(problem(JSON.stringify(report)).message).toMatch(
      /^is not a report of version 1: findings\.1\.severity must be /,
    );
    const two = `${JSON.stringify(whole())}\n${JSON.stringify(whole())}\n`;
    expect(problem(two).hint).toContain('one report');
  });

  it('can be of an earlier version, and can have additional fields', () => {
    const { declared: _declared, signatures: _signatures, ...report } = whole();
    delete report.decision.policyDigest;
    delete report.decision.rules;
    report.more = { of: 'it' };
    const old = readReport(Buffer.from(JSON.stringify(report)), 'old.json');
    expect(diffReports(old, read(mixed())).findings.new).toEqual([]);
    renderDiff(diffReports(old, read(mixed())), table);
  });

  it('with any change gives no error but an AssayError', () => {
    const text = renderJson(mixed(), CONTEXT);
    const keys = [...new Set(text.match(/"\w+":/g))];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.json(), fc.nat(text.length), (key, value, at) => {
        const broken = [text.slice(0, at), text.replace(new RegExp(`${key} ("[^"]*"|[\\w.]+)`), `${key} ${value}`)];
        for (const one of broken) {
          try {
            const report = readReport(Buffer.from(one), 'old.json');
            renderDiff(diffReports(report, report), table);
          } catch (error) {
            if (!(error instanceof AssayError)) throw error;
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(HOSTILE))('with %s is compared and displayed safely', (_, text) => {
    const from = read(mixed());
    const to = read(hostile(text));
    for (const compared of [diffReports(from, to), diffReports(to, from), diffReports(to, to)]) {
      for (const verbose of [false, true]) {
        const shown = renderDiff(compared, { ...table, verbose });
        expect(shown).not.toMatch(STEERS);
        for (const line of shown.split('\n').filter((one) => /^\S/.test(one)))
          expect(line).toMatch(/^(DENY|from|to|NEW|FIXED|UNCHANGED|FILES|CHECKS|SIGNATURES|RISKS)\s/);
      }
      const json = renderDiffJson(compared);
      expect(json).not.toMatch(STEERS);
      JSON.parse(json);
    }
  });

  it('with 10,000 findings is compared', () => {
    const findings = (from: number) =>
      Array.from({ length: 10_000 }, (_, i) =>
        finding(CALL_RULE, { file: `f${i % 50}`, message: 'Calls', evidence: `${from + i}` }),
      );
    const files = Array.from({ length: 50 }, (_, i) => file({ path: `f${i}`, verdict: 'malicious' }));
    const [from, to] = [0, 5000].map((n) => Buffer.from(renderJson(judged({ files, findings: findings(n) }), CONTEXT)));
    if (from === undefined || to === undefined) throw new Error('no report');
    const compared = diffReports(readReport(from, 'a'), readReport(to, 'b'));
    renderDiff(compared, { ...table, verbose: true });
    renderDiffJson(compared);
    expect(compared.findings.new).toHaveLength(5000);
    expect(compared.findings.unchanged).toHaveLength(5000);
  });
});

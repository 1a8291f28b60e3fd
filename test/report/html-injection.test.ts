import { describe, expect, it } from 'vitest';
import { type Excerpt, renderHtml } from '../../src/report/index.ts';
import { attribute, parseHtml, shape } from '../support/parsed-html.ts';
import { HOSTILE, hostile } from './hostile.ts';
import { NOW } from './html-sample.ts';
import { CONTEXT } from './sample.ts';

/** Every control character except line feeds. */
const STEERS = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const ATTRIBUTES =
  /^(aria-hidden|aria-label|aria-labelledby|charset|class|content|cx|cy|d|data-label|height|href|http-equiv|id|lang|name|points|preserveaspectratio|role|rx|scope|tabindex|viewbox|width|x|y|open)$/i;

function review(text: string): string {
  const judged = hostile(text);
  const excerpts = new Map<string, Excerpt>();
  const [first, second] = judged.assessment.findings;
  const lines = [
    { offset: 0, text },
    { offset: 3, text },
  ];
  if (first !== undefined) excerpts.set(first.fingerprint, { kind: 'opcodes', at: 3, lines });
  if (second !== undefined) excerpts.set(second.fingerprint, { kind: 'hex', at: 3, start: 0, bytes: bytesOf(text) });
  const waiver = { rule: text, digest: text, file: text, reason: text, owner: text, expires: text, from: text };
  const decision = {
    ...judged.decision,
    policy: text,
    rules: [{ id: text, outcome: 'deny', message: text, findings: [] } as const],
    waivers: [{ waiver, outcome: 'applied', findings: first === undefined ? [] : [first.fingerprint] } as const],
  };
  const violations = [{ rule: text, message: text, findings: [] }];
  return renderHtml(
    { assessment: judged.assessment, decision: { ...decision, violations } },
    { ...CONTEXT, coverage: true },
    { now: NOW, excerpts },
  );
}

/** The same number of bytes for every text, so that hex dumps have the same number of lines. */
function bytesOf(text: string): Uint8Array {
  const bytes = Buffer.alloc(64);
  bytes.write(text.slice(0, 64));
  return bytes;
}

const harmless = shape(parseHtml(review('harmless')));

describe.each(Object.entries(HOSTILE))('a review with hostile text (%s)', (_, text) => {
  const html = review(text);
  const parsed = parseHtml(html);

  it('has the same elements and attributes as with plain text, and no comment', () => {
    expect(parsed.errors).toEqual([]);
    expect(parsed.comments).toEqual([]);
    expect(shape(parsed)).toEqual(harmless);
  });

  it('has no active attribute, and links only within itself', () => {
    for (const element of parsed.elements) {
      for (const { name } of element.attrs) expect(name).toMatch(ATTRIBUTES);
      const href = attribute(element, 'href');
      if (href !== undefined) expect(href).toMatch(/^#[a-z0-9.-]+$/);
    }
  });

  it('contains no control characters, and is short', () => {
    expect(html).not.toMatch(STEERS);
    expect(html.length).toBeLessThan(300_000);
  });

  it('shows the text', () => {
    if (text.length < 200 && !/[^\x20-\x7e]/.test(text)) expect(parsed.text).toContain(text);
  });
});

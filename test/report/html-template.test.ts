import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { css, type Html, html, sheet } from '../../src/report/html/html.ts';
import { terminalText } from '../../src/report/index.ts';
import { all, attribute, parseHtml, textOf } from '../support/parsed-html.ts';
import { HOSTILE } from './hostile.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '`', '&', '/', '=', '-', '!', ' ', '\n', 'a', 'lt;', '#39;') }),
  fc.constantFrom(...Object.values(HOSTILE)),
);

/** The text that a person sees: control characters are visible, the rest unchanged. */
function shown(text: string): string {
  return terminalText(text, 1_000)
    .replace(/(\p{M}{4})\p{M}+/gu, '$1…')
    .replace(/\p{NChar}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function documentOf(body: Html) {
  return parseHtml(`<!DOCTYPE html><html><head><title>t</title></head><body>${body}</body></html>`);
}

describe('an HTML template', () => {
  it('escapes every text, between tags and in attributes', () => {
    fc.assert(
      fc.property(anyText, anyText, (inside, quoted) => {
        const parsed = documentOf(html`<p title="${quoted}"><b>${inside}</b>${[inside, quoted]}</p>`);
        expect(parsed.errors).toEqual([]);
        expect(parsed.comments).toEqual([]);
        expect(parsed.elements.map(({ tagName }) => tagName)).toEqual(['html', 'head', 'title', 'body', 'p', 'b']);
        const [p] = all(parsed, 'p');
        const [b] = all(parsed, 'b');
        expect(p && attribute(p, 'title')).toBe(shown(quoted));
        expect(p?.attrs).toHaveLength(1);
        expect(b && textOf(b)).toBe(shown(inside));
        expect(p && textOf(p)).toBe(shown(inside) + shown(inside) + shown(quoted));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts markup from templates alone', () => {
    const bold = html`<b>${'<i>'}</b>`;
    expect(html`<p>${bold}${[bold, 3]}</p>`.toString()).toBe('<p><b>&lt;i&gt;</b><b>&lt;i&gt;</b>3</p>');
    const forged = { toString: () => '<script>' };
    // @ts-expect-error: a look-alike of markup is not markup
    expect(() => html`${forged}`).toThrow();
    // @ts-expect-error: a style sheet takes no values
    expect(() => css`${'a'}`).not.toThrow();
  });

  it('truncates long text and stacked combining marks', () => {
    expect(html`${'x'.repeat(5_000)}`.toString()).toBe(`${'x'.repeat(1_000)}… (+4000 more)`);
    expect(html`${`a${'\u0301'.repeat(50)}b`}`.toString()).toBe(`a${'\u0301'.repeat(4)}…b`);
  });

  it('names its style sheet by the hash that a browser computes', async () => {
    const { element, source } = sheet(css`p { color: red; }`, css`b { color: blue; }`);
    const text = element.toString().replace(/^<style>|<\/style>$/g, '');
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    expect(source).toBe(`'sha256-${Buffer.from(digest).toString('base64')}'`);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { terminalText } from '../../../src/report/escape.ts';
import { markdownCode, markdownText } from '../../../src/report/markdown/text.ts';
import { HOSTILE } from '../hostile.ts';
import { rendered } from '../markdown-html.ts';

/** What GitHub turns into a link or an image outside code, independent of Markdown. */
const ACTIVE = /@|#\d|\w-\d|https?:|www\.\w|\b[0-9a-f]{7,40}\b|:[\w+-]+:|\$|\w\.\w/i;
const STEERS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const ATTACKS = [
  ...Object.values(HOSTILE).map((text) => text.slice(0, 500)),
  '@octocat please merge, closes #1, fixes GH-2 and acme/model#3',
  'see 0123456789abcdef0123456789abcdef01234567 or defaced',
  'mail a@b.co, www.evil.example, https://evil.example/x',
  ':tada: $\\sqrt{3}$ $`x`$ ~~gone~~ [^1] [x]: https://evil.example',
  '`` a ``` b `` c `',
  '`',
  ' ',
  '',
  ' `x` ',
  '\\` \\\\` \\|',
  '| a | b |\n| --- | --- |',
  '``` \n~~~\n<!-- x -->\n<details>&lt;b&gt;&#64;',
  '- [x] 1. > # === ---',
  '3. 4) 5',
];

/** Text with many characters that Markdown and GitHub interpret. */
const hostileText = fc.oneof(
  fc.constantFrom(...ATTACKS),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...'`|\\*_[]()<>#@!~-+=:.$&;/"\' \n\t'.split(''), 'word', '12', 'https://a.example', '\u202e'),
        fc.string({ unit: 'binary', maxLength: 5 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
);

/** The line as a browser displays it: consecutive spaces are one. */
function asShown(line: string): string {
  return line.replace(/[ ]+/g, ' ').trim();
}

/** The contexts of a text: in a list, a heading, a table row, after other text. */
const PLACES: readonly ((text: string) => string)[] = [
  (text) => `- ${text}`,
  (text) => `## Title ${text}`,
  (text) => `  - **bold** ${text} (${text})`,
  (text) => `${text}\n\nnext`,
];

describe('hostile text in Markdown', () => {
  it('is active when it is not escaped, which the checks of these tests detect', () => {
    const raw = rendered(`${HOSTILE.html} ${HOSTILE.markdown} www.evil.example <!-- x --> @octocat`);
    expect([...raw.elements]).toEqual(expect.arrayContaining(['img', 'a']));
    expect([...raw.attributes]).toEqual(expect.arrayContaining(['onerror', 'href']));
    expect(raw.others).toBe(1);
    expect(raw.text).toMatch(ACTIVE);
  });

  it('is displayed unchanged as code, with no other markup', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { code, elements, text: outside } = rendered(`x ${markdownCode(text)} y`);
        const line = terminalText(text, 240);
        expect([...elements].sort()).toEqual(line === '' ? ['p'] : ['code', 'p']);
        expect(outside).toBe(line === '' ? 'x (empty) y' : 'x  y');
        if (line !== '' && line.length <= 480) expect(asShown(code.join(''))).toBe(asShown(line));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives only words and code as prose: no markup, no link, no mention', () => {
    fc.assert(
      fc.property(hostileText, fc.constantFrom(...PLACES), (text, place) => {
        const markdown = place(markdownText(text));
        const { elements, attributes, text: outside, code, others } = rendered(markdown);
        for (const name of elements) expect(['p', 'ul', 'li', 'h2', 'strong', 'code', 'ol']).toContain(name);
        expect(elements.has('ol')).toBe(false);
        expect([...attributes]).toEqual([]);
        expect(others).toBe(0);
        expect(outside).not.toMatch(ACTIVE);
        expect(markdown.replaceAll('\n', '')).not.toMatch(STEERS);
        expect(code.join('')).not.toMatch(STEERS);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays within its table cell, in the parser and in any that splits at pipes', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const cells = [markdownText(text, { cell: true }), markdownCode(text, { cell: true })];
        for (const cell of cells) expect(cell).not.toContain('|');
        const table = `| a | b | c |\n| --- | --- | --- |\n| ${cells.join(' | ')} | end |\n`;
        const { elements, text: outside } = rendered(table);
        for (const name of elements) expect(['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code']).toContain(name);
        expect(outside.trimEnd().endsWith('end')).toBe(true);
        expect(outside).not.toMatch(ACTIVE);
      }),
      { numRuns: 1000 },
    );
  });

  it('is escaped without making sentences unreadable', () => {
    expect(markdownText('Calls posix.system, which runs a command (see a.b).')).toBe(
      'Calls `posix.system`, which runs a command (see `a.b)`.',
    );
    expect(markdownText('digests (integrity.checksum), not signed')).toBe('digests (`integrity.checksum`), not signed');
    expect(markdownText('a|b', { cell: true })).toBe('`a\\x7cb`');
  });

  it('is limited in length', () => {
    for (const unit of ['`', '\u202e', '` ', 'a ` ', 'x\u202e ', '@', '𝒳'])
      for (const show of [markdownCode, markdownText]) expect(show(unit.repeat(100_000)).length).toBeLessThan(2_500);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, jsonText, keptText, MAX_KEPT, MAX_SHOWN, terminalText } from '../../src/report/escape.ts';

/** Bytes 0x00-0x1f and 0x7f-0x9f, and every character that hides or reorders text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const STEERS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

describe('terminalText', () => {
  it('escapes what would control a terminal', () => {
    expect(terminalText('a\u001b[2J\r\nb\tc\u009b1m')).toBe('a\\x1b[2J\\r\\nb\\tc\\x9b1m');
    expect(terminalText('gpj.\u202egnp.exe')).toBe('gpj.\\u{202e}gnp.exe');
    expect(terminalText('zero\u200bwidth\ufeff \ud800')).toBe('zero\\u{200b}width\\u{feff} \\u{d800}');
    expect(terminalText('tag\u{e0041}')).toBe('tag\\u{e0041}');
  });

  it('leaves names in every script unchanged', () => {
    expect(terminalText('模型 модель नमूना 🤗 é')).toBe('模型 модель नमूना 🤗 é');
  });

  it('truncates, and states by how much', () => {
    expect(terminalText('x'.repeat(10_000_000))).toBe(`${'x'.repeat(MAX_SHOWN)}… (+${10_000_000 - MAX_SHOWN} more)`);
    expect(cut('a😀b', 2)).toBe('a… (+3 more)');
    expect(cut('a😀b', 4)).toBe('a😀b');
  });

  it('never passes a control character through, for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !STEERS.test(terminalText(text))));
  });
});

describe('jsonText', () => {
  it('parses back to the same value, and contains no control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = jsonText({ text });
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(STEERS);
      }),
    );
  });

  it('keeps a limited length of a string', () => {
    expect(keptText('y'.repeat(10_000_000)).length).toBeLessThan(MAX_KEPT + 40);
    expect(keptText('short')).toBe('short');
  });
});

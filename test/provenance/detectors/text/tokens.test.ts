import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dictionary } from '../../../../src/provenance/detectors/text/dictionary.ts';
import { keyedHash } from '../../../../src/provenance/detectors/text/keyed-hash.ts';
import { tokenRows, tokenText } from '../../../../src/provenance/detectors/text/token-rows.ts';
import { eachToken, MAX_TOKEN, shownToken } from '../../../../src/provenance/detectors/text/tokens.ts';

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  eachToken(text.toLowerCase(), (lower, from, to) => {
    tokens.push(lower.slice(from, to));
  });
  return tokens;
}

describe('tokens', () => {
  it.each([
    ['Hello, World!!', ['hello', ',', 'world', '!!']],
    ['fo\u200bo', ['fo', '\u200b', 'o']],
    ['.\u200b', ['.', '\u200b']],
    ['a\u00a0b', ['a', '\u00a0', 'b']],
    ['日本語 ok', ['日本', '本語', '語', 'ok']],
    ['🔥🔥 fire', ['🔥', '🔥', 'fire']],
    ['\u{e0041}x', ['\u{e0041}', 'x']],
    ['na\u00efve_1', ['na\u00efve_1']],
    ['с cyrillic', ['с', 'cyrillic']],
    ['\ud800a', ['\ud800', 'a']],
    [' \t\n', []],
    ['', []],
  ])('of %j', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  it('have a bounded length, and every character that is not a space is in one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const tokens = tokensOf(text);
        expect(Math.max(0, ...tokens.map(({ length }) => length))).toBeLessThanOrEqual(MAX_TOKEN);
        const seen = new Set(tokens.join('').split(''));
        const start = text.toLowerCase().slice(0, MAX_TOKEN).split('');
        expect(start.filter((unit) => !/[ \t\n\v\f\r]/.test(unit) && !seen.has(unit))).toEqual([]);
      }),
    );
  });

  it('are shown with the code points of what nobody sees', () => {
    expect(shownToken('\u200b')).toBe('U+200B');
    expect(shownToken('\u{e0041}')).toBe('U+E0041');
    expect(shownToken('cf!')).toBe('cf!');
  });
});

describe('the hash', () => {
  it('depends on the key, on each unit and on the length, and not on where the token stands', () => {
    const hash = keyedHash(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const other = keyedHash(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9));
    const of = (text: string, by = hash, from = 0, to = text.length): string => {
      const into = { low: 0, high: 0 };
      by(text, from, to, into);
      return `${into.low} ${into.high}`;
    };
    expect(of('--token--', hash, 2, 7)).toBe(of('token'));
    expect(of('token', other)).not.toBe(of('token'));
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(of(a) === of(b)).toBe(a === b);
      }),
      {
        examples: [
          ['a', 'a\0'],
          ['', '\0'],
          ['ab', 'ba'],
        ],
      },
    );
  });

  it('numbers 100,000 texts without a collision', () => {
    const dictionary = new Dictionary(100_000);
    let wrong = 0;
    for (let place = 0; place < 100_000; place++)
      if (dictionary.number(`w${place}`, 0, `w${place}`.length) !== place) wrong++;
    expect(wrong).toBe(0);
    expect(dictionary.number('w77', 0, 3)).toBe(77);
    expect(() => dictionary.number('one more', 0, 8)).toThrow('more than 100000 distinct words');
  });
});

describe('the tokens of rows', () => {
  it('are those that enough rows have, each once a row', () => {
    const texts = ['b a a', 'a c B', 'c a', 'A C', 'a'];
    const table = tokenRows(texts, 2);
    const names = [...table.counts.keys()].map((token) => tokenText(table, texts, token));
    expect(names).toEqual(['b', 'a', 'c']);
    expect([...table.counts]).toEqual([2, 5, 3]);
    expect([...table.starts]).toEqual([0, 2, 5, 7, 9, 10]);
    expect([...table.same]).toEqual([0, 1, 2, 3, 4]);
    expect([...tokenRows(['x y', 'X Y', 'z'], 1).same]).toEqual([0, 0, 2]);
  });

  it('are bounded in number', () => {
    const texts = ['a b c', 'd e f'];
    expect(() => tokenRows(texts, 1, { limits: { maxEntries: 5, maxTokens: 10 } })).toThrow('more than 5 words');
    expect(() => tokenRows(texts, 1, { limits: { maxEntries: 10, maxTokens: 5 } })).toThrow(
      'more than 5 distinct words',
    );
    expect(tokenRows(texts, 1, { limits: { maxEntries: 6, maxTokens: 6 } }).ids).toHaveLength(6);
  });

  it('stop when they are asked to', () => {
    expect(() => tokenRows(['a'], 1, { signal: AbortSignal.abort() })).toThrow('stopped before the end');
  });

  it('are what a simple count says, for any texts', () => {
    const word = fc.constantFrom('a', 'b', 'c', 'dd', '.', '\u200b');
    fc.assert(
      fc.property(fc.array(fc.array(word).map((words) => words.join(' '))), (texts) => {
        const table = tokenRows(texts, 2);
        for (const [token, count] of table.counts.entries()) {
          const name = tokenText(table, texts, token);
          expect(texts.filter((text) => text.split(' ').includes(name))).toHaveLength(count);
        }
      }),
    );
  });
});

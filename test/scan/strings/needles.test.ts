import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Needles } from '../../../src/scan/strings/needles.ts';
import { longRuns } from '../../../src/scan/strings/runs.ts';
import { withoutEscapes } from '../../../src/scan/strings/unescape.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '_', ':', '/'), maxLength: 60 });
const needle = fc.record({
  text: fc.string({ unit: fc.constantFrom('a', 'b', 'A', '_', ':', '/'), minLength: 3, maxLength: 6 }),
  folds: fc.boolean(),
});

describe('the search for needles', () => {
  it('finds what a search for each of them finds', () => {
    fc.assert(
      fc.property(
        fc.array(needle, { minLength: 1, maxLength: 6 }),
        letters,
        fc.nat(60),
        fc.nat(60),
        (all, text, from, to) => {
          const found: string[] = [];
          new Needles(all).search(Buffer.from(text), from, to, (one, at) => found.push(`${all.indexOf(one)}@${at}`));
          const wanted = all.flatMap(({ text: want, folds }, index) => {
            const [hay, pin] = folds ? [text.toLowerCase(), want.toLowerCase()] : [text, want];
            const places: string[] = [];
            for (let at = hay.indexOf(pin); at >= 0; at = hay.indexOf(pin, at + 1))
              if (at >= from && at < to) places.push(`${index}@${at}`);
            return places;
          });
          expect(found.sort()).toEqual(wanted.sort());
        },
      ),
    );
  });

  it.each(['ab', 'x'.repeat(33)])('refuses the needle %s', (text) => {
    expect(() => new Needles([{ text }])).toThrow('a needle has 3 to 32 characters');
  });
});

describe('the search for long runs', () => {
  it('finds what a regular expression finds', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 90 }).map((count) => 'aB1+'.repeat(30).slice(0, count)),
      fc.constantFrom(' ', '"', '\n', ',', '.'),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const found: [number, number][] = [];
        longRuns(Buffer.from(text), 0, text.length, (start, end) => found.push([start, end]));
        expect(found).toEqual([...text.matchAll(/[A-Za-z0-9+]{40,}/g)].map((m) => [m.index, m.index + m[0].length]));
      }),
    );
  });
});

describe('the removal of escapes', () => {
  it('gives the text, and the place of each character', () => {
    const part = fc.tuple(fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '9'), maxLength: 5 }), fc.nat(3));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), (parts) => {
        const plain = parts.map(([text]) => text).join('');
        const places: number[] = [];
        let raw = '';
        for (const [text, form] of parts)
          for (const one of text) {
            places.push(raw.length);
            const hex = one.charCodeAt(0).toString(16);
            raw += form === 1 ? `\\x${hex}` : form === 2 ? `\\u00${hex.toUpperCase()}` : one;
          }
        const result = withoutEscapes(Buffer.from(raw));
        if (result === undefined) expect(raw).toBe(plain);
        else {
          expect(result.bytes.toString()).toBe(plain);
          expect(places.map((_, i) => result.originOf(i))).toEqual(places);
        }
      }),
    );
  });

  it('leaves other characters and broken escapes as they are, and takes those of a text in a text', () => {
    expect(withoutEscapes(Buffer.from('\\\\ \\u0120 \\x4 \\u00e9 \\n'))).toBeUndefined();
    expect(withoutEscapes(Buffer.from('\\\\x41\\\\u0042'))?.bytes.toString()).toBe('AB');
    expect(withoutEscapes(Buffer.from('https:\\/\\/a'))?.bytes.toString()).toBe('https://a');
  });
});

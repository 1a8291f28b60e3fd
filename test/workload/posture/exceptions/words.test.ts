import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillWords, patternProblem, plainPattern } from '../../../../src/workload/posture/exceptions/index.ts';
import { HOLES, patternFits, patternParts } from '../../../../src/workload/posture/exceptions/words.ts';

const matches = (pattern: string, text: string) => patternFits(patternParts(pattern), text);
/** Texts that are near patterns: with braces, and the names of holes. */
const texts = fc
  .array(fc.oneof(fc.constantFrom('{', '}', '{{', ...HOLES, '{name}', '{{number}', ' ', '$(X)'), fc.string()), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

describe('a word of an exception', () => {
  it.each([
    [
      '--address={host:port}',
      ['--address=x:6379', '--address=a.b.svc.cluster.local', '--address=10.0.0.1:1'],
      [
        '--address=',
        '--address=x:',
        '--address=x:123456',
        '--address=x/y',
        '--address=-x',
        '--address=a b',
        '--address=hf://x',
        '--address=x:1/y',
        '--address=x.:1',
      ],
    ],
    ['-n {number}', ['-n 1', '-n 65536', '-n 1.5'], ['-n', '-n ', '-n -1', '-n 1e3', '-n 1 ', '-n 1;x', '-n 1.']],
    ['{duration}', ['5', '5s', '1h30m', '100ms', '1.5h'], ['', 's', '5 s', '5x', '-5s', '5s;']],
    ['a-{name}-b', ['a-x-b', 'a-x.y_z-1-b'], ['a--b', 'a-x/y-b', 'a-x y-b', 'a-$(X)-b', 'a-;-b', 'a-x-b\n', 'a-é-b']],
    ['{name}-{name}', ['a-b', 'a-b-c'], ['a', '-', 'a-']],
    ['{{name}', ['{name}'], ['x', '{{name}', 'a']],
    ['{ name }', ['{ name }'], ['x']],
    ['', [''], [' ']],
  ])('%j', (pattern, good, bad) => {
    for (const text of good) expect({ text, fits: matches(pattern, text) }).toEqual({ text, fits: true });
    for (const text of bad) expect({ text, fits: matches(pattern, text) }).toEqual({ text, fits: false });
  });

  it('that is made of a text fits that text, and no other', () => {
    fc.assert(
      fc.property(texts, texts, (text, other) => {
        const pattern = plainPattern(text);
        expect(patternProblem(pattern)).toBeUndefined();
        expect(matches(pattern, text)).toBe(true);
        expect(matches(pattern, other)).toBe(other === text);
      }),
    );
  });

  it('lets nothing into a hole that a shell, a path or a reference needs', () => {
    const hostile = /[\s"'`$;&|<>(){}[\]\\*?!#~/@%=+,]/;
    fc.assert(
      fc.property(fc.constantFrom(...HOLES), fc.string({ unit: 'binary' }), (hole, text) => {
        if (matches(`{${hole}}`, text)) expect(text).not.toMatch(hostile);
      }),
    );
  });

  it('is filled with exact texts', () => {
    expect(fillWords('x {=a} {name}', { a: '{number}' })).toEqual({ pattern: 'x {{number} {name}' });
    expect(fillWords('x {=a}', {})).toEqual({ missing: 'a' });
    expect(fillWords('x {=constructor}', {})).toEqual({ missing: 'constructor' });
  });

  it('has few holes, none beside another', () => {
    expect(patternProblem('{name}'.repeat(2))).toMatch(/beside each other/);
    expect(patternProblem('{name} '.repeat(17))).toMatch(/more than 16/);
    // All places are followed at once: no text makes that long.
    const pattern = Array.from({ length: 16 }, () => '{name}').join('-');
    expect(matches(pattern, `${'a-'.repeat(2_000)}/`)).toBe(false);
  });
});

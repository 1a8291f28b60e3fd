import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PYTHON_BOUNDS } from '../../../src/formats/python/bounds.ts';
import { pythonInteger, pythonString } from '../../../src/formats/python/literals.ts';
import { lineOf, readPython } from '../../../src/formats/python/tree.ts';

describe('the reader of Python', () => {
  it('gives the parts of a program, without comments', () => {
    const tree = readPython('import os # why\nos.system("x")\n');
    if ('why' in tree) throw new Error(tree.why);
    expect(tree.root.children.map(({ type }) => type)).toEqual(['ImportStatement', 'ExpressionStatement']);
    expect(tree.faultAt).toBeUndefined();
  });

  it('names the first line that is not Python', () => {
    const tree = readPython('x = 1\n\nprint "a", >>b\n');
    expect('why' in tree ? tree.why : tree.faultAt).toBe(3);
  });

  it.each([
    ['brackets', '('.repeat(20_000)],
    ['lists', `${'['.repeat(2_000)}${']'.repeat(2_000)}`],
    ['a chain of attributes', `a${'.b'.repeat(10_000)}`],
    ['a sum', `${'a+'.repeat(10_000)}a`],
    ['calls', 'f('.repeat(4_000)],
    ['blocks', Array.from({ length: 1_010 }, (_, depth) => `${' '.repeat(depth)}if a:`).join('\n')],
  ])('refuses what is nested too deep: %s', (_, text) => {
    expect(readPython(text)).toEqual({ why: 'it is nested too deep' });
  });

  it('refuses more characters and more parts than its bounds', () => {
    expect(readPython('#'.repeat(PYTHON_BOUNDS.characters + 1))).toHaveProperty('why');
    expect(readPython('a,'.repeat(PYTHON_BOUNDS.nodes / 2))).toHaveProperty('why');
  });

  it('takes any text without an error', () => {
    const word = fc.constantFrom(
      'def',
      'class',
      '(',
      ')',
      '[',
      ']',
      ':',
      '\n',
      '  ',
      '"',
      "'''",
      'f"{',
      '}',
      '=',
      'lambda',
      '@',
      '\\',
      '*',
      '.',
      'a',
      '0x',
      'é',
      '\ud800',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(word, { maxLength: 80 }).map((words) => words.join(' ')),
        ),
        (text) => {
          const tree = readPython(text);
          if ('why' in tree) return;
          expect(tree.root.from).toBe(0);
          for (const { from, to } of tree.root.children)
            expect(from >= 0 && to <= text.length && from <= to).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a literal of Python', () => {
  it.each([
    [`'a'`, 'a'],
    [`"""a"b"""`, 'a"b'],
    [String.raw`b'\x41\101\n'`, 'AA\n'],
    [String.raw`r'\x41'`, String.raw`\x41`],
    [String.raw`Rb'\n'`, String.raw`\n`],
    [String.raw`'\u0041\U00000042\'\q'`, String.raw`AB'\q`],
    [`'a`, undefined],
    [`a`, undefined],
  ])('%s', (source, text) => {
    expect(pythonString(source)).toBe(text);
  });

  it('is a number where no digit is lost', () => {
    expect(['0x1F', '1_000', '0b11', '1.5', '9'.repeat(30)].map(pythonInteger)).toEqual([
      31,
      1000,
      3,
      undefined,
      undefined,
    ]);
  });
});

it('counts lines from one', () => {
  expect([0, 1, 2, 3].map((at) => lineOf('a\nb\n', at))).toEqual([1, 1, 2, 2]);
});

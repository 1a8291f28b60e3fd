import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { YAML_DIALECTS } from '../../../src/core/yaml/index.ts';
import { readTold as read } from './told.ts';

describe('the YAML reader', () => {
  it.each([
    ['plain', '_target_: os.system', ['_target_']],
    ['in a flow mapping', '{_target_: os.system}', ['_target_']],
    ['in a flow mapping without a space', '{"_target_":os.system}', ['_target_']],
    ['with escapes', '"\\u005ftarget\\x5f": os.system', ['_target_']],
    ['over two lines', '? "_tar\\\n  get_"\n: os.system', ['_target_']],
    ['in a block scalar', '? |-\n  _target_\n: os.system', ['_target_']],
    ['by an alias', '- &k _target_\n- {*k : os.system}', ['_target_']],
    ['after a key indicator', '? _target_\n: os.system', ['_target_']],
    ['after a key indicator in a flow mapping', '{?_target_: os.system}', ['_target_']],
    ['after a line separator', '# c\u2028_target_: os.system', ['_target_']],
    ['in a single pair of a list', '[_target_: os.system]', ['_target_']],
    ['in a second document', 'a\n---\n_target_: os.system', ['_target_']],
    ['in a document after a document end', 'a\n...\n_target_: os.system', ['_target_']],
    ['with a tag', '!!str _target_: os.system', ['_target_']],
  ])('finds a key %s', (_, text, keys) => {
    expect(read(text)).toMatchObject({ keys, error: undefined });
  });

  it.each([
    ['!!python/name:os.system', 'tag:yaml.org,2002:python/name:os.system'],
    ['!new:os.system', '!new:os.system'],
    ['!<tag:yaml.org,2002:python/name:os.system>', 'tag:yaml.org,2002:python/name:os.system'],
    ['%TAG !e! tag:yaml.org,2002:python/\n---\n!e!name:os.system', 'tag:yaml.org,2002:python/name:os.system'],
    ['%TAG ! tag:yaml.org,2002:python/\n---\n!name:os.system', 'tag:yaml.org,2002:python/name:os.system'],
    ['!!python/name%3aos.%73ystem', 'tag:yaml.org,2002:python/name:os.system'],
    ['a: &x !new:os.system []', '!new:os.system'],
    ['[a, !new:os.system {}]', '!new:os.system'],
  ])('resolves the tag of %j', (text, tag) => {
    expect(read(text).tags).toEqual([tag]);
  });

  it('treats quotes, comments and block scalars as text', () => {
    const text = `a: "x !new:b.C"\nb: 'it''s _target_: y'\n# !new:b.C\nc: |\n  _target_: z\n  !new:b.C\nd: e # _target_: f\n`;
    expect(read(text)).toMatchObject({ keys: ['a', 'b', 'c', 'd'], tags: [], error: undefined, documents: 1 });
  });

  it('counts a document once it is complete, whatever follows', () => {
    expect(read('{_target_: os.system}\ngarbage: [')).toMatchObject({ documents: 1, error: 'malformed' });
    expect(read('_target_: [os.system\n')).toMatchObject({ documents: 0, error: 'malformed' });
  });

  it.each(['a\nb: c', '[PAD]\n[UNK]\n', '# T\n\ntext\nkey: value\n', '"a" b', '`x`', 'a: b: c', '- a\nb'])(
    'stops where no YAML reader continues: %j',
    (text) => {
      expect(read(text).error).toBe('malformed');
    },
  );

  it('limits its depth', () => {
    for (const text of ['['.repeat(60), '- '.repeat(60), '{a: '.repeat(60), '? '.repeat(60)])
      expect(read(text).error).toBe('limit');
  });

  it('throws only its own errors', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        ': ',
        '- ',
        '? ',
        '\n',
        '\n  ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '"',
        "'",
        '!x ',
        '!e!y',
        '&a ',
        '*a',
        '|',
        '>-',
        '#',
      ],
      ...[
        '\\',
        '---\n',
        '...\n',
        '%TAG ! tag:x,1:\n',
        '\t',
        '\u2028',
        '\x85',
        '\r',
        '!<',
        '%',
        '@',
        '`',
        '<<: *a',
        '\\U00110000',
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...YAML_DIALECTS), (one, dialect) => {
        read(one, dialect);
      }),
      { numRuns: 2_000 },
    );
  });
});

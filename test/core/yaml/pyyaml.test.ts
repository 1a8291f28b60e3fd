import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport, runProgram } from '../../support/run-program.ts';
import { SEED } from '../../support/seed.ts';
import { readTold, type Told } from './told.ts';

const TEXTS = Number(process.env.ASSAY_FUZZ_RUNS ?? 6_000);

/** Pieces with a meaning in YAML, and pieces that occur beside them in configurations. */
const PIECES = [
  ...['a', 'b c', '_target_', 'os.system', '1', '~', '<<', 'é', '\u{1F600}', '=', '.'],
  ...[': ', ':', '- ', '-', '? ', '?', '\n', '\n  ', '\n    ', '\n- ', '\n  - ', ' ', '\t', '\r', '\r\n'],
  ...['[', ']', '{', '}', ', ', ',', '"', "'", "''", '\\', '\\n', '\\x41', '\\u0041', '\\U0001F600', '\\\n'],
  ...['!x ', '!!str ', '!!python/name:os.system', '!e!y ', '!<tag:x> ', '!', '%41', '&a ', '*a', '*a ', '&b ', '*b : '],
  ...[
    '|',
    '>',
    '|-',
    '>+',
    '|2',
    '>1-',
    '|\n  x\n',
    '#',
    ' # c\n',
    '---\n',
    '--- ',
    '...\n',
    '%TAG !e! tag:x,1:\n',
    '%YAML 1.1\n',
  ],
  ...['\u2028', '\u2029', '\x85', '\ufeff', '@', '`', '%', '\0'],
];

const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((all) => all.join('')) },
  { weight: 2, arbitrary: nested() },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'ab:-?[]{},!&*#|>\'"%\n \t\\'), maxLength: 24 }) },
);

/** Texts that are mostly valid YAML: collections in block and flow style, with tags and anchors. */
function nested(): fc.Arbitrary<string> {
  const scalar = fc.constantFrom(
    'a',
    '"b\\n"',
    "'c''d'",
    'e f',
    '1.5',
    '!x g',
    '&a h',
    '*a',
    '!!str i',
    '|\n',
    'j # k',
  );
  const { flow } = fc.letrec<{ flow: string }>((tie) => ({
    flow: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('flow'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc
        .array(fc.tuple(scalar, tie('flow')), { maxLength: 3 })
        .map((pairs) => `{${pairs.map((p) => p.join(': ')).join(', ')}}`),
    ),
  }));
  const line = fc.tuple(
    fc.nat({ max: 3 }),
    fc.constantFrom('- ', '', '? ', ': ', '- - ', 'k: '),
    scalar,
    fc.option(flow),
  );
  return fc
    .array(line, { maxLength: 8 })
    .map((lines) =>
      lines
        .map(([by, lead, key, value]) => `${' '.repeat(by)}${lead}${value === null ? key : `${key}: ${value}`}`)
        .join('\n'),
    );
}

const python = findPython();
const present = await canImport(python, 'yaml');

requirePart(
  'Python package PyYAML',
  present,
  'pip install -r fixtures/python/requirements-ci.txt',
  'the YAML reader',
  () => {
    it.each(['pyyaml', 'libyaml'] as const)(
      `reports every key, value and tag that %s reports, in ${TEXTS} texts`,
      async (dialect) => {
        const texts = fc.sample(text, { numRuns: TEXTS, seed: SEED });
        const script = new URL('../../support/python/yaml_events.py', import.meta.url).pathname;
        const ended = await runProgram(python ?? '', [script, dialect], { input: JSON.stringify(texts) });
        expect(ended.stderr).toBe('');
        const heard = JSON.parse(ended.stdout) as (Told & { error: string | null })[];
        const missed = texts
          .map((one, at) => ({ text: one, peer: heard[at], own: readTold(one, dialect) }))
          .filter(({ peer, own }) => peer === undefined || !covers(own, peer));
        expect(
          missed.map((one) => JSON.stringify(one)),
          `seed ${SEED}`,
        ).toEqual([]);
        expect(heard.filter(({ error }) => error === null).length).toBeGreaterThan(TEXTS / 10);
      },
    );
  },
);

/**
 * Documents that PyYAML reads completely give the same events; of a document that it does not finish, the events may be partial, since
 * loaders build nothing of it. White space within a scalar is not compared, since no name contains any.
 */
function covers(own: Told, peer: Told & { readonly error: string | null }): boolean {
  if (own.documents < peer.documents) return false;
  if (peer.error !== null) return true;
  return own.error === undefined && (['keys', 'values', 'tags'] as const).every((list) => same(own[list], peer[list]));
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, at) => squeezed(word) === squeezed(other[at] ?? ''));
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, '');
}

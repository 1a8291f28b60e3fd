import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as literals from '../../../src/formats/pickle/literals.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { runProgram } from '../../support/run-program.ts';

type Verdict = readonly [c: boolean, python: boolean];

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const both = (taken: boolean): Verdict => [taken, taken];
const pair = ({ c, python }: literals.Takers): Verdict => [c, python];

/** The pickle with a text operand, and its expected acceptance. */
const KINDS: Readonly<Record<string, readonly [(text: string) => Buffer, (text: string) => Verdict]>> = {
  INT: [(text) => latin1(`I${text}\n.`), (text) => pair(literals.takersOfInt(text))],
  LONG: [(text) => latin1(`L${text}\n.`), (text) => pair(literals.takersOfLong(text))],
  FLOAT: [(text) => latin1(`F${text}\n.`), (text) => pair(literals.takersOfFloat(text))],
  PUT: [
    (text) => latin1(`Np${text}\n.`),
    (text) => {
      const read = literals.memoIndex(text);
      if (read === undefined || read === 'too-long') return both(false);
      return pair(read.takers);
    },
  ],
  STRING: [(text) => latin1(`S${text}\n.`), (text) => both(literals.isQuoted(latin1(text)))],
  UNICODE: [(text) => latin1(`V${text}\n.`), (text) => both(literals.isRawUnicode(latin1(text)))],
  PERSID: [(text) => latin1(`P${text}\n.`), (text) => both(literals.isAscii(latin1(text)))],
  GLOBAL: [
    (text) => latin1(`cm\n${text}\n.`),
    (text) => [text !== '' && literals.isStrictUtf8(latin1(text)), literals.isStrictUtf8(latin1(text))],
  ],
};

const PIECES = [
  ...[
    '0',
    '1',
    '7',
    '9',
    '00',
    '01',
    '010',
    '0x',
    '0X1f',
    '0o7',
    '0b1',
    '_',
    '__',
    '+',
    '-',
    ' ',
    '\t',
    '\r',
    '\x0b',
    '\x1c',
  ],
  ...[
    'L',
    'l',
    'LL',
    '.',
    'e',
    'E5',
    'e999',
    'inf',
    'nan',
    'Infinity',
    '\0',
    "'",
    '"',
    '\\',
    '\\x4',
    '\\x41',
    '\\n',
    '\\u0041',
  ],
  ...[
    '\\u12',
    '\\U00110000',
    '\\U0001F600',
    '\\\\',
    'a',
    'z',
    '\xe9',
    '\xc3\xa9',
    '\xed\xa0\x80',
    '\xef\xbb\xbf',
    '\x85',
    '\xa0',
  ],
];
const operand = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((parts) => parts.join(''));

const python = findPython();

requirePart('Python 3', python !== undefined, 'apt-get install python3', 'text operands of pickle opcodes', () => {
  it.each(Object.entries(KINDS))(
    'of %s are accepted exactly as by CPython',
    { timeout: 300_000 },
    async (kind, [pickle, verdict]) => {
      const sampled = new Set([...PIECES, '', ...fc.sample(operand, { numRuns: 4_000, seed: 7 })]);
      // C allocates an array for a large index, which depends on the memory of the machine.
      const texts = [...sampled].filter((text) => kind !== 'PUT' || !/\d{7}/.test(text.replaceAll('_', '')));
      const script = new URL('../../support/python/operands.py', import.meta.url).pathname;
      const input = Buffer.from(JSON.stringify(texts.map((text) => pickle(text).toString('hex'))));
      const run = await runProgram(python ?? '', [script], { input });
      expect(run.status, run.stderr).toBe(0);
      const truth = JSON.parse(run.stdout) as Verdict[];
      const wrong = texts.flatMap((text, i) => {
        const said = verdict(text);
        const [c, inPython] = truth[i] ?? [false, false];
        return said[0] === c && said[1] === inPython ? [] : [{ text, said, truth: truth[i] }];
      });
      expect(wrong).toEqual([]);
    },
  );

  it('that are long are treated as numbers', () => {
    const text = '1'.repeat(100_000);
    expect([literals.takersOfInt(text), literals.takersOfLong(text), literals.takersOfFloat(text)]).toEqual(
      Array.from({ length: 3 }, () => ({ c: true, python: true })),
    );
    expect(literals.memoIndex(text)).toBe('too-long');
  });
});

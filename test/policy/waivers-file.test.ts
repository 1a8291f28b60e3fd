import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../src/core/errors.ts';
import { parseWaivers } from '../../src/policy/waivers/file.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);
const DIGEST = `sha256:${'ab'.repeat(32)}`;

const GOOD = `version: 1
waivers:
  - rule: pickle.global.unlisted
    digest: ${DIGEST}
    file: sub/tokenizer.pkl
    reason: >-
      our own class,
      reviewed
    owner: ml-platform@acme.example
    expires: 2027-01-31
  - {rule: licence.allowed, digest: "${DIGEST}", reason: "bought", owner: legal, expires: "2027-01-31T12:00:00Z"}
`;

function parse(text: string) {
  return parseWaivers(new TextEncoder().encode(text), 'w.yaml');
}

function fault(text: string): { subject: string | undefined; message: string } {
  try {
    parse(text);
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage') return { subject: error.subject, message: error.message };
    throw error;
  }
  throw new Error('it was read');
}

describe('a waiver file', () => {
  it('is parsed', () => {
    expect(parse(GOOD)).toEqual([
      {
        rule: 'pickle.global.unlisted',
        digest: DIGEST,
        file: 'sub/tokenizer.pkl',
        reason: 'our own class, reviewed',
        owner: 'ml-platform@acme.example',
        expires: '2027-01-31',
        from: 'w.yaml',
      },
      {
        rule: 'licence.allowed',
        digest: DIGEST,
        reason: 'bought',
        owner: 'legal',
        expires: '2027-01-31T12:00:00Z',
        from: 'w.yaml',
      },
    ]);
  });

  it.each([
    ['another version', GOOD.replace('version: 1', 'version: 2'), 'w.yaml:1:1', 'lacks version: 1'],
    ['an unknown field', GOOD.replace('    owner:', '    approver: me\n    owner:'), 'w.yaml:9:5', 'no approver'],
    ['a missing field', GOOD.replace(/ {4}owner.*\n/, ''), 'w.yaml:3:5', 'has no owner'],
    ['a missing digest', GOOD.replace(/ {4}digest.*\n/, ''), 'w.yaml:3:5', 'has no digest'],
    ['a digest without its algorithm', GOOD.replace(`digest: ${DIGEST}`, 'digest: abc'), 'w.yaml:4:5', 'not a digest'],
    ['a digest in capitals', GOOD.replace(DIGEST, DIGEST.toUpperCase()), 'w.yaml:4:5', 'not a digest'],
    ['a pattern', GOOD.replace('pickle.global.unlisted', '"pickle.*"'), 'w.yaml:3:5', 'patterns'],
    ['a path with "../"', GOOD.replace('sub/tok', '../tok'), 'w.yaml:5:5', 'not a path within'],
    ['an absolute path', GOOD.replace('sub/tok', '/tok'), 'w.yaml:5:5', 'not a path within'],
    ['a date that does not exist', GOOD.replace('2027-01-31\n', '2027-02-30\n'), 'w.yaml:10:5', 'not a day'],
    ['an end without a date', GOOD.replace('2027-01-31\n', 'never\n'), 'w.yaml:10:5', 'not a day'],
    ['an empty reason', GOOD.replace('"bought"', '""'), undefined, 'reason is empty'],
    ['a long reason', GOOD.replace('bought', 'x'.repeat(2001)), undefined, 'more than 2000'],
    ['a repeated waiver', GOOD + GOOD.slice(GOOD.indexOf('  - {')), undefined, 'twice'],
    ['an alias', GOOD.replace('"bought"', '*x').replace('version: 1', 'version: &x 1'), undefined, 'aliases'],
    ['a repeated key', GOOD.replace('    owner:', '    rule: x\n    owner:'), undefined, 'twice'],
    ['a tag', GOOD.replace('"bought"', '!!js/function x'), undefined, 'YAML'],
    ['an invalid list', 'version: 1\nwaivers: {}\n', 'w.yaml:2:1', 'not a list'],
    ['an empty file', '', 'w.yaml:1:1', 'the file is empty'],
    ['two documents', `${GOOD}---\n${GOOD}`, undefined, 'YAML'],
    ['too many bytes', `# ${'x'.repeat(200_000)}`, 'w.yaml:1:1', 'bytes'],
    ['deep nesting', `version: ${'['.repeat(50_000)}`, undefined, ''],
  ])('is refused for %s', (_, text, subject, message) => {
    const wrong = fault(text);
    expect(wrong.message).toContain(message);
    if (subject !== undefined) expect(wrong.subject).toBe(subject);
  });

  it('has a limited number of waivers', () => {
    const one = (i: number) => `  - {rule: a${i}, digest: "${DIGEST}", reason: r, owner: o, expires: 2027-01-31}\n`;
    const file = (count: number) => `version: 1\nwaivers:\n${Array.from({ length: count }, (_, i) => one(i)).join('')}`;
    expect(parse(file(500))).toHaveLength(500);
    expect(fault(file(501)).message).toContain('500');
  });

  it('gives waivers with every field, or one error, for any input', () => {
    const pieces = fc.constantFrom(
      ...GOOD.split(/(?<=[\n:{},])/),
      '&a ',
      '*a',
      '!!x ',
      '- ',
      '\t',
      '\u0000',
      '"',
      '? ',
      '|\n',
    );
    const mutated = fc.tuple(fc.nat(GOOD.length), fc.nat(40), fc.string({ maxLength: 20 })).map(([at, cut, text]) => {
      return GOOD.slice(0, at) + text + GOOD.slice(at + cut);
    });
    const texts = fc.oneof(
      mutated,
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string(),
    );
    const bytes = fc.oneof(
      texts.map((text) => new TextEncoder().encode(text)),
      fc.uint8Array({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          for (const waiver of parseWaivers(input, 'w.yaml')) {
            expect(waiver.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
            for (const text of [waiver.rule, waiver.reason, waiver.owner, waiver.expires]) expect(text).not.toBe('');
          }
        } catch (error) {
          if (!isAssayError(error) || error.code !== 'usage') throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });
});

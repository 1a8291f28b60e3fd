import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCases } from '../../src/policy/cases/run.ts';
import { isProblems } from '../../src/policy/load.ts';
import { policyText } from './a-policy.ts';
import { judge, RUNS } from './fuzz.ts';

describe('the reader of policies never throws for', () => {
  it('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void judge(bytes)),
      { numRuns: RUNS },
    );
  });

  it('text that looks like YAML', () => {
    const piece = fc.constantFrom(
      '\n',
      '  ',
      '- ',
      ': ',
      'spec',
      'id',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '|',
      '>-',
      '!!x',
      '#',
      '---',
      '? ',
      '\t',
      'é',
      '\u2028',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void judge(Buffer.from(pieces.join('')))),
      { numRuns: RUNS },
    );
  });

  it('a valid policy with a few characters changed', () => {
    const good = policyText(
      [{ expression: "files.all(f, f.path.matches('^a{2,3}$') || f.size > 1)", when: 'artifact.isPinned' }],
      {
        variables: { v: 'findings.map(f, f.file)' },
        match: { stages: ['production'] },
      },
    );
    const change = fc.record({
      at: fc.nat(good.length - 1),
      cut: fc.nat(4),
      put: fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('(', '"', "'", '\\', '[', '{', '}', '\ud800', '*')),
    });
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const text = changes.reduce((all, { at, cut, put }) => all.slice(0, at) + put + all.slice(at + cut), good);
        outcomes.add(judge(Buffer.from(text)));
      }),
      { numRuns: RUNS },
    );
    expect([...outcomes].sort()).toEqual(['decided', 'refused']);
  });

  it('values of any type in the fields of a policy', () => {
    fc.assert(
      fc.property(
        fc.object({
          maxDepth: 4,
          key: fc.constantFrom('apiVersion', 'kind', 'spec', 'match', 'validations', 'id', '__proto__'),
        }),
        (value) => {
          judge(Buffer.from(JSON.stringify(value) ?? ''));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('files of test cases', () => {
    const words = fc.constantFrom(
      'cases',
      'name',
      'expect',
      'action',
      'assessment',
      'files',
      'path',
      'policy',
      'now',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.object({ maxDepth: 5, key: words }).map((o) => JSON.stringify(o)),
          fc.string(),
        ),
        (text) => {
          const read = readCases(Buffer.from(text));
          if (isProblems(read)) for (const { message } of read) expect(message).not.toBe('');
        },
      ),
      { numRuns: RUNS },
    );
  });
});

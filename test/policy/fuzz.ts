import fc from 'fast-check';
import { expect } from 'vitest';
import { caseAssessment } from '../../src/policy/cases/assessment.ts';
import { decide } from '../../src/policy/decide.ts';
import { lintPolicy } from '../../src/policy/lint.ts';
import { isProblems, readPolicy } from '../../src/policy/load.ts';
import { PolicyView } from '../../src/policy/view/view.ts';

export const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 200);

const model = caseAssessment({
  files: Array.from({ length: 200 }, (_, i) => ({ path: `w/${i}.bin`, imports: ['a.b', 'c.d'] })),
  findings: Array.from({ length: 200 }, (_, i) => ({ ruleId: 'zip.symlink', file: `w/${i}.bin`, line: i })),
  checks: [{ id: 'integrity.checksum', status: 'pass' }],
});
export const view = new PolicyView({
  assessment: model,
  now: new Date(0),
  waived: new Set(),
  waivedFiles: new Set(),
}).for({ approvals: [], environment: { stage: 'production', labels: { region: 'eu' } } });

/** Every policy that is read gives a decision or an error: nothing is thrown, and no rule is omitted. */
export function judge(bytes: Uint8Array): 'refused' | 'decided' {
  const read = readPolicy(bytes);
  if (isProblems(read)) {
    expect(read.length).toBeGreaterThan(0);
    for (const { line, column, message } of read) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      expect(message).not.toBe('');
    }
  } else {
    lintPolicy(read, { formats: ['gguf'], rules: ['a'], checks: ['integrity.checksum'] });
    const { action, rules } = decide(model, { policy: read, now: new Date(0) });
    const denies = rules.some(({ outcome }) => ['deny', 'error', 'unavailable'].includes(outcome));
    if (denies) expect(action).toBe('deny');
  }
  return isProblems(read) ? 'refused' : 'decided';
}

const LEAVES = [
  'files',
  'findings',
  'checks',
  'signatures',
  'artifact.digest',
  'source.host',
  'declared.tags',
  'environment.labels',
  'now',
  'tests',
  'a',
  'b',
  'a.path',
  'b.imports',
  'a.line',
  'true',
  'null',
  '0',
  '-9223372036854775808',
  '9223372036854775807',
  '1.5',
  '1e999',
  '"text"',
  "'(a|b)*'",
  '"\\u0000\\x7f"',
  '""',
  '[]',
  '{}',
  'variables.v',
];

/** Well-formed expressions, most of them without a meaning. */
export const expressions = fc.letrec<{ any: string }>((tie) => {
  const any = tie('any');
  const two = (operator: string) => fc.tuple(any, any).map(([a, b]) => `(${a} ${operator} ${b})`);
  const walk = (name: string) =>
    fc.tuple(any, fc.constantFrom('a', 'b'), any).map(([l, n, x]) => `${l}.${name}(${n}, ${x})`);
  const method = (name: string) => fc.tuple(any, any).map(([a, b]) => `${a}.${name}(${b})`);
  return {
    any: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      { weight: 4, arbitrary: fc.constantFrom(...LEAVES) },
      {
        weight: 3,
        arbitrary: fc.oneof(...['&&', '||', '==', '!=', '<', '>=', '+', '-', '*', '/', '%', 'in'].map(two)),
      },
      { weight: 3, arbitrary: fc.oneof(...['all', 'exists', 'exists_one', 'map', 'filter'].map(walk)) },
      {
        weight: 2,
        arbitrary: fc.oneof(...['contains', 'matches', 'split', 'join', 'startsWith', 'indexOf', 'charAt'].map(method)),
      },
      {
        weight: 2,
        arbitrary: fc.oneof(
          any.map((x) => `!${x}`),
          any.map((x) => `-(${x})`),
          any.map((x) => `dyn(${x})`),
          any.map((x) => `string(${x})`),
          any.map((x) => `${x}.size()`),
          any.map((x) => `[${x}, ${x}]`),
          any.map((x) => `{"k": ${x}}`),
          any.map((x) => `${x}[0]`),
          any.map((x) => `has(${x}.path)`),
          fc.tuple(any, any, any).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        ),
      },
    ),
  };
}).any;

/** Expressions that repeat one element. */
export const LONG_EXPRESSIONS: readonly (readonly [string, (n: number) => string])[] = [
  ['brackets', (n) => '('.repeat(n)],
  ['lists', (n) => '['.repeat(n) + ']'.repeat(n)],
  ['signs', (n) => `${'!'.repeat(n)}true`],
  ['spaced signs', (n) => `${'! '.repeat(n)}true`],
  ['minus', (n) => `${'- '.repeat(n)}1`],
  ['points', (n) => `a${'.a'.repeat(n)}`],
  ['sums', (n) => `1${'+1'.repeat(n)}`],
  ['or', (n) => `true${'||true'.repeat(n)}`],
  ['conditions', (n) => `${'a?'.repeat(n)}b${':c'.repeat(n)}`],
  ['relations', (n) => `1${'<1'.repeat(n)}`],
  ['quotes', (n) => '"'.repeat(n)],
  ['walks', (n) => `${'files.map(a,'.repeat(n)}1${')'.repeat(n)}`],
  ['calls', (n) => `${'size('.repeat(n)}1${')'.repeat(n)}`],
  ['chained calls', (n) => `files${'.filter(a,true)'.repeat(n)}.size()==0`],
  ['comments', (n) => '//'.repeat(n)],
  ['backslashes', (n) => `"${'\\'.repeat(n)}`],
  ['digits', (n) => '9'.repeat(n)],
  ['spaces', (n) => ' '.repeat(n)],
];

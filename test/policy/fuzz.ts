import fc from 'fast-check';
import { expect } from 'vitest';
import { caseAssessment } from '../../src/policy/case-assessment.ts';
import { decide } from '../../src/policy/decide.ts';
import { lintPolicy } from '../../src/policy/lint.ts';
import { isProblems, readPolicy } from '../../src/policy/load.ts';
import { View } from '../../src/policy/view.ts';
import { cpuTimer } from '../support/cpu-time.ts';

export const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 200);
/** Far above what is bounded, so that a busy machine does not fail it. */
const MAX_MS = 10_000;

const model = caseAssessment({
  files: Array.from({ length: 200 }, (_, i) => ({ path: `w/${i}.bin`, imports: ['a.b', 'c.d'] })),
  findings: Array.from({ length: 200 }, (_, i) => ({ ruleId: 'zip.symlink', file: `w/${i}.bin`, line: i })),
  checks: [{ id: 'integrity.checksum', status: 'pass' }],
});
export const view = new View({
  assessment: model,
  now: new Date(0),
  waived: new Set(),
  waivedFiles: new Set(),
}).for({ approvals: [], environment: { stage: 'production', labels: { region: 'eu' } } });

/** Whatever is read is decided or refused: nothing is thrown, no rule is lost, and what it costs is bounded. */
export function judge(bytes: Uint8Array): 'refused' | 'decided' {
  const spent = cpuTimer();
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
  expect(spent()).toBeLessThan(MAX_MS);
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

/** Expressions that are well formed, and mostly nonsense. */
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

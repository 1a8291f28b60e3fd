import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caseAssessment } from '../../src/policy/cases/assessment.ts';
import { decide, decider } from '../../src/policy/decide.ts';
import { evaluatePolicy } from '../../src/policy/evaluation.ts';
import { shippedPolicy } from '../../src/policy/load.ts';
import { SHIPPED_POLICIES } from '../../src/policy/shipped.ts';
import { PolicyView } from '../../src/policy/view/view.ts';
import { policyOf, policyText } from './a-policy.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const NONE: ReadonlySet<string> = new Set();

const files = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ path: `w/${i}.bin`, imports: ['a.b', 'c.d', 'e.f'] }));
const models = [
  caseAssessment({}),
  caseAssessment({ files: [] }),
  caseAssessment({
    files: [
      { path: 'a.pkl', verdict: 'malicious', imports: ['os.system'] },
      { path: 'b.pkl', verdict: 'suspicious' },
    ],
    findings: [{ ruleId: 'pickle.call', file: 'a.pkl' }],
    checks: [{ id: 'integrity.checksum', status: 'fail' }],
  }),
  // So many that policies exceed their step limit.
  caseAssessment({ files: files(3_000) }),
];

/** Policies that share expressions, or seem to: the same words over variables that differ, or that depend on the environment. */
const rules = [
  { id: 'same', expression: 'variables.some.size() == 1' },
  { id: 'through', expression: 'variables.more' },
  { id: 'stage', expression: "variables.stage == 'production'" },
  { id: 'approved', expression: 'approvals.exists(a, a.stage == environment.stage)' },
  { id: 'local', expression: 'files.all(environment, environment.size > 0)' },
  { id: 'fails', expression: '1 / (files.size() - files.size()) == 1' },
  { id: 'wide', expression: 'files.all(f, files.all(g, g.imports.exists(i, i != f.path)))' },
];
const ours = ["f.path.startsWith('a')", "f.verdict == 'clean'"].flatMap((filter) =>
  ['environment.stage', "'production'"].map((stage) =>
    policyOf(
      policyText(rules, {
        variables: {
          some: `files.filter(f, ${filter})`,
          more: 'variables.some.size() > 0 && files.size() > 1',
          stage,
        },
      }),
    ),
  ),
);
const policies = [...SHIPPED_POLICIES.map(({ name }) => shippedPolicy(name)), ...ours];

describe('a decision on one assessment by several policies', () => {
  it('equals the decision of each policy alone, in any order', () => {
    const occasion = fc.record({
      policy: fc.constantFrom(...policies),
      stage: fc.constantFrom('candidate', 'staging', 'production'),
      approved: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.array(occasion, { minLength: 2, maxLength: 5 }),
        (model, occasions) => {
          const together = decider(model, { now: NOW });
          for (const { policy, stage, approved } of occasions) {
            const digest = model.artifact.digest ?? '';
            const approval = {
              stage: 'production',
              signer: 'a',
              method: 'key',
              at: NOW.toISOString(),
              digest,
            } as const;
            const options = { policy, environment: { stage }, approvals: approved ? [approval] : [] };
            expect(together(options)).toEqual(decide(model, { ...options, now: NOW }));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('evaluates shared expressions once', () => {
    const [model] = models;
    if (model === undefined) throw new Error('no model');
    const view = new PolicyView({ assessment: model, now: NOW, waived: NONE, waivedFiles: NONE });
    const seen = view.for({ approvals: [], environment: { stage: 'candidate' } });
    evaluatePolicy(shippedPolicy('baseline'), seen, model, view.values);
    const found = view.values.size;
    expect(found).toBeGreaterThan(10);
    evaluatePolicy(shippedPolicy('strict'), seen, model, view.values);
    // Of what `strict` asks, `baseline` does not ask about advisories alone.
    expect(view.values.size).toBe(found + 1);
  });

  it('does not share expressions that depend on the stage or on approvals', () => {
    const keys = ours.flatMap((policy) => policy.rules.map(({ id, expression }) => [id, expression.sharedAs] as const));
    const sharedAs = (id: string) => new Set(keys.filter(([key]) => key === id).map(([, as]) => as));
    expect(sharedAs('approved')).toEqual(new Set([undefined]));
    expect([...sharedAs('stage')].filter((as) => as === undefined)).toHaveLength(1);
    expect(sharedAs('same').size).toBe(2);
    expect(sharedAs('through').size).toBe(2);
    expect(sharedAs('fails').size).toBe(1);
  });
});

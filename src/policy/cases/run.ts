import * as v from 'valibot';
import type { Action, Decision, Waiver } from '../../core/assessment/index.ts';
import type { CompiledPolicy } from '../compile.ts';
import { decide } from '../decide.ts';
import type { PolicyProblem, Position } from '../problem.ts';
import { YamlSource } from '../yaml-source.ts';
import { CASE_DIGEST, caseAssessment } from './assessment.ts';
import { CaseFile, type PolicyCase } from './document.ts';
import { caseProblem } from './problem.ts';

/** The cases of one file, and where each starts. */
export interface ReadCases {
  readonly policy: string | undefined;
  readonly cases: readonly (PolicyCase & { readonly at: Position })[];
}

/** The result of a case. */
export interface CaseResult {
  readonly name: string;
  readonly at: Position;
  /** The difference from the expected result; absent when the case passes. */
  readonly failure?: string;
}

/** The cases of a YAML file, or its faults. */
export function readCases(bytes: Uint8Array): ReadCases | readonly PolicyProblem[] {
  const source = new YamlSource(bytes, 'core');
  const values = source.toValues();
  if (source.problems.length > 0) return source.problems;
  const result = v.safeParse(CaseFile, values);
  if (!result.success) {
    return result.issues.map((issue) => {
      const path = (issue.path ?? []).flatMap(({ key }) =>
        typeof key === 'string' || typeof key === 'number' ? [key] : [],
      );
      return { ...source.positionAt(path), ...caseProblem(issue, path) };
    });
  }
  const { policy, cases } = result.output;
  return { policy, cases: cases.map((one, i) => ({ ...one, at: source.positionAt(['cases', i]) })) };
}

/** Decides what a case describes, and compares. */
export function runCase(policy: CompiledPolicy, one: ReadCases['cases'][number]): CaseResult {
  const { name, at, expect, failOn, environment } = one;
  const { stage, labels, suite } = environment;
  const decision = decide(caseAssessment(one.assessment), {
    policy,
    ...(failOn === undefined ? {} : { failOn }),
    environment: {
      ...(stage === undefined ? {} : { stage }),
      ...(labels === undefined ? {} : { labels }),
      ...(suite === undefined ? {} : { suite }),
    },
    approvals: one.approvals.map((approval) => ({ ...approval, digest: approval.digest ?? CASE_DIGEST })),
    waivers: one.waivers.map(waiverOf),
    now: new Date(one.now),
  });
  const failure = difference(decision, expect);
  return { name, at, ...(failure === undefined ? {} : { failure }) };
}

function waiverOf({ rule, digest = CASE_DIGEST, file, ...given }: PolicyCase['waivers'][number]): Waiver {
  const { reason = 'a test', owner = 'a test', expires = '9999-12-31' } = given;
  return { rule, digest, ...(file === undefined ? {} : { file }), reason, owner, expires, from: 'a test' };
}

function difference(decision: Decision, expect: PolicyCase['expect']): string | undefined {
  const given = decision.violations.map(({ rule }) => rule);
  const isSame =
    decision.action === expect.action && (expect.rules === undefined || sorted(given) === sorted(expect.rules));
  if (isSame) return undefined;
  const wanted = expect.rules ?? [];
  return `expected ${phrase(expect.action, wanted)}, but the decision was ${phrase(decision.action, given)}`;
}

function sorted(rules: readonly string[]): string {
  return [...rules].sort().join('\n');
}

function phrase(action: Action, rules: readonly string[]): string {
  return rules.length === 0 ? action : `${action} by ${rules.join(', ')}`;
}

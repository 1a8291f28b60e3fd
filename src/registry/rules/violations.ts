import type { Decision, RuleResult } from '../../core/assessment/index.ts';
import type { CompiledPolicy } from '../../policy/index.ts';

const BREAKS: readonly RuleResult[] = ['deny', 'warn', 'error', 'unavailable'];

/** All violations of an artifact in a decision, including warnings: rules, and the findings of each. */
function against({ rules, violations }: Decision): Set<string> {
  const broken = rules.filter(({ outcome }) => BREAKS.includes(outcome)).map(({ id, findings }) => ({ id, findings }));
  // Rules of the engine itself, which are not rules of the policy.
  const all = [...broken, ...violations.map(({ rule, findings }) => ({ id: rule, findings }))];
  return new Set(all.flatMap(({ id, findings }) => [id, ...findings.map((finding) => `${id}\n${finding}`)]));
}

/** Whether a later decision has a violation that an earlier one did not have. */
export function hasNewViolation(earlier: Decision, later: Decision): boolean {
  const known = against(earlier);
  return [...against(later)].some((one) => !known.has(one));
}

/** The first denying rule that no approval can satisfy; `undefined` when there is none. */
export function uncorrectable(
  decision: Decision,
  policy: CompiledPolicy,
): { rule: string; message: string } | undefined {
  if (decision.action !== 'deny') return undefined;
  return decision.violations.find(({ rule }) => !asksForApprovals(rule, policy));
}

type Rule = CompiledPolicy['rules'][number];

/** Whether a policy has a rule of this id, which looks at approvals. */
export function asksForApprovals(id: string, policy: CompiledPolicy): boolean {
  return policy.rules.some((rule) => rule.id === id && usesApprovals(rule, policy));
}

function usesApprovals({ expression, when, uses }: Rule, { variables }: CompiledPolicy): boolean {
  const used = [...uses].flatMap((name) => variables.get(name) ?? []);
  return [expression, when, ...used].some((part) => part !== undefined && APPROVALS.test(part.source.text));
}

const APPROVALS = /\bapprovals\b/;

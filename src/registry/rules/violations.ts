import type { Decision, RuleResult } from '../../core/assessment/index.ts';
import type { CompiledPolicy } from '../../policy/index.ts';

const BREAKS: readonly RuleResult[] = ['deny', 'warn', 'error', 'unavailable'];

/** Everything that speaks against an artifact in a decision, warnings included: rules, and findings behind each. */
function against({ rules, violations }: Decision): Set<string> {
  const broken = rules.filter(({ outcome }) => BREAKS.includes(outcome)).map(({ id, findings }) => ({ id, findings }));
  // What the engine itself says is not a rule of the policy.
  const all = [...broken, ...violations.map(({ rule, findings }) => ({ id: rule, findings }))];
  return new Set(all.flatMap(({ id, findings }) => [id, ...findings.map((finding) => `${id}\n${finding}`)]));
}

/** Whether a later decision holds something against an artifact that an earlier one did not. */
export function hasNewViolation(earlier: Decision, later: Decision): boolean {
  const known = against(earlier);
  return [...against(later)].some((one) => !known.has(one));
}

/** The rule that denies, of those that no approval can correct; `undefined` when there is none. */
export function uncorrectable(
  decision: Decision,
  policy: CompiledPolicy,
): { rule: string; message: string } | undefined {
  if (decision.action !== 'deny') return undefined;
  const correctable = new Set(policy.rules.filter((rule) => asksForApprovals(rule, policy)).map(({ id }) => id));
  return decision.violations.find(({ rule }) => !correctable.has(rule));
}

type Rule = CompiledPolicy['rules'][number];

function asksForApprovals({ expression, when, uses }: Rule, { variables }: CompiledPolicy): boolean {
  const used = [...uses].flatMap((name) => variables.get(name) ?? []);
  return [expression, when, ...used].some((part) => part !== undefined && APPROVALS.test(part.source.text));
}

const APPROVALS = /\bapprovals\b/;

import type { Assessment } from '../../src/core/assessment/assessment.ts';
import type { Decision } from '../../src/core/assessment/decision.ts';
import { caseAssessment } from '../../src/policy/cases/assessment.ts';
import type { CaseFragment } from '../../src/policy/cases/document.ts';
import type { CompiledPolicy } from '../../src/policy/compile.ts';
import { type DecideOptions, decide } from '../../src/policy/decide.ts';
import { isProblems, readPolicy } from '../../src/policy/load.ts';

export interface RuleParts {
  readonly id?: string;
  readonly expression: string;
  readonly when?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly findings?: string;
  readonly action?: string;
}

/** A policy as text, with its strings quoted as JSON, which is valid YAML. */
export function policyText(
  rules: readonly RuleParts[],
  more: { readonly variables?: Readonly<Record<string, string>>; readonly match?: object } = {},
): string {
  const variables = Object.entries(more.variables ?? {}).map(([name, expression]) => ({ name, expression }));
  const validations = rules.map(({ id = 'rule', message, ...rest }) => ({
    id,
    ...rest,
    ...(rest.messageExpression === undefined ? { message: message ?? 'it does not hold' } : {}),
  }));
  const spec = { ...(more.match === undefined ? {} : { match: more.match }), variables, validations };
  return JSON.stringify({ apiVersion: 'assay.dev/v1', kind: 'ModelPolicy', metadata: { name: 'acme' }, spec }, null, 1);
}

/** The policy, or its problems as `line:column message; hint`. */
export function read(text: string | Uint8Array): CompiledPolicy | readonly string[] {
  const result = readPolicy(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  if (!isProblems(result)) return result;
  return result.map(({ line, column, message, hint }) => {
    return `${line}:${column} ${message}${hint === undefined ? '' : `; ${hint}`}`;
  });
}

export function policyOf(text: string): CompiledPolicy {
  const result = read(text);
  if (Array.isArray(result)) throw new Error(result.join('\n'));
  return result as CompiledPolicy;
}

/** The problems of one expression of a rule, without their place. */
export function complaint(expression: string, variables: Readonly<Record<string, string>> = {}): string | undefined {
  const result = read(policyText([{ expression }], { variables }));
  return Array.isArray(result) ? String(result[0]).replace(/^\d+:\d+ /, '') : undefined;
}

/** The result of one rule for a model. */
export function decideBy(
  rule: RuleParts | string,
  model: CaseFragment | Assessment = {},
  options: Omit<DecideOptions, 'policy'> & { readonly variables?: Readonly<Record<string, string>> } = {},
): Decision {
  const { variables = {}, ...rest } = options;
  const policy = policyOf(policyText([typeof rule === 'string' ? { expression: rule } : rule], { variables }));
  return decide('stats' in model ? model : caseAssessment(model), { ...rest, policy });
}

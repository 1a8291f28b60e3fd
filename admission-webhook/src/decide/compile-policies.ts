import {
  checkExpression,
  compileExpression,
  ExpressionError,
  type PolicyProblem,
  parseExpression,
  present,
  typeNameOf,
} from '../../../src/policy/index.ts';
import { type AdmissionPolicies, NO_POLICIES, type PolicyInput, type PolicyRuling } from '../policies.ts';
import type { AdmissionPolicyDocument, CompiledAdmissionPolicy } from './compiled.ts';
import { PolicyRun } from './policy-run.ts';
import { ADMISSION_TYPES } from './policy-schema.ts';

export type CompiledAdmissionPolicies =
  | { readonly kind: 'policies'; readonly policies: AdmissionPolicies }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] };

/** The rules, or everything that is wrong with their expressions. */
export function compileAdmissionPolicies(documents: readonly AdmissionPolicyDocument[]): CompiledAdmissionPolicies {
  if (documents.length === 0) return { kind: 'policies', policies: NO_POLICIES };
  const problems: PolicyProblem[] = [];
  const compiled = documents.flatMap((document) => compile(document, problems) ?? []);
  if (problems.length > 0) return { kind: 'problems', problems };
  return { kind: 'policies', policies: { judge: (input) => judge(compiled, input) } };
}

function compile(document: AdmissionPolicyDocument, problems: PolicyProblem[]): CompiledAdmissionPolicy | undefined {
  const { expression: source } = document;
  try {
    const { node, expr } = parseExpression(source.text);
    const type = present(checkExpression(node, { roots: ADMISSION_TYPES, variables: new Map() }));
    if (type.kind !== 'bool' && type.kind !== 'any')
      throw new ExpressionError(0, `the expression must return a boolean, but returns ${typeNameOf(type)}`);
    return { document, node, evaluate: compileExpression(expr) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { line, column } = source.locate?.(error.at) ?? source.at;
    problems.push({ line, column, message: error.message, hint: error.hint });
    return undefined;
  }
}

/** What each says; one that cannot be evaluated denies, whatever its action. */
function judge(policies: readonly CompiledAdmissionPolicy[], input: PolicyInput): readonly PolicyRuling[] {
  const run = new PolicyRun(input);
  return policies.flatMap((policy): PolicyRuling[] => {
    const { id, action, message } = policy.document;
    const value = run.value(policy);
    if (value === true) return [];
    if (value === false) return [{ id, action, message }];
    const why = typeof value === 'object' ? value.failure : 'it is not a boolean';
    return [{ id, action: 'deny', message: `the rule could not be evaluated: ${why}` }];
  });
}

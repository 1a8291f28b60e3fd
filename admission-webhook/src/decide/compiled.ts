import type { Evaluator, ExpressionNode, ExpressionText, Position } from '../../../src/policy/index.ts';
import type { PolicyRuling } from '../policies.ts';

export const POLICY_ACTIONS = ['deny', 'warn', 'audit'] as const;

/** A rule as it is written. It has to be true. */
export interface AdmissionPolicyDocument {
  readonly id: string;
  readonly at: Position;
  readonly expression: ExpressionText;
  readonly message: string;
  readonly action: PolicyRuling['action'];
}

export interface CompiledAdmissionPolicy {
  readonly document: AdmissionPolicyDocument;
  readonly node: ExpressionNode;
  readonly evaluate: Evaluator;
}

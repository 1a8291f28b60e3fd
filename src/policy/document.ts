import type { Position } from './problem.ts';

/** An expression as it stands in a policy. */
export interface ExpressionText {
  readonly text: string;
  /** Where it starts. */
  readonly at: Position;
  /** Where an offset of `text` is in the file; absent for a document that was not read from one. */
  readonly locate?: (offset: number) => Position;
}

export const RULE_ACTIONS = ['deny', 'warn', 'audit'] as const;
export type RuleAction = (typeof RULE_ACTIONS)[number];

export interface RuleDocument {
  readonly id: string;
  readonly at: Position;
  /** Has to be true. */
  readonly expression: ExpressionText;
  /** The rule applies only where this is true. */
  readonly when?: ExpressionText;
  readonly message: string | ExpressionText;
  /** Gives the findings behind a violation. */
  readonly findings?: ExpressionText;
  readonly action: RuleAction;
  readonly owasp: readonly string[];
}

export interface VariableDocument {
  readonly name: string;
  readonly at: Position;
  readonly expression: ExpressionText;
}

/** The artifacts that a policy is for; an absent condition matches everything. */
export interface MatchDocument {
  readonly stages?: readonly string[];
  readonly formats?: readonly string[];
  /** Where `formats` is. */
  readonly formatsAt?: Position;
  readonly sources?: readonly string[];
  readonly expression?: ExpressionText;
}

/** A policy as it is written: `apiVersion: assay.dev/v1`, `kind: ModelPolicy`. */
export interface PolicyDocument {
  readonly name: string;
  readonly description: string;
  readonly match: MatchDocument;
  readonly variables: readonly VariableDocument[];
  readonly rules: readonly RuleDocument[];
}

import type { WorkloadReferences } from '../../src/workload/index.ts';
import type { AdmissionRequest } from './request.ts';
import type { NamespaceRule, Outcome, WebhookAction } from './rules.ts';

/** What a rule of the webhook's own configuration says, over the request and what was found in it. */
export interface PolicyRuling {
  readonly id: string;
  readonly action: Exclude<WebhookAction, 'allow'>;
  readonly message: string;
}

export interface PolicyInput {
  readonly request: AdmissionRequest;
  readonly found: WorkloadReferences;
  readonly rule: NamespaceRule;
  readonly outcomes: readonly Outcome[];
}

/** CEL rules, compiled when the configuration was read. An error in one denies. */
export interface AdmissionPolicies {
  judge(input: PolicyInput): readonly PolicyRuling[];
}

export const NO_POLICIES: AdmissionPolicies = { judge: () => [] };

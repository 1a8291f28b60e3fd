import type { Baseline } from '../baseline.ts';
import type { HeldExceptions } from '../exceptions/index.ts';
import type { MutationOptions } from '../patch.ts';
import type { AdmissionPolicies } from '../policies.ts';
import type { Mode, Outcome, WebhookAction } from '../rules.ts';

/** What a configuration says of namespaces; what it leaves out is taken from what is more general. */
export interface RuleSettings {
  readonly mode?: Mode;
  /** `null`: any stage. */
  readonly stage?: string | null;
  readonly actions?: Readonly<Partial<Record<Outcome, WebhookAction>>>;
}

export interface NamespaceSettings extends RuleSettings {
  /** Exact ones, or labels that all have to be there. The first that fits a namespace counts. */
  readonly names?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** `apiVersion: assay.dev/v1`, `kind: AdmissionConfig`, read. */
export interface AdmissionConfig {
  readonly defaults: RuleSettings;
  readonly namespaces: readonly NamespaceSettings[];
  readonly policies: AdmissionPolicies;
  readonly exceptions: HeldExceptions;
  readonly baseline: Baseline;
  readonly mutation: MutationOptions;
  readonly serviceUrl: string | null;
  readonly ownNamespace: string | null;
}

import type { Environment } from '../../../policy/index.ts';
import type { SigningChoice } from '../../options/index.ts';
export interface AttestationVerifyFlags {
  readonly trust?: string;
  readonly digest?: string;
  readonly artifact?: string;
  readonly type?: (typeof KINDS)[number];
  readonly stage?: string;
  readonly format: (typeof ATTESTATION_FORMATS)[number];
  readonly quiet: boolean;
  readonly offline: boolean;
}

export interface AttestationInspectFlags {
  readonly format: (typeof ATTESTATION_FORMATS)[number];
}

export const ATTESTATION_FORMATS = ['table', 'json'] as const;

/** The requirements that an attestation is verified against. */
export const KINDS = [
  'scan',
  'ml-bom',
  'approval',
  'waiver',
  'break-glass',
  'baseline',
  'conversion',
  'tests',
  'data',
  'training',
  'decision',
  'model-signature',
] as const;

/** What a statement is about: everything a report says of an artifact, or its digest alone. */
export type About = { readonly report: string } | { readonly digest: string };

/** The requested statement, checked against the command line. */
export type AttestationInput =
  | { readonly type: 'scan'; readonly report: string; readonly url?: string }
  | {
      readonly type: 'decision';
      readonly report: string;
      readonly evidence: readonly string[];
      /** That of the report, when absent: then it is a shipped one. */
      readonly policy?: string;
      /** What the policy was told then. */
      readonly environment: Environment;
    }
  | { readonly type: 'approval'; readonly about: About; readonly stage: string; readonly until?: string }
  | {
      readonly type: 'waiver';
      readonly about: About;
      readonly rule: string;
      readonly file?: string;
      readonly reason: string;
      readonly owner: string;
      readonly expires: string;
    }
  | {
      readonly type: 'baseline';
      /** A file that `assay admit --audit --baseline` wrote. */
      readonly templates: string;
      readonly reason: string;
      readonly owner: string;
      readonly expires: string;
    }
  | {
      readonly type: 'break-glass';
      readonly namespaces: readonly string[];
      readonly reference?: string;
      readonly outcomes: readonly string[];
      readonly reason: string;
      readonly owner: string;
      readonly expires: string;
    };

export interface AttestationRequest {
  readonly input: AttestationInput;
  readonly signing: SigningChoice;
  readonly output?: string;
  readonly quiet: boolean;
}

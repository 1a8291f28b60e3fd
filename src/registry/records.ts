import type { Assessment, Decision, Ruleset } from '../core/assessment/index.ts';

/** Where a version stands. Forward one stage at a time; `quarantined` from anywhere. */
export const STAGES = ['candidate', 'staging', 'production', 'retired', 'quarantined'] as const;
export type Stage = (typeof STAGES)[number];

/** The role `gate` only reads decisions and the snapshot. */
export const ROLES = ['viewer', 'submitter', 'reviewer', 'security-approver', 'admin', 'gate'] as const;
export type Role = (typeof ROLES)[number];

/** Somebody who acts, and how that is known. */
export interface Principal {
  readonly tenant: string;
  /** Unique within its issuer: the OIDC subject, the name of a token, the user of this machine. */
  readonly subject: string;
  /** Of OIDC; `null` for a token and for a local file. */
  readonly issuer: string | null;
  readonly roles: readonly Role[];
  readonly via: 'oidc' | 'token' | 'local';
}

export interface Model {
  readonly tenant: string;
  /** `owner/model`: at most 200 characters of letters, digits, `.`, `_`, `-` and `/`. */
  readonly name: string;
  readonly description: string;
  readonly createdAt: string;
  readonly createdBy: string;
}

/** What a version was made from; each as references, and each may be empty. */
export interface Lineage {
  readonly baseModels: readonly { readonly ref: string; readonly digest: string | null }[];
  readonly datasets: readonly string[];
  readonly code: string | null;
  readonly run: string | null;
}

/** One immutable version of a model: its digest is its identity. */
export interface Version {
  readonly id: string;
  readonly tenant: string;
  readonly model: string;
  /** From 1, in the order of registration. */
  readonly number: number;
  /** `sha256:<hex>`: the canonical tree digest. */
  readonly digest: string;
  readonly ref: string;
  /** Every pinned reference by which these bytes were read. */
  readonly pinned: readonly string[];
  readonly stage: Stage;
  readonly aliases: readonly string[];
  readonly lineage: Lineage;
  readonly createdAt: string;
  readonly createdBy: string;
}

/** An assessment that was stored, with the decision of that moment. */
export interface StoredAssessment {
  readonly id: string;
  readonly version: string;
  readonly assessment: Assessment;
  readonly at: string;
}

/** A policy applied to the newest assessment of a version, for a stage. Newer ones replace it; all are kept. */
export interface StoredDecision {
  readonly id: string;
  readonly version: string;
  readonly assessment: string;
  /** The stage that it was made for: the policy of that stage, with that stage as environment. */
  readonly stage: Stage;
  readonly decision: Decision;
  readonly ruleset: Ruleset;
  readonly at: string;
}

export type TransitionState = 'open' | 'approved' | 'rejected' | 'withdrawn' | 'void';

/** A request to move a version to another stage. */
export interface Transition {
  readonly id: string;
  readonly version: string;
  readonly from: Stage;
  readonly to: Stage;
  readonly state: TransitionState;
  readonly requestedBy: string;
  readonly comment: string;
  readonly at: string;
  readonly votes: readonly Vote[];
  /** How many more approvals of which role are needed. */
  readonly needed: readonly { readonly role: Role; readonly count: number }[];
}

export interface Vote {
  readonly by: string;
  readonly role: Role;
  readonly vote: 'approve' | 'reject';
  readonly comment: string;
  readonly at: string;
  /** Of an approval. */
  readonly approval: string | null;
}

/** How the approver proved himself. `service`: by a session of the service, which signed for him. */
export type ApprovalMethod = 'key' | 'keyless' | 'certificate' | 'service';

/** An approval: an attestation bound to the digest, the policy and the ruleset that the approver saw. */
export interface ApprovalRecord {
  readonly id: string;
  readonly version: string;
  readonly stage: Stage;
  readonly digest: string;
  readonly policyDigest: string;
  readonly ruleset: Ruleset;
  /** In which the approver voted. */
  readonly role: Role;
  /** The approver: the hint of a key, an identity; of `service`, who had the session. */
  readonly signer: string;
  readonly method: ApprovalMethod;
  /** The Sigstore bundle as JSON text. */
  readonly attestation: string;
  /**
   * Of one that was carried over: the `decision` attestation of the newest re-evaluation, whose inputs are the digest of
   * `attestation` and the ruleset; a Sigstore bundle as JSON text.
   */
  readonly reevaluation: string | null;
  readonly at: string;
  readonly until: string | null;
  /** `carried`: a signed re-evaluation under newer rules found no new violation, and stands beside it. */
  readonly state: 'valid' | 'carried' | 'void' | 'revoked';
  readonly why: string;
}

/** One entry of the audit log. */
export interface AuditEntry {
  /** From 1, without a gap, for each tenant. */
  readonly seq: number;
  readonly at: string;
  readonly tenant: string;
  readonly actor: string;
  /** `version.registered`, `transition.approved`, ... */
  readonly action: string;
  /** What it was done to: `model@number`, a token's name. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Hex SHA-256 of the entry before; 64 zeros for the first. */
  readonly previous: string;
  /** Hex SHA-256 over the canonical JSON of all other fields. */
  readonly hash: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it back to get the next page; `null` on the last. */
  readonly next: string | null;
}

export interface PageRequest {
  /** 1 to 200; 50 when absent. */
  readonly limit?: number;
  readonly after?: string;
}

/** A scan that was asked for, from the request to its end. */
export interface Job {
  readonly id: string;
  readonly tenant: string;
  /** What to scan: a reference, or `upload:<id>` for bytes that were uploaded. */
  readonly target: string;
  /** The model that the version will belong to. */
  readonly model: string;
  readonly state: JobState;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly attempts: number;
  /** Higher first. */
  readonly priority: number;
  readonly progress: JobProgress;
  /** Of a job that is done. */
  readonly version: string | null;
  /** Of a job that failed: a stable code and a sentence. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface JobProgress {
  readonly filesDone: number;
  readonly files: number;
  readonly bytesDone: number;
  readonly bytes: number;
}

import type { Assessment } from '../core/assessment/index.ts';
import type { Role } from './api/index.ts';

/** A person or program that acts, and how it was authenticated. */
export interface Principal {
  readonly tenant: string;
  /** Unique within its issuer: the OIDC subject, the name of a token, the user of this machine. */
  readonly subject: string;
  /** Of OIDC; `null` for a token and for a local file. */
  readonly issuer: string | null;
  readonly roles: readonly Role[];
  readonly via: 'oidc' | 'token' | 'local';
}

/** A stored assessment, with the decision at that time. */
export interface StoredAssessment {
  readonly id: string;
  readonly version: string;
  readonly assessment: Assessment;
  readonly at: string;
}

export interface PageRequest {
  /** 1 to 200; 50 when absent. */
  readonly limit?: number;
  readonly after?: string;
}

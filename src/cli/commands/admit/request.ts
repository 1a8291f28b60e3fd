import type { AdmissionOptions, WebhookOptions } from '../../../../admission-webhook/src/index.ts';

/** `assay admit --explain`. */
export interface AdmitExplainRequest {
  readonly file: string;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly color: boolean;
}

/** `assay admit --snapshot F --listen H:P`: serves reviews. */
export type AdmitServeRequest = AdmissionOptions;

/** `assay admit --audit`: running workloads of a cluster that would be refused. */
export interface AdmitAuditRequest {
  readonly webhook: WebhookOptions;
  /** A stored listing, in place of a cluster. */
  readonly file: string | undefined;
  /** Empty: all of them. */
  readonly namespaces: readonly string[];
  /** File for what would admit the rest: approvals and exceptions, for review. */
  readonly proposals: string | undefined;
  /** File for the digests of the Pod templates that run. */
  readonly baseline: string | undefined;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly color: boolean;
}

/** `assay admit --fallback`: a ValidatingAdmissionPolicy, and the ConfigMap that it decides by, made from a snapshot. */
export interface AdmitFallbackRequest {
  readonly webhook: WebhookOptions;
  /** What is approved for it; for any when absent. */
  readonly stage: string | undefined;
  readonly output: string | undefined;
}

/** `assay admit status`: the state of a running webhook. */
export interface AdmitStatusRequest {
  /** Where it tells: the address of `--metrics-listen`, or of the webhook itself with a token. */
  readonly url: string;
  /** File: the authority of the webhook's certificate. */
  readonly ca: string | undefined;
  readonly tokenFile: string | undefined;
  readonly format: 'table' | 'json';
  readonly output: string | undefined;
  readonly color: boolean;
}

import type { ImageFacts, ImageRole } from '../core/image/index.ts';

/** DSSE payload type of a snapshot. */
export const SNAPSHOT_PAYLOAD = 'application/vnd.assay.snapshot.v1+json';
/**
 * `2` says of each image how it is approved, `3` also what it starts and which tag named it. The lowest that says everything is written,
 * so that older webhooks read what they can.
 */
export const SNAPSHOT_SCHEMAS = ['1', '2', '3'] as const;

/** All current decisions, in one signed document from which a webhook answers without a request. */
export interface SnapshotDocument {
  readonly schemaVersion: (typeof SNAPSHOT_SCHEMAS)[number];
  readonly tenant: string;
  /** Goes up by at least one each time; a reader refuses a lower one than it has seen. */
  readonly version: number;
  /** ISO 8601 UTC, to the second. */
  readonly issued: string;
  readonly expires: string;
  /** Head of the audit log that this was made from. */
  readonly auditHead: { readonly seq: number; readonly hash: string };
  /** `sha256:<hex>` of the trust file by which approvals were verified. */
  readonly trust: string;
  readonly ruleset: { readonly version: string; readonly digest: string } | null;
  readonly entries: readonly SnapshotEntry[];
  readonly images: readonly SnapshotImage[];
}

/** A container image that may run without a model reference. */
export interface SnapshotImage {
  /** `sha256:<hex>` of its manifest. */
  readonly digest: string;
  readonly notAfter: string | null;
  /** Absent in schema 1, where each is a program. */
  readonly as?: ImageRole;
  /** `oci://registry/repository:tag`: what named it when it was approved; `null` for none. Absent before schema 3. */
  readonly name?: string | null;
  /** `null` where they were not recorded. Absent before schema 3. */
  readonly facts?: ImageFacts | null;
}

/** The decision on one version. */
export interface SnapshotEntry {
  readonly model: string;
  readonly number: number;
  /** `sha256:<hex>`: the canonical tree digest. */
  readonly digest: string;
  /** Pinned references by which these bytes are fetched, in canonical spelling. */
  readonly refs: readonly string[];
  /** The server that the references were resolved at; `null` for the scheme's own well-known one. */
  readonly endpoint: string | null;
  readonly status: 'approved' | 'denied';
  /** Where it may run, each until when; empty when denied. `null` is not an end of its own: the snapshot's end holds. */
  readonly stages: readonly { readonly stage: string; readonly notAfter: string | null }[];
  /** Loading it with its own code was judged and approved. */
  readonly remoteCode: boolean;
  readonly policy: { readonly name: string; readonly digest: string };
  /** Why it is denied, in a sentence; empty when approved. */
  readonly reason: string;
  /** Address of its report. */
  readonly report: string | null;
}

import type { ImageFacts } from '../../src/core/image/index.ts';
import type {
  Asked,
  LatestAnswer,
  RepositoryQuery,
  SnapshotAnswer,
  SnapshotMeta,
  SnapshotQuery,
} from '../../src/snapshot/index.ts';
import type { Baseline } from './baseline.ts';
import type { HeldExceptions } from './exceptions/index.ts';
import type { AdmissionPolicies } from './policies.ts';
import type { NamespaceRules } from './rules.ts';
import type { BreakGlass } from './waivers.ts';

/** A verified snapshot, however it is held in memory. No answer takes longer than a look into a table. */
export interface SnapshotIndex {
  readonly meta: SnapshotMeta;
  lookup(query: SnapshotQuery, asked: Asked): SnapshotAnswer;
  /** The newest approved version of the repository that a reference which is not pinned names; only mutation asks. */
  latestApproved(query: RepositoryQuery, asked: Asked): LatestAnswer;
  allowsImage(digest: string, now: Date): boolean;
  sealsImage(digest: string, now: Date): boolean;
  /** What an image starts by itself; `undefined` where that was not recorded. */
  imageFacts(digest: string): ImageFacts | undefined;
  /** The digest that a tag named when it was approved; @param name `oci://registry/repository:tag` */
  imageNamed(name: string, now: Date): string | undefined;
  isExpired(now: Date): boolean;
}

export type HeldSnapshot =
  | { readonly kind: 'held'; readonly index: SnapshotIndex; readonly loadedAt: Date; readonly from: string }
  /** None was ever believed: nothing can be approved. */
  | { readonly kind: 'none'; readonly why: string };

/** Everything that a review is answered from. Each part is replaced whole, never changed, so that no answer mixes two. */
export interface WebhookState {
  readonly snapshot: HeldSnapshot;
  readonly namespaces: NamespaceRules;
  readonly policies: AdmissionPolicies;
  readonly exceptions: HeldExceptions;
  /** Those that are signed, then that of the configuration. */
  readonly baselines: readonly Baseline[];
  readonly breakGlass: BreakGlass;
  /** Address of the console or the API, for messages; `null` when none is known. */
  readonly serviceUrl: string | null;
  /** The webhook's own namespace, which it never blocks. */
  readonly ownNamespace: string | null;
}

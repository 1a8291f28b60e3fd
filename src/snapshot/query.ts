import type { SnapshotEntry } from './document.ts';

/** A question of a webhook: the bytes, or their reference and server. */
export type SnapshotQuery =
  | { readonly digest: string }
  | {
      readonly ref: string;
      /** `null` and absent: the well-known server of the scheme. */
      readonly endpoint?: string | null;
    };

export interface Asked {
  /** Where it is to run; any stage when absent. */
  readonly stage?: string;
  readonly now: Date;
}

export type SnapshotAnswer =
  /** Until `notAfter`; `null`: until the snapshot itself ends. */
  | { readonly kind: 'approved'; readonly entry: SnapshotEntry; readonly notAfter: string | null }
  | { readonly kind: 'denied'; readonly entry: SnapshotEntry; readonly reason: string }
  /** There is no decision on it. */
  | { readonly kind: 'unlisted' }
  /** A branch, a tag or an alias: it is unknown which bytes will run. */
  | { readonly kind: 'unpinned' }
  /** No reference that can be read. */
  | { readonly kind: 'unresolved'; readonly reason: string };

import type { HeldSnapshot } from './state.ts';

/** How a snapshot feed fares, for `/metrics`, `/readyz` and `status`. */
export interface FeedHealth {
  /** Address of the source, without credentials. */
  readonly from: string;
  readonly lastTried: Date | null;
  readonly lastGood: Date | null;
  /** Why the newest one was not taken; `null` while all is well. */
  readonly problem: string | null;
  /** No version below it is taken. */
  readonly floor: number;
}

/** Keeps the newest snapshot that was verified. */
export interface SnapshotFeed {
  /** Never waits: what is held now. It is asked without waiting, too: one that was replaced answers nothing more. */
  held(): HeldSnapshot;
  health(): FeedHealth;
  onChange(listener: (held: HeldSnapshot) => void): void;
  close(): Promise<void>;
}

import type { Baseline } from './baseline.ts';
import type { FeedHealth, PartHealth } from './health.ts';
import type { HeldSnapshot } from './state.ts';
import type { BreakGlass } from './waivers.ts';

/** Keeps the newest snapshot that was verified. */
export interface SnapshotFeed {
  /** Never waits: what is held now. It is asked without waiting, too: one that was replaced answers nothing more. */
  held(): HeldSnapshot;
  health(): FeedHealth;
  onChange(listener: (held: HeldSnapshot) => void): void;
  close(): Promise<void>;
}

/** Waivers and baselines that are read again when their folder changes. */
export interface BreakGlassSource {
  waivers(): BreakGlass;
  baselines(): readonly Baseline[];
  health(): PartHealth;
}

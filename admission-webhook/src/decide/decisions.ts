import type { SnapshotIndex } from '../state.ts';

/** What a reference is looked up in. */
export type Decisions = Pick<SnapshotIndex, 'lookup' | 'latestApproved' | 'allowsImage' | 'sealsImage' | 'imageFacts'>;

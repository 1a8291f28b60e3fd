export { type BreakGlassOptions, type OpenBreakGlass, openBreakGlass } from './break-glass.ts';
export { openSnapshotFeed, type SnapshotFeedOptions } from './open-snapshot-feed.ts';
export { readSnapshotTrust } from './trust.ts';

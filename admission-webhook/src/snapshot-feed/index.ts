export { openSnapshotFeed, type SnapshotFeedOptions } from './open-snapshot-feed.ts';
export { readSnapshotTrust } from './trust.ts';

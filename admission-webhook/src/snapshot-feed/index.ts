export { openBreakGlass } from './break-glass.ts';
export { openSnapshotFeed } from './open-snapshot-feed.ts';
export { readSnapshotTrust } from './trust.ts';

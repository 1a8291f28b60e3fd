export * from './document.ts';
export { SNAPSHOT_LIMITS } from './limits.ts';
export { type OpenOptions, openDocument, openSnapshot } from './open.ts';
export { peekSnapshot, type SnapshotLabel } from './peek.ts';
export { canonicalEndpoint, type PinnedReference, pinnedReference, schemeOf } from './reference-key.ts';
export { createSnapshot, signSnapshot } from './sign.ts';
export { type Asked, Snapshot, type SnapshotAnswer, type SnapshotMeta, type SnapshotQuery } from './snapshot.ts';
export { isSnapshotError, SnapshotError, type SnapshotProblem } from './snapshot-error.ts';

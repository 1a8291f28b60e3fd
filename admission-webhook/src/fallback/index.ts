export { type Fallback, type FallbackOptions, fallbackManifests } from './manifests.ts';
export { readSnapshotFile } from './read-snapshot.ts';

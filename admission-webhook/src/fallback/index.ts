export { fallbackManifests } from './manifests.ts';
export { readSnapshotFile } from './read-snapshot.ts';

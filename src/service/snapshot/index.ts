export { openSnapshotStore } from './files.ts';
export type { SnapshotStore } from './store.ts';

export type { Omission } from './judge.ts';
export { digestOfTrust, statePath } from './state.ts';
export { watchSnapshot } from './watch.ts';
export { type WriteOptions, writeSnapshot } from './write.ts';
export { SnapshotWriter, type WrittenSnapshot } from './writer.ts';

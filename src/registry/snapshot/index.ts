export type { Omission } from './judge.ts';
export { digestOfTrust, statePath } from './state.ts';
export { type WatchOptions, watchSnapshot } from './watch.ts';
export { type WriteOptions, writeSnapshot } from './write.ts';
export { type Previous, SnapshotWriter, type SnapshotWriterOptions, type WrittenSnapshot } from './writer.ts';

export type { ShardedCheckpoint, ShardedOutput, ShardedResult } from './form.ts';
export { shardedCheckpoints } from './forms.ts';
export { weightMap } from './indexed-bins.ts';

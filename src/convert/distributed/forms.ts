import type { InputFile } from '../tensors/index.ts';
import { distributedCheckpoints } from './distcp.ts';
import type { ShardedCheckpoint } from './form.ts';
import { indexedBins } from './indexed-bins.ts';
import { paddleInference } from './paddle-inference.ts';
import { zeroCheckpoints } from './zero.ts';

/** Each takes the checkpoints that it finds among the files. */
const FORMS: readonly ((files: readonly InputFile[]) => ShardedCheckpoint[])[] = [
  indexedBins,
  distributedCheckpoints,
  zeroCheckpoints,
  paddleInference,
];

/**
 * The checkpoints among some files whose tensors stand in more than one of them, by the names of the files alone. A file
 * belongs to one at most; those of none are converted alone.
 */
export function shardedCheckpoints(files: readonly InputFile[]): ShardedCheckpoint[] {
  let left = files;
  const found: ShardedCheckpoint[] = [];
  for (const form of FORMS) {
    const checkpoints = form(left);
    const taken = new Set(checkpoints.flatMap((checkpoint) => checkpoint.files));
    found.push(...checkpoints);
    left = left.filter((file) => !taken.has(file));
  }
  return found;
}

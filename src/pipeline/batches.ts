import type { ArtifactFile } from '../core/index.ts';

/** Small files go to a parser together: a message for each would take longer than most take to parse. */
const MAX_FILES = 64;
const MAX_BYTES = 256 * 1024;

/** Files in their order, a few small ones at a time, large ones alone. */
export function batchesOf(files: readonly ArtifactFile[]): ArtifactFile[][] {
  const batches: ArtifactFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const last = batches.at(-1);
    bytes += file.size;
    if (last !== undefined && bytes <= MAX_BYTES && last.length < MAX_FILES) last.push(file);
    else {
      batches.push([file]);
      bytes = file.size;
    }
  }
  return batches;
}

/** Bounds on what a snapshot may cost its readers (CWE-770). */
export const SNAPSHOT_LIMITS = {
  /** Of the signed file. */
  maxBytes: 256 * 1024 * 1024,
  maxEntries: 1_000_000,
  maxImages: 100_000,
  /** References of one entry, and stages. */
  maxRefs: 1_000,
  maxStages: 16,
  /** Of each list of what an image starts. */
  maxWords: 1_000,
  /** Characters of one text. */
  maxText: 4_096,
} as const;

/** Bytes that begin or part values, for each entry and for what is around: no value is parsed without one. */
export function maxSeparators(entries: number): number {
  return 64 * entries + 1_000;
}

/** Hashes that model signatures use. `blake2b` has 64 bytes. */
export const HASH_ALGORITHMS = ['sha256', 'blake2b', 'blake3'] as const;
export type HashAlgorithm = (typeof HASH_ALGORITHMS)[number];

/** One way to hash a file: whole, or each shard of `shardSize` bytes (the last may be shorter; an empty file has none). */
export interface HashPlan {
  readonly algorithm: HashAlgorithm;
  readonly shardSize?: number;
}

/** Digests of one file under one plan, in order: one for the whole file, or one a shard. */
export interface PlannedDigests {
  readonly plan: HashPlan;
  /** Hex. */
  readonly digests: readonly string[];
}

export const SHA256_PLAN: HashPlan = { algorithm: 'sha256' };

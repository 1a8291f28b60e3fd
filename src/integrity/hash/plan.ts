import { AssayError } from '../../core/index.ts';

/** Hashes that model signatures use. `blake2b` has 64 bytes. */
export const HASH_ALGORITHMS = ['sha256', 'blake2b', 'blake3'] as const;
export type HashAlgorithm = (typeof HASH_ALGORITHMS)[number];

/** Also the hashes of announced digests. `git-sha1` is SHA-1 over `blob <length>\0` and the bytes. */
export type DigestAlgorithm = HashAlgorithm | 'sha224' | 'sha384' | 'sha512' | 'sha1' | 'md5' | 'git-sha1';

/** One way to hash a file: whole, or each shard of `shardSize` bytes (the last may be shorter; an empty file has none). */
export interface HashPlan {
  readonly algorithm: DigestAlgorithm;
  readonly shardSize?: number;
}

/** Digests of one file under one plan, in order: one for the whole file, or one a shard. */
export interface PlannedDigests {
  readonly plan: HashPlan;
  /** Hex. */
  readonly digests: readonly string[];
}

export const SHA256_PLAN: HashPlan = { algorithm: 'sha256' };

/** Shards of one file: a signature names the size of a shard, and each costs a digest that is held (CWE-770). */
export const MAX_SHARDS = 1_000_000;

export function samePlan(a: HashPlan, b: HashPlan): boolean {
  return a.algorithm === b.algorithm && Object.is(a.shardSize, b.shardSize);
}

/** Each plan once, in the order in which they first came. */
export function distinctPlans(plans: readonly HashPlan[]): HashPlan[] {
  return plans.filter((plan, i) => plans.findIndex((other) => samePlan(plan, other)) === i);
}

/** The digests computed under a plan; `undefined` when there are none. */
export function digestsUnder(all: readonly PlannedDigests[], plan: HashPlan): readonly string[] | undefined {
  return all.find((one) => samePlan(one.plan, plan))?.digests;
}

/** The digest of the whole file in one algorithm; `undefined` when it was not computed. */
export function wholeDigest(all: readonly PlannedDigests[], algorithm: DigestAlgorithm): string | undefined {
  return digestsUnder(all, { algorithm })?.[0];
}

/**
 * How many digests a plan asks for of a file of `size` bytes.
 * @throws AssayError `limit` for more than `MAX_SHARDS`, `malformed` for a size that no shard can have.
 */
export function countDigests({ shardSize }: HashPlan, size: number, name: string): number {
  if (shardSize === undefined) return 1;
  if (!Number.isSafeInteger(shardSize) || shardSize < 1) {
    throw new AssayError('malformed', `a shard cannot have ${shardSize} bytes`, { subject: name });
  }
  const shards = Math.ceil(size / shardSize);
  if (shards <= MAX_SHARDS) return shards;
  throw new AssayError('limit', `would be hashed in ${shards} shards of ${shardSize} bytes, more than ${MAX_SHARDS}`, {
    subject: name,
    hint: 'sign it in larger shards, or by file',
  });
}

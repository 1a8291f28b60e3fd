export { claimPlan, keepsClaim, startDigest, startHashing } from './digest.ts';
export { createHasher } from './hasher.ts';
export {
  countDigests,
  type DigestAlgorithm,
  digestsUnder,
  distinctPlans,
  HASH_ALGORITHMS,
  type HashAlgorithm,
  type HashPlan,
  MAX_SHARDS,
  type PlannedDigests,
  SHA256_PLAN,
  wholeDigest,
} from './plan.ts';
export { HashThreads } from './threads.ts';
export { type HashedFile, treeDigest } from './tree-digest.ts';

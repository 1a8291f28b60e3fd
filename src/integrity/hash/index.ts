export { claimPlan, keepsClaim, startDigest, startHashing } from './digest.ts';
export { createHasher } from './hasher.ts';
export { type DigestAlgorithm, HASH_ALGORITHMS, type HashAlgorithm, type HashPlan, MAX_SHARDS, type PlannedDigests, SHA256_PLAN, countDigests, digestsUnder, distinctPlans, wholeDigest } from './plan.ts';
export { HashThreads } from './threads.ts';
export { treeDigest } from './tree-digest.ts';

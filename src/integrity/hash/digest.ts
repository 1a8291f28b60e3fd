import { BLOCK_SIZE, type ByteSource, chunks, FileSource } from '../../core/bytes/index.ts';
import type { ClaimedDigest } from '../../core/index.ts';
import { createHasher, digestBytes } from './hasher.ts';
import { countDigests, distinctPlans, type HashPlan, type PlannedDigests, SHA256_PLAN, wholeDigest } from './plan.ts';
import type { HashThreads, ThreadHash } from './threads.ts';

/** The running digests of a file: they use the bytes that parsing reads, and read the rest at the end. */
export interface RunningDigest {
  /** Each plan once, in the order in which they were first asked for. */
  finish(signal?: AbortSignal): Promise<readonly PlannedDigests[]>;
}

/**
 * Starts hashing a source whose bytes are cheap to read: SHA-256 of the whole file first, then what `plans` ask for, all in
 * one pass.
 * @throws AssayError `limit`, `malformed` for a plan that the file is too large for.
 */
export function startDigest(source: ByteSource, threads: HashThreads, plans: readonly HashPlan[] = []): RunningDigest {
  return startHashing(source, threads, [SHA256_PLAN, ...plans]);
}

/** The same under these plans alone. A large local file is hashed on another thread. */
export function startHashing(source: ByteSource, threads: HashThreads, plans: readonly HashPlan[]): RunningDigest {
  const distinct = distinctPlans(plans);
  for (const plan of distinct) countDigests(plan, source.size, source.name);
  if (source instanceof FileSource && source.size > BLOCK_SIZE) {
    return digestOnThread(source, threads.start(distinct, source.size));
  }
  return { finish: (signal) => digestHere(source, distinct, signal) };
}

function digestOnThread(source: FileSource, hash: ThreadHash): RunningDigest {
  source.attach(hash);
  return {
    async finish(signal) {
      await source.drain(signal);
      return hash.digest();
    },
  };
}

async function digestHere(
  source: ByteSource,
  plans: readonly HashPlan[],
  signal: AbortSignal | undefined,
): Promise<readonly PlannedDigests[]> {
  const whole = source.size <= BLOCK_SIZE ? source.readNow(0, source.size) : undefined;
  if (whole !== undefined) return digestBytes(plans, whole);
  const hasher = await createHasher(plans, source.size);
  for await (const chunk of chunks(source)) {
    signal?.throwIfAborted();
    hasher.update(chunk);
  }
  return hasher.digest();
}

/** The plan by which a file is compared with its announced digest. */
export function claimPlan({ algorithm }: ClaimedDigest): HashPlan {
  return { algorithm };
}

/** Whether the bytes match the announced digest; `claimPlan` must be among their plans. */
export function keepsClaim(digests: readonly PlannedDigests[], claimed: ClaimedDigest): boolean {
  return wholeDigest(digests, claimed.algorithm) === claimed.hex;
}

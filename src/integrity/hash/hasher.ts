import { createHash, hash } from 'node:crypto';
import type { DigestAlgorithm, HashPlan, PlannedDigests } from './plan.ts';

/** Hashes the bytes of one file as they pass, in order, under several plans. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** Call it once, at the end. */
  digest(): readonly PlannedDigests[];
}

/** A hash of one file or shard. */
interface PartHash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/** Of the algorithms that OpenSSL has, its names. */
const OPENSSL_NAMES: Readonly<Record<Exclude<DigestAlgorithm, 'blake3'>, string>> = {
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  sha1: 'sha1',
  md5: 'md5',
  blake2b: 'blake2b512',
  'git-sha1': 'sha1',
};

/** @param size bytes that will pass: git's digest starts with it */
export async function createHasher(plans: readonly HashPlan[], size: number): Promise<Hasher> {
  const hashes: PlanHash[] = [];
  for (const plan of plans) hashes.push(new PlanHash(plan, await starterOf(plan.algorithm, size)));
  return {
    update(bytes) {
      for (const hash of hashes) hash.update(bytes);
    },
    digest: () => hashes.map((hash) => hash.digest()),
  };
}

/** The same of a file whose bytes are all at hand. */
export async function digestBytes(plans: readonly HashPlan[], bytes: Uint8Array): Promise<readonly PlannedDigests[]> {
  // Most files need only this digest, which one call computes.
  if (plans.every(({ algorithm, shardSize }) => algorithm === 'sha256' && shardSize === undefined)) {
    return plans.map((plan) => ({ plan, digests: [hash('sha256', bytes)] }));
  }
  const hasher = await createHasher(plans, bytes.length);
  hasher.update(bytes);
  return hasher.digest();
}

async function starterOf(algorithm: DigestAlgorithm, size: number): Promise<() => PartHash> {
  if (algorithm === 'blake3') {
    const { createBLAKE3 } = await import('hash-wasm');
    const hash = await createBLAKE3();
    return () => hash.init();
  }
  const name = OPENSSL_NAMES[algorithm];
  if (algorithm === 'git-sha1') return () => createHash(name).update(`blob ${size}\0`);
  return () => createHash(name);
}

/** One plan: a hash at a time, cut where a shard ends. */
class PlanHash {
  readonly #plan: HashPlan;
  readonly #start: () => PartHash;
  readonly #digests: string[] = [];
  #part: PartHash | undefined;
  /** Bytes that the shard still takes. */
  #left = 0;

  constructor(plan: HashPlan, start: () => PartHash) {
    this.#plan = plan;
    this.#start = start;
    if (plan.shardSize === undefined) this.#part = start();
  }

  update(bytes: Uint8Array): void {
    const { shardSize } = this.#plan;
    if (shardSize === undefined) {
      this.#part?.update(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      if (this.#left === 0) this.#nextShard(shardSize);
      const part = bytes.subarray(at, at + this.#left);
      this.#part?.update(part);
      this.#left -= part.length;
      at += part.length;
    }
  }

  digest(): PlannedDigests {
    this.#endPart();
    return { plan: this.#plan, digests: this.#digests };
  }

  #nextShard(shardSize: number): void {
    this.#endPart();
    this.#part = this.#start();
    this.#left = shardSize;
  }

  #endPart(): void {
    if (this.#part !== undefined) this.#digests.push(this.#part.digest('hex'));
    this.#part = undefined;
  }
}

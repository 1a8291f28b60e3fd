import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { blake3 } from 'hash-wasm';
import { describe, expect, it } from 'vitest';
import { createHasher, digestBytes } from '../../../src/integrity/hash/hasher.ts';
import { type DigestAlgorithm, distinctPlans, type HashPlan } from '../../../src/integrity/hash/plan.ts';

/** The digest of each algorithm, computed at once. */
const WHOLE: Readonly<Record<DigestAlgorithm, (bytes: Uint8Array) => string | Promise<string>>> = {
  sha224: (bytes) => createHash('sha224').update(bytes).digest('hex'),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  sha384: (bytes) => createHash('sha384').update(bytes).digest('hex'),
  sha512: (bytes) => createHash('sha512').update(bytes).digest('hex'),
  sha1: (bytes) => createHash('sha1').update(bytes).digest('hex'),
  md5: (bytes) => createHash('md5').update(bytes).digest('hex'),
  blake2b: (bytes) => createHash('blake2b512').update(bytes).digest('hex'),
  blake3: (bytes) => blake3(bytes),
  'git-sha1': (bytes) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
};
const ALGORITHMS = Object.keys(WHOLE).filter((name): name is DigestAlgorithm => name in WHOLE);

const wholePlan = fc.constantFrom(...ALGORITHMS).map((algorithm): HashPlan => ({ algorithm }));
const shardPlan = fc.record({
  algorithm: fc.constantFrom('sha256', 'blake2b', 'blake3'),
  shardSize: fc.integer({ min: 1, max: 70 }),
});
const plans = fc.array(fc.oneof(wholePlan, shardPlan), { maxLength: 6 }).map(distinctPlans);

function expected({ algorithm, shardSize }: HashPlan, bytes: Uint8Array): Promise<string[]> {
  const parts: Uint8Array[] = shardSize === undefined ? [bytes] : [];
  for (let at = 0; shardSize !== undefined && at < bytes.length; at += shardSize)
    parts.push(bytes.subarray(at, at + shardSize));
  return Promise.all(parts.map((part) => WHOLE[algorithm](part)));
}

describe('a hasher', () => {
  it('gives for every plan the digests of each file or shard alone, for any split of the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), plans, async (chunks, all) => {
        const bytes = Buffer.concat(chunks);
        const hasher = await createHasher(all, bytes.length);
        for (const chunk of chunks) hasher.update(chunk);
        const digests = await Promise.all(all.map(async (plan) => ({ plan, digests: await expected(plan, bytes) })));
        expect(hasher.digest()).toEqual(digests);
        expect(await digestBytes(all, bytes)).toEqual(digests);
      }),
      { numRuns: 300 },
    );
  });

  it('gives no shard digests for an empty file, and one digest for the whole', async () => {
    const hasher = await createHasher([{ algorithm: 'sha256', shardSize: 1 }, { algorithm: 'sha256' }], 0);
    const empty = createHash('sha256').digest('hex');
    expect(hasher.digest().map(({ digests }) => digests)).toEqual([[], [empty]]);
  });

  it('keeps files apart that are hashed at the same time', async () => {
    const all = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const hashers = await Promise.all(all.map((bytes) => createHasher([{ algorithm: 'blake3' }], bytes.length)));
    for (let at = 0; at < 5; at++)
      for (const [i, hasher] of hashers.entries()) hasher.update(all[i]?.subarray(at, at + 1) ?? Buffer.alloc(0));
    const found = hashers.map((hasher) => hasher.digest()[0]?.digests[0]);
    expect(found).toEqual(await Promise.all(all.map((bytes) => blake3(bytes))));
  });
});

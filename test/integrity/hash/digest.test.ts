import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { blake3 } from 'hash-wasm';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { ClaimedDigest } from '../../../src/core/artifact.ts';
import { type ByteSource, MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { BLOCK_SIZE, FileSource } from '../../../src/core/bytes/file-source.ts';
import { claimPlan, keepsClaim, startDigest, startHashing } from '../../../src/integrity/hash/digest.ts';
import {
  type DigestAlgorithm,
  type HashPlan,
  type PlannedDigests,
  SHA256_PLAN,
} from '../../../src/integrity/hash/plan.ts';
import { HashThreads } from '../../../src/integrity/hash/threads.ts';
import { noise, tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const threads = new HashThreads(2);
afterAll(() => threads.close());
let files = 0;

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, bytes);
  return path;
}

/** The SHA-256 that a scan computes. */
async function digestOf(source: ByteSource): Promise<string> {
  try {
    const [first] = await startDigest(source, threads).finish();
    expect(first?.plan).toEqual(SHA256_PLAN);
    return String(first?.digests);
  } finally {
    await source.close();
  }
}

async function underPlans(source: ByteSource, plans: readonly HashPlan[]): Promise<readonly PlannedDigests[]> {
  try {
    return await startHashing(source, threads, plans).finish();
  } finally {
    await source.close();
  }
}

const inline = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const SIZES = [0, 1, 1_000, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE, 9 * BLOCK_SIZE + 5];

describe('SHA-256 of a file', () => {
  it('equals published test vectors', async () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const million = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0';
    expect(await digestOf(FileSource.open(fileOf(Buffer.alloc(0))))).toBe(empty);
    expect(await digestOf(new MemorySource(Buffer.from('abc'), 'abc'))).toBe(abc);
    expect(await digestOf(FileSource.open(fileOf(Buffer.alloc(1_000_000, 'a'))))).toBe(million);
  });

  it.each(SIZES)('equals sha256sum for %d bytes from a file and from memory', async (size) => {
    const bytes = noise(size, 3);
    const path = fileOf(bytes);
    const told = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
    expect(await digestOf(FileSource.open(path))).toBe(told);
    expect(await digestOf(new MemorySource(bytes, 'bytes'))).toBe(told);
  });

  it('is independent of other reads between its start and its end', async () => {
    const bytes = noise(4 * BLOCK_SIZE + 99, 5);
    const path = fileOf(bytes);
    const expected = inline(bytes);
    const read = fc.record({ once: fc.boolean(), offset: fc.nat(bytes.length - 1) });
    await fc.assert(
      fc.asyncProperty(fc.array(read, { maxLength: 10 }), async (reads) => {
        const source = FileSource.open(path);
        const digest = startDigest(source, threads);
        for (const { once, offset } of reads) await (once ? source.readOnce(offset, 1) : source.read(offset, 1));
        expect((await digest.finish())[0]?.digests).toEqual([expected]);
        await source.close();
      }),
      { numRuns: 60 },
    );
  });

  it('is correct for many large files at the same time', async () => {
    const all = Array.from({ length: 12 }, (_, i) => noise(3 * BLOCK_SIZE + i, i + 1));
    const digests = await Promise.all(all.map((bytes) => digestOf(FileSource.open(fileOf(bytes)))));
    expect(digests).toEqual(all.map(inline));
  });

  /** A signal that is aborted after a number of block reads. */
  function afterBlocks(count: number): AbortSignal {
    const controller = new AbortController();
    const { signal } = controller;
    let left = count;
    vi.spyOn(signal, 'throwIfAborted').mockImplementation(() => {
      if (left-- === 0) controller.abort();
      if (signal.aborted) throw signal.reason;
    });
    return signal;
  }

  it('is correct after other files were closed before their end', async () => {
    for (let i = 1; i < 12; i++) {
      const stopped = FileSource.open(fileOf(noise(20 * BLOCK_SIZE, i)));
      startDigest(stopped, threads);
      const drained = stopped.drain(afterBlocks(i)).catch(() => undefined);
      if (i % 2 === 0) await drained;
      await stopped.readOnce(3 * BLOCK_SIZE, 1);
      if (i % 3 !== 0) await drained;
      const reading = stopped.readOnce(7 * BLOCK_SIZE, 1).catch(() => undefined);
      await stopped.close();
      const bytes = noise(6 * BLOCK_SIZE + i, 100 + i);
      expect(await digestOf(FileSource.open(fileOf(bytes)))).toBe(inline(bytes));
      await Promise.all([reading, drained]);
    }
  });

  it('stops on an abort signal', async () => {
    const source = FileSource.open(fileOf(noise(3 * BLOCK_SIZE)));
    const stopped = startDigest(source, threads).finish(AbortSignal.abort(new Error('enough')));
    await expect(stopped).rejects.toThrow('enough');
    await source.close();
  });
});

describe('several plans in one pass', () => {
  const shard = (bytes: Uint8Array, size: number) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => inline(bytes.subarray(i * size, (i + 1) * size)));

  it.each(SIZES)('give the digests of each plan alone for %d bytes from a file and from memory', async (size) => {
    const bytes = noise(size, 17);
    const path = fileOf(bytes);
    const shardSizes = [Math.max(1, Math.ceil(size / 7)), BLOCK_SIZE, 3 * BLOCK_SIZE + 1];
    const algorithms: DigestAlgorithm[] = ['sha256', 'blake2b', 'blake3'];
    const plans = [
      ...algorithms.map((algorithm) => ({ algorithm })),
      ...shardSizes.map((shardSize) => ({ algorithm: 'sha256', shardSize }) as const),
    ];
    const expected = [
      { plan: plans[0], digests: [inline(bytes)] },
      { plan: plans[1], digests: [execFileSync('b2sum', [path], { encoding: 'utf8' }).slice(0, 128)] },
      { plan: plans[2], digests: [await blake3(bytes)] },
      ...shardSizes.map((shardSize, i) => ({ plan: plans[3 + i], digests: shard(bytes, shardSize) })),
    ];
    for (const source of [FileSource.open(path), new MemorySource(bytes, 'bytes')]) {
      expect(await underPlans(source, plans)).toEqual(expected);
    }
  });

  it('compute a plan that is requested twice only once', async () => {
    const plans: HashPlan[] = [{ algorithm: 'blake3' }, SHA256_PLAN, { algorithm: 'blake3' }, { algorithm: 'sha256' }];
    const digests = await underPlans(new MemorySource(noise(10), 'bytes'), plans);
    expect(digests.map(({ plan }) => plan)).toEqual([{ algorithm: 'blake3' }, SHA256_PLAN]);
  });

  it('refuse too many shards and invalid shard sizes', () => {
    const huge = Object.assign(new MemorySource(noise(1), 'huge'), { size: 2 ** 40 });
    const hash = (shardSize: number) => () => startDigest(huge, threads, [{ algorithm: 'sha256', shardSize }]);
    expect(hash(1)).toThrow(expect.objectContaining({ code: 'limit', subject: 'huge' }));
    for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(hash(size)).toThrow(expect.objectContaining({ code: 'malformed' }));
    }
    expect(hash(2 ** 30)).not.toThrow();
  });
});

describe('the git blob digest', () => {
  it.each(SIZES)('equals git hash-object for %d bytes', async (size) => {
    const path = fileOf(noise(size, 11));
    const told = execFileSync('git', ['hash-object', '--no-filters', path], { encoding: 'utf8', cwd: folder }).trim();
    const [first] = await underPlans(FileSource.open(path), [{ algorithm: 'git-sha1' }]);
    expect(first?.digests).toEqual([told]);
  });
});

describe('an announced digest', () => {
  const bytes = noise(5_000);
  const sha256 = inline(bytes);
  const sha1 = createHash('sha1').update('blob 5000\0').update(bytes).digest('hex');
  const keeps = async (of: Uint8Array, claimed: ClaimedDigest) =>
    keepsClaim(await underPlans(new MemorySource(of, 'bytes'), [SHA256_PLAN, claimPlan(claimed)]), claimed);

  it('matches its own bytes and no others', async () => {
    expect(await keeps(bytes, { algorithm: 'sha256', hex: sha256 })).toBe(true);
    expect(await keeps(bytes, { algorithm: 'git-sha1', hex: sha1 })).toBe(true);
    expect(await keeps(bytes, { algorithm: 'sha256', hex: 'f'.repeat(64) })).toBe(false);
    expect(await keeps(noise(5_000, 2), { algorithm: 'git-sha1', hex: sha1 })).toBe(false);
    // A SHA-1 of git never matches as a plain SHA-1.
    expect(await keeps(bytes, { algorithm: 'git-sha1', hex: sha256 })).toBe(false);
  });

  it('does not match bytes that were hashed by another algorithm', async () => {
    const digests = await underPlans(new MemorySource(bytes, 'bytes'), [SHA256_PLAN]);
    expect(keepsClaim(digests, { algorithm: 'git-sha1', hex: sha1 })).toBe(false);
  });
});

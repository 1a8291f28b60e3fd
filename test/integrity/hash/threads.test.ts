import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLOCK_SIZE, FileSource } from '../../../src/core/bytes/file-source.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { startDigest } from '../../../src/integrity/hash/digest.ts';
import { SHA256_PLAN } from '../../../src/integrity/hash/plan.ts';
import { HashThreads } from '../../../src/integrity/hash/threads.ts';
import { noise, tempFolder } from '../../support/temp.ts';

const folder = tempFolder();

/** A value that a thread cannot hash, so that it fails as with any defect. */
const POISON: Uint8Array = JSON.parse('{"not":"bytes"}');

const start = (threads: HashThreads) => threads.start([SHA256_PLAN], 0);
const sha256 = (...digests: string[]) => [{ plan: SHA256_PLAN, digests }];

async function withThreads<T>(work: (threads: HashThreads) => Promise<T>): Promise<T> {
  const threads = new HashThreads(1);
  try {
    return await work(threads);
  } finally {
    await threads.close();
  }
}

describe('hashing threads', () => {
  it('report each finished block in order', () =>
    withThreads(async (threads) => {
      const hash = start(threads);
      const done: number[] = [];
      const blocks = Array.from({ length: 20 }, (_, i) => noise(1_000, i + 1));
      for (const [i, block] of blocks.entries()) await hash.write(block, () => done.push(i));
      expect(await hash.digest()).toEqual(sha256(createHash('sha256').update(Buffer.concat(blocks)).digest('hex')));
      expect(done).toEqual(blocks.map((_, i) => i));
    }));

  it('limit how many blocks a writer can be ahead', () =>
    withThreads(async (threads) => {
      const hash = start(threads);
      let done = 0;
      let most = 0;
      for (let i = 0; i < 50; i++) {
        await hash.write(noise(1_000), () => done++);
        most = Math.max(most, i + 1 - done);
      }
      await hash.digest();
      expect(done).toBe(50);
      expect(most).toBeLessThanOrEqual(6);
    }));

  it('compute the digest of an empty input', () =>
    withThreads(async (threads) => {
      expect(await start(threads).digest()).toEqual(sha256(createHash('sha256').digest('hex')));
    }));

  it('that fail reject every digest on them', () =>
    withThreads(async (threads) => {
      expect(await start(threads).digest()).toHaveLength(1);
      const poisoned = start(threads);
      const later = start(threads);
      await poisoned.write(POISON, () => undefined);
      await expect(poisoned.digest()).rejects.toMatchObject({ code: 'internal', message: 'a hashing thread ended' });
      await expect(later.digest()).rejects.toMatchObject({ code: 'internal' });
      expect(() => start(threads).write(noise(1), () => undefined)).toThrow('a hashing thread ended');
    }));

  it('that fail wake a waiting writer', () =>
    withThreads(async (threads) => {
      const hash = start(threads);
      const writing = (async () => {
        for (let i = 0; i < 20; i++) await hash.write(i === 0 ? POISON : noise(10), () => undefined);
      })();
      await expect(writing).rejects.toMatchObject({ code: 'internal' });
    }));

  it('that fail reject the digest of a file, whose source still closes', async () => {
    const path = join(folder, 'large');
    writeFileSync(path, noise(30 * BLOCK_SIZE));
    await withThreads(async (threads) => {
      const source = FileSource.open(path);
      const digest = startDigest(source, threads);
      await start(threads).write(POISON, () => undefined);
      await expect(digest.finish()).rejects.toMatchObject({ code: 'internal' });
      await source.close();
    });
  });

  it('that are closed leave no digest pending', async () => {
    const threads = new HashThreads(1);
    const hash = start(threads);
    for (let i = 0; i < 5; i++) await hash.write(noise(100_000), () => undefined);
    const digest = hash.digest().then(
      () => 'digest',
      (error: unknown) => error,
    );
    await threads.close();
    // Either outcome is correct: a finished digest, or the error of a closed thread.
    expect(await digest).toSatisfy((end) => end === 'digest' || isAssayError(end));
  });

  it('close when none was started', () => withThreads(async () => undefined));
});

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type ByteSource, MemorySource } from '../../src/core/byte-source.ts';
import { BLOCK_SIZE, FileSource } from '../../src/core/file-source.ts';
import { gitBlobSha1, keepsClaim, startDigest } from '../../src/integrity/digest.ts';
import { HashThreads } from '../../src/integrity/hash-threads.ts';
import { noise, tempFolder } from '../support/temp.ts';

const folder = tempFolder();
const threads = new HashThreads(2);
afterAll(() => threads.close());
let files = 0;

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, bytes);
  return path;
}

async function digestOf(source: ByteSource): Promise<string> {
  try {
    return await startDigest(source, threads).finish();
  } finally {
    await source.close();
  }
}

const inline = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const SIZES = [0, 1, 1_000, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE, 9 * BLOCK_SIZE + 5];

describe('SHA-256 of a file', () => {
  it('is what is published for known bytes', async () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const million = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0';
    expect(await digestOf(FileSource.open(fileOf(Buffer.alloc(0))))).toBe(empty);
    expect(await digestOf(new MemorySource(Buffer.from('abc'), 'abc'))).toBe(abc);
    expect(await digestOf(FileSource.open(fileOf(Buffer.alloc(1_000_000, 'a'))))).toBe(million);
  });

  it.each(SIZES)('is what sha256sum says of %d bytes, from a file and from memory', async (size) => {
    const bytes = noise(size, 3);
    const path = fileOf(bytes);
    const told = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
    expect(await digestOf(FileSource.open(path))).toBe(told);
    expect(await digestOf(new MemorySource(bytes, 'bytes'))).toBe(told);
  });

  it('is the same whatever is read between its start and its end', async () => {
    const bytes = noise(4 * BLOCK_SIZE + 99, 5);
    const path = fileOf(bytes);
    const expected = inline(bytes);
    const read = fc.record({ once: fc.boolean(), offset: fc.nat(bytes.length - 1) });
    await fc.assert(
      fc.asyncProperty(fc.array(read, { maxLength: 10 }), async (reads) => {
        const source = FileSource.open(path);
        const digest = startDigest(source, threads);
        for (const { once, offset } of reads) await (once ? source.readOnce(offset, 1) : source.read(offset, 1));
        expect(await digest.finish()).toBe(expected);
        await source.close();
      }),
      { numRuns: 60 },
    );
  });

  it('is right for many large files at the same time', async () => {
    const all = Array.from({ length: 12 }, (_, i) => noise(3 * BLOCK_SIZE + i, i + 1));
    const digests = await Promise.all(all.map((bytes) => digestOf(FileSource.open(fileOf(bytes)))));
    expect(digests).toEqual(all.map(inline));
  });

  it('stops when the signal says so', async () => {
    const source = FileSource.open(fileOf(noise(3 * BLOCK_SIZE)));
    const stopped = startDigest(source, threads).finish(AbortSignal.abort(new Error('enough')));
    await expect(stopped).rejects.toThrow('enough');
    await source.close();
  });
});

describe('the digest git names a blob by', () => {
  it.each(SIZES)('is what git says of %d bytes', async (size) => {
    const path = fileOf(noise(size, 11));
    const told = execFileSync('git', ['hash-object', '--no-filters', path], { encoding: 'utf8', cwd: folder }).trim();
    const source = FileSource.open(path);
    expect(await gitBlobSha1(source)).toBe(told);
    await source.close();
  });
});

describe('an announced digest', () => {
  const bytes = noise(5_000);
  const source = new MemorySource(bytes, 'bytes');
  const sha256 = inline(bytes);

  it('is kept by its bytes and by no others', async () => {
    const sha1 = await gitBlobSha1(source);
    const other = new MemorySource(noise(5_000, 2), 'other');
    expect(await keepsClaim(source, sha256, { algorithm: 'sha256', hex: sha256 })).toBe(true);
    expect(await keepsClaim(source, sha256, { algorithm: 'git-sha1', hex: sha1 })).toBe(true);
    expect(await keepsClaim(source, sha256, { algorithm: 'sha256', hex: 'f'.repeat(64) })).toBe(false);
    expect(await keepsClaim(other, inline(noise(5_000, 2)), { algorithm: 'git-sha1', hex: sha1 })).toBe(false);
    // The one never passes for the other.
    expect(await keepsClaim(source, sha256, { algorithm: 'git-sha1', hex: sha256 })).toBe(false);
  });
});

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Artifact, ArtifactFile } from '../../src/core/artifact.ts';
import { BLOCK_SIZE, FileSource } from '../../src/core/bytes/file-source.ts';
import { AssayError } from '../../src/core/errors.ts';
import type { ProgressEvent } from '../../src/core/events.ts';
import { type HashPlan, MAX_SHARDS, SHA256_PLAN } from '../../src/integrity/hash/plan.ts';
import { HashThreads } from '../../src/integrity/hash/threads.ts';
import { digestArtifact, sha256Of } from '../../src/pipeline/digest-artifact.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { artifactOf, fileFrom, memoryFile, SlowSource } from '../support/artifacts.ts';
import { noise, tempFolder } from '../support/temp.ts';
import { barrier } from '../support/until.ts';

const root = tempFolder();
let folders = 0;

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

async function withArtifact<T>(path: string, work: (artifact: Artifact) => Promise<T>): Promise<T> {
  const artifact = await openArtifact(path);
  try {
    return await work(artifact);
  } finally {
    await artifact.close();
  }
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const sha1 = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** A far file that counts its fetches. */
function farFile(path: string, parts: readonly Uint8Array[], size: number, more: Partial<ArtifactFile> = {}) {
  const fetched = { times: 0 };
  const file = {
    ...memoryFile(path, Buffer.concat(parts), { distance: 'far' }),
    size,
    ...more,
    async *download() {
      fetched.times++;
      yield* parts;
    },
  };
  return { file, fetched };
}

describe('the digests of an artifact', () => {
  it('are computed for every file, in the order of the artifact, under each plan', async () => {
    const files = {
      'a.bin': noise(3 * BLOCK_SIZE + 5, 1),
      'b/empty': '',
      'b/small.bin': noise(100, 2),
      'c.bin': noise(BLOCK_SIZE, 3),
      'model.bin': noise(7 * BLOCK_SIZE, 4),
    };
    const folder = folderOf(files);
    symlinkSync('c.bin', join(folder, 'link.bin'));
    const plans: HashPlan[] = [{ algorithm: 'blake2b' }, SHA256_PLAN, { algorithm: 'sha256', shardSize: BLOCK_SIZE }];
    const digested = await withArtifact(folder, (artifact) => digestArtifact(artifact, plans));
    const paths = ['a.bin', 'b/empty', 'b/small.bin', 'c.bin', 'link.bin', 'model.bin'];
    expect(digested.map(({ path }) => path)).toEqual(paths);
    const told = execFileSync('sha256sum', paths, { cwd: folder, encoding: 'utf8' });
    expect(digested.map((file) => `${sha256Of(file)}  ${file.path}\n`).join('')).toBe(told);
    const b2 = execFileSync('b2sum', paths, { cwd: folder, encoding: 'utf8' });
    expect(digested.map(({ path, digests }) => `${digests[0]?.digests[0]}  ${path}\n`).join('')).toBe(b2);
    expect(digested.map(({ digests }) => digests[2]?.digests.length)).toEqual([4, 0, 1, 1, 1, 7]);
    expect(digested.map(({ link }) => link)).toEqual([undefined, undefined, undefined, undefined, 'within', undefined]);
  });

  it('are computed for the requested plans only, each once', async () => {
    const bytes = noise(10);
    const file = memoryFile('a', bytes, { claimed: { algorithm: 'git-sha1', hex: sha1(bytes) } });
    const [one] = await digestArtifact(artifactOf([file]), [{ algorithm: 'blake3' }, { algorithm: 'blake3' }]);
    expect(one?.digests.map(({ plan }) => plan)).toEqual([{ algorithm: 'blake3' }]);
    if (one !== undefined) expect(() => sha256Of(one)).toThrow('was not hashed with SHA-256');
  });

  it('must match the announced digests', async () => {
    for (const bytes of [noise(10), noise(3 * BLOCK_SIZE)]) {
      const path = join(root, `claimed-${bytes.length}`);
      writeFileSync(path, bytes);
      const digest = (claimed: ArtifactFile['claimed']) => {
        const file = fileFrom('weights.bin', bytes.length, async () => FileSource.open(path), claimed && { claimed });
        return digestArtifact(artifactOf([file]), [SHA256_PLAN]);
      };
      for (const hex of [sha1(bytes), sha1(noise(11))]) {
        const result = digest({ algorithm: 'git-sha1', hex });
        if (hex === sha1(bytes)) await expect(result).resolves.toHaveLength(1);
        else await expect(result).rejects.toMatchObject({ code: 'mismatch', subject: 'weights.bin' });
      }
      await expect(digest({ algorithm: 'sha256', hex: sha256(bytes) })).resolves.toHaveLength(1);
      await expect(digest({ algorithm: 'sha256', hex: sha1(bytes) })).rejects.toMatchObject({ code: 'mismatch' });
    }
  });

  it('end with an error that names a file that changes meanwhile', async () => {
    const path = join(root, 'changing');
    writeFileSync(path, noise(5 * BLOCK_SIZE));
    const change = (how: () => void) =>
      fileFrom('x.bin', 5 * BLOCK_SIZE, async () => {
        const source = FileSource.open(path);
        how();
        return source;
      });
    const changes = [
      () => appendFileSync(path, 'x'),
      () => {
        writeFileSync(`${path}.new`, noise(5 * BLOCK_SIZE));
        renameSync(`${path}.new`, path);
      },
    ];
    for (const how of changes) {
      const digested = digestArtifact(artifactOf([change(how)]), [SHA256_PLAN]);
      await expect(digested).rejects.toMatchObject({
        code: 'changed',
        subject: 'x.bin',
        message: 'changed while it was hashed',
      });
    }
  });

  it('end with the first error, which names its file, and stop the other files', async () => {
    const [begun, failed] = [barrier(), barrier()];
    const slow = new SlowSource(noise(64 * BLOCK_SIZE), async () => {
      begun.open();
      await failed.opened;
    });
    const reason = new AssayError('unreadable', 'cannot be read');
    const bad = fileFrom('bad', 1, async () => {
      await begun.opened;
      throw reason;
    });
    const long = fileFrom('slow', slow.size, async () => slow);
    const digested = digestArtifact(artifactOf([long, bad, memoryFile('ok', noise(1))]), [SHA256_PLAN], {
      onEvent: ({ kind, ...event }) => {
        if (kind === 'file-end' && 'path' in event && event.path === 'bad') setImmediate(failed.open);
      },
    });
    await expect(digested).rejects.toMatchObject({ code: 'unreadable', subject: 'bad', message: 'cannot be read' });
    // The read that was in progress when the other file failed.
    expect(slow.calls.filter((call) => call === 'read')).toHaveLength(1);
    expect(slow.calls.at(-1)).toBe('close');
  });

  it('stop on an abort signal and close open files', async () => {
    const stop = new AbortController();
    const slow = new SlowSource(noise(64 * BLOCK_SIZE), async () => stop.abort());
    const file = fileFrom('slow', slow.size, async () => slow);
    const digested = digestArtifact(artifactOf([file]), [SHA256_PLAN], { signal: stop.signal });
    await expect(digested).rejects.toMatchObject({ code: 'aborted' });
    expect(slow.calls.at(-1)).toBe('close');
    const before = digestArtifact(artifactOf([memoryFile('a', noise(1))]), [SHA256_PLAN], {
      signal: AbortSignal.abort(),
    });
    await expect(before).rejects.toMatchObject({ code: 'aborted' });
  });

  it('in shards are refused before any read when there are too many shards', async () => {
    const never = () => Promise.reject(new Error('was opened'));
    const digest = (shardSize: number, ...sizes: number[]) => {
      const files = sizes.map((size, i) => fileFrom(`f${i}`, size, never));
      return digestArtifact(artifactOf(files), [{ algorithm: 'sha256', shardSize }]);
    };
    await expect(digest(1, 2 ** 40)).rejects.toMatchObject({ code: 'limit', subject: 'f0' });
    await expect(digest(1, MAX_SHARDS, 1)).rejects.toMatchObject({ code: 'limit', subject: 'test' });
    await expect(digest(0, 1)).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('a far file', () => {
  const parts = [noise(100, 1), noise(BLOCK_SIZE, 2), noise(7, 3)];
  const bytes = Buffer.concat(parts);

  it('is fetched once for all plans and claims', async () => {
    const claimed = { algorithm: 'git-sha1', hex: sha1(bytes) } as const;
    const { file, fetched } = farFile('far.bin', parts, bytes.length, { claimed });
    const events: ProgressEvent[] = [];
    const options = { onEvent: (event: ProgressEvent) => void events.push(event) };
    const [one] = await digestArtifact(artifactOf([file]), [SHA256_PLAN, { algorithm: 'blake3' }], options);
    expect(one && sha256Of(one)).toBe(sha256(bytes));
    expect(one?.digests).toHaveLength(2);
    expect(fetched.times).toBe(1);
    expect(events.map(({ kind }) => kind)).toEqual(['artifact', 'file-start', 'bytes', 'bytes', 'bytes', 'file-end']);
    expect(events.reduce((sum, event) => sum + (event.kind === 'bytes' ? event.bytes : 0), 0)).toBe(bytes.length);
  });

  it('with another length than announced is an error', async () => {
    for (const size of [bytes.length - 1, bytes.length + 1]) {
      const { file } = farFile('far.bin', parts, size);
      const digested = digestArtifact(artifactOf([file]), [SHA256_PLAN]);
      await expect(digested).rejects.toMatchObject({ code: 'mismatch', subject: 'far.bin' });
    }
  });

  it('that supports only range reads is read completely', async () => {
    const slow = new SlowSource(bytes);
    const file = fileFrom('far.bin', bytes.length, async () => slow, { distance: 'far' });
    const [one] = await digestArtifact(artifactOf([file]), [SHA256_PLAN]);
    expect(one && sha256Of(one)).toBe(sha256(bytes));
  });
});

describe('many small files', () => {
  it('are all hashed without a thread', async () => {
    const folder = folderOf({});
    for (let i = 0; i < 10_000; i++) writeFileSync(join(folder, `f${i}`), noise(100, i));
    const started = vi.spyOn(HashThreads.prototype, 'start');
    try {
      await withArtifact(folder, async (artifact) => {
        const digested = await digestArtifact(artifact, [SHA256_PLAN]);
        expect(digested).toHaveLength(10_000);
        expect(started).not.toHaveBeenCalled();
      });
    } finally {
      started.mockRestore();
    }
  });
});

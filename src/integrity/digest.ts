import { createHash } from 'node:crypto';
import type { ClaimedDigest } from '../core/artifact.ts';
import { type ByteSource, chunks } from '../core/byte-source.ts';
import { BLOCK_SIZE, FileSource } from '../core/file-source.ts';
import type { HashThreads, ThreadHash } from './hash-threads.ts';

/** A file's SHA-256 in the making: it takes the bytes that parsing reads, and reads the rest at the end. */
export interface RunningDigest {
  /** Hex. */
  finish(signal?: AbortSignal): Promise<string>;
}

/** Starts hashing a source whose bytes are cheap to read. A large local file is hashed on another thread. */
export function startDigest(source: ByteSource, threads: HashThreads): RunningDigest {
  if (source instanceof FileSource && source.size > BLOCK_SIZE) return digestOnThread(source, threads.start());
  return {
    async finish(signal) {
      const hash = createHash('sha256');
      const whole = source.size <= BLOCK_SIZE ? source.readNow(0, source.size) : undefined;
      if (whole !== undefined) return hash.update(whole).digest('hex');
      for await (const chunk of chunks(source)) {
        signal?.throwIfAborted();
        hash.update(chunk);
      }
      return hash.digest('hex');
    },
  };
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

/** SHA-1 as git names a blob: `blob <length>\0` and the bytes. The Hub announces small files by it. */
export async function gitBlobSha1(source: ByteSource): Promise<string> {
  const hash = createHash('sha1').update(`blob ${source.size}\0`);
  for await (const chunk of chunks(source)) hash.update(chunk);
  return hash.digest('hex');
}

/** Whether the bytes are those announced. `sha256` is what was computed already. */
export async function keepsClaim(source: ByteSource, sha256: string, claimed: ClaimedDigest): Promise<boolean> {
  return claimed.hex === (claimed.algorithm === 'sha256' ? sha256 : await gitBlobSha1(source));
}

import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { AssayError, fileCode, isFileMissing } from '../../../src/core/index.ts';
import { SNAPSHOT_LIMITS } from '../../../src/snapshot/index.ts';
import { watchFiles } from '../watched-files.ts';
import type { Fetched, SnapshotSource } from './source.ts';
import { piecesOf, tooLarge, writeBounded } from './spool.ts';

/** A file that somebody replaces: a mounted ConfigMap, a Secret, a disk that is synchronised. */
export class FileFeedSource implements SnapshotSource {
  readonly from: string;
  readonly #pollMs: number;

  /** @param pollMs how often it is looked at, whatever the file system tells */
  constructor(path: string, pollMs: number) {
    this.from = path;
    this.#pollMs = pollMs;
  }

  async fetch(mark: string | null, path: string, signal: AbortSignal): Promise<Fetched> {
    try {
      const file = await open(this.from, 'r');
      try {
        const before = await file.stat({ bigint: true });
        if (!before.isFile()) throw new AssayError('unreadable', 'is not a file', { subject: this.from });
        const own = markOf(before);
        if (own === mark) return { kind: 'unchanged' };
        if (before.size > SNAPSHOT_LIMITS.maxBytes) throw tooLarge(SNAPSHOT_LIMITS.maxBytes);
        await writeBounded(path, bytesOf(file, signal));
        // Written to while it was read: it is read again the next time, whatever it was.
        const after = markOf(await file.stat({ bigint: true }));
        return { kind: 'fetched', mark: after === own ? own : null };
      } finally {
        await file.close();
      }
    } catch (error) {
      throw unreadable(error, this.from);
    }
  }

  watch(nudge: () => void, signal: AbortSignal): void {
    const watched = watchFiles([this.from], async () => nudge(), { pollMs: this.#pollMs });
    signal.addEventListener('abort', () => watched.close(), { once: true });
  }
}

/** Opened when the first byte is asked for: a stream that is aborted before anybody reads it takes the process down. */
async function* bytesOf(file: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* piecesOf(file, signal);
}

function markOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function unreadable(cause: unknown, subject: string): unknown {
  const code = fileCode(cause);
  if (code === undefined) return cause;
  const missing = isFileMissing(cause);
  const message = missing ? 'no such file' : `cannot be read (${code})`;
  return new AssayError(missing ? 'not-found' : 'unreadable', message, { subject, hint: 'check the path', cause });
}

import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { AssayError, compiledUrl, systemCode, throwIfAborted } from '../core/index.ts';
import { type SnapshotOpenOptions, signingKeys } from './open.ts';
import type { PackReply, PackRequest } from './pack-worker.ts';
import { PackedIndex } from './packed-index.ts';
import { SnapshotError } from './snapshot-error.ts';

export interface LoadOptions extends Omit<SnapshotOpenOptions, 'evenExpired'> {
  readonly signal?: AbortSignal;
}

/** MiB of heap that judging takes, since entries are read one by one; the bytes themselves are outside of it. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 } as const;

/**
 * Opens a signed snapshot from a file on a thread of its own, which judges it as `openDocument` does: the calling thread goes on
 * meanwhile, and holds nothing but the packed answers afterwards. One that has ended is opened, too.
 * @throws SnapshotError for a file that is not trusted; AssayError `not-found`, `unreadable`, `aborted`, `limit` when judging
 * takes too much memory
 */
export async function loadPacked(path: string, options: LoadOptions): Promise<PackedIndex> {
  const { trust, now, signal, tenant, minVersion } = options;
  throwIfAborted(signal);
  const request: PackRequest = {
    path,
    keys: signingKeys(trust, now),
    seed: randomBytes(4).readUInt32LE(),
    ...(tenant === undefined ? {} : { tenant }),
    ...(minVersion === undefined ? {} : { minVersion }),
  };
  const reply = await replyTo(request, signal);
  switch (reply.kind) {
    case 'packed':
      return new PackedIndex(reply.packed);
    case 'refused':
      throw new SnapshotError(reply.problem, reply.message);
    case 'unreadable':
      throw unreadable(path, reply.code);
  }
}

function replyTo(request: PackRequest, signal: AbortSignal | undefined): Promise<PackReply> {
  const worker = new Worker(compiledUrl('./pack-worker.js', import.meta.url), {
    workerData: request,
    resourceLimits: HEAP,
    execArgv: [],
  });
  return new Promise<PackReply>((resolve, reject) => {
    const stop = () => {
      void worker.terminate();
      reject(new AssayError('aborted', 'stopped before the end', { cause: signal?.reason }));
    };
    signal?.addEventListener('abort', stop, { once: true });
    // Not before its memory is free again.
    let reply: PackReply | undefined;
    worker.once('message', (message: PackReply) => {
      reply = message;
    });
    worker.once('error', (error) => reject(brokenBy(error)));
    worker.once('exit', (code) => {
      signal?.removeEventListener('abort', stop);
      if (reply !== undefined) resolve(reply);
      reject(new AssayError('internal', `the thread that reads snapshots ended (${code})`));
    });
  });
}

function brokenBy(cause: unknown): AssayError {
  const memory = systemCode(cause) === 'ERR_WORKER_OUT_OF_MEMORY';
  if (memory) return new AssayError('limit', 'reading the snapshot took more memory than it may', { cause });
  return new AssayError('internal', 'the thread that reads snapshots failed', { cause });
}

function unreadable(subject: string, code: string): AssayError {
  const missing = code === 'ENOENT' || code === 'ENOTDIR';
  const message = missing ? 'no such file' : `cannot be read (${code})`;
  return new AssayError(missing ? 'not-found' : 'unreadable', message, { subject, hint: 'check the path' });
}

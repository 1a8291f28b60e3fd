import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ConversionVerification } from '../../core/conversion/index.ts';
import { AssayError, compiledUrl, type OnEvent } from '../../core/index.ts';
import { fromWire } from '../parsers/index.ts';
import type { Announcement, ConvertOrder, FromConverter } from './messages.ts';

export interface ThreadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** What a thread did. */
export interface ThreadResult {
  readonly announced: Announcement;
  /** What it compared, by the path of the written file. */
  readonly compared: ReadonlyMap<string, ConversionVerification>;
}

/**
 * Converts in a thread that is killed when the caller stops, when its heap is full, or when it writes nothing for as long as one
 * file may take.
 * @throws AssayError what the conversion throws; `limit` naming the bound that was met; `aborted`
 */
export async function runThread(order: ConvertOrder, { signal, onEvent }: ThreadOptions): Promise<ThreadResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'assay-convert-'));
  const worker = new Worker(compiledUrl('./convert-thread.js', import.meta.url), {
    workerData: order,
    execArgv: [],
    env: { ...process.env, TMPDIR: scratch },
    resourceLimits: { maxOldGenerationSizeMb: order.limits.maxParserHeap },
  });
  try {
    return await outcomeOf(worker, order, { signal, onEvent });
  } finally {
    await worker.terminate();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function outcomeOf(
  worker: Worker,
  { limits }: ConvertOrder,
  { signal, onEvent }: ThreadOptions,
): Promise<ThreadResult> {
  return new Promise((resolve, reject) => {
    let announced: Announcement = { files: [], hidden: [], indexes: [], skipped: [] };
    const compared = new Map<string, ConversionVerification>();
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const overdue = () => fail(new AssayError('limit', 'the conversion made no progress for too long (maxFileMs)'));
    const stop = () => fail(new AssayError('aborted', 'stopped before the end', { cause: signal?.reason }));
    const timer = setTimeout(overdue, limits.maxFileMs);
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    worker.on('message', (message: FromConverter) => {
      timer.refresh();
      if (message.kind === 'planned') {
        announced = message;
        const bytes = message.files.reduce((sum, { size }) => sum + size, 0);
        onEvent?.({ kind: 'artifact', ref: 'output', files: message.files.length, bytes });
      } else if (message.kind === 'bytes') onEvent?.({ kind: 'bytes', path: message.path, bytes: message.bytes });
      else if (message.kind === 'compared') compared.set(message.path, message.verification);
      else if (message.kind === 'failed') fail(fromWire(message.error));
      else {
        end();
        resolve({ announced, compared });
      }
    });
    worker.on('error', (error) => fail(lostError(error)));
    worker.on('exit', (code) => fail(new AssayError('internal', `the thread of the conversion ended with ${code}`)));
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}

function lostError(error: unknown): AssayError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AssayError('limit', 'the conversion needs more memory than it may have (maxParserHeap)', {
      cause: error,
    });
  return new AssayError('internal', 'the thread of the conversion failed', { cause: error });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AssayError, compiledUrl } from '../../core/index.ts';
import type { WireError } from '../parsers/index.ts';
import type { FromRebuild, RebuildOrder, RebuiltGraph } from './messages.ts';

export interface RebuiltGraphs {
  readonly graphs: readonly RebuiltGraph[];
  /** Folders with a configuration and weights. */
  readonly models: number;
}

/**
 * Rebuilds graphs in a thread that is killed when the caller stops, when its heap is full, or when one model takes as long as a file may.
 * @param restored makes an error of what the thread sent
 * @throws AssayError `limit` naming the bound that was met; `aborted`; what reading the files throws
 */
export async function runRebuild(
  order: RebuildOrder,
  restored: (error: WireError) => AssayError,
  signal: AbortSignal | undefined,
): Promise<RebuiltGraphs> {
  const scratch = mkdtempSync(join(tmpdir(), 'assay-rebuild-'));
  const worker = new Worker(compiledUrl('./rebuild-thread.js', import.meta.url), {
    workerData: order,
    execArgv: [],
    env: { ...process.env, TMPDIR: scratch },
    resourceLimits: { maxOldGenerationSizeMb: order.limits.maxParserHeap },
  });
  try {
    return await outcomeOf(worker, order, restored, signal);
  } finally {
    await worker.terminate();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function outcomeOf(
  worker: Worker,
  { limits }: RebuildOrder,
  restored: (error: WireError) => AssayError,
  signal: AbortSignal | undefined,
): Promise<RebuiltGraphs> {
  return new Promise((resolve, reject) => {
    const graphs: RebuiltGraph[] = [];
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const stop = () => fail(new AssayError('aborted', 'stopped before the end', { cause: signal?.reason }));
    const overdue = () => fail(new AssayError('limit', 'the graph took too long (maxFileMs)'));
    const timer = setTimeout(overdue, limits.maxFileMs);
    worker.on('message', (message: FromRebuild) => {
      timer.refresh();
      if (message.kind === 'graph') graphs.push(message.graph);
      else if (message.kind === 'failed') fail(restored(message.error));
      else {
        end();
        resolve({ graphs, models: message.models });
      }
    });
    worker.on('error', (error) => fail(lostError(error)));
    worker.on('exit', (code) => fail(new AssayError('internal', `the thread that rebuilds graphs ended with ${code}`)));
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}

function lostError(error: unknown): AssayError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AssayError('limit', 'the graph needs more memory than it may have (maxParserHeap)', { cause: error });
  return new AssayError('internal', 'the thread that rebuilds graphs failed', { cause: error });
}

import { Worker } from 'node:worker_threads';
import type { BlockSink } from '../../core/bytes/index.ts';
import { AssayError, compiledUrl } from '../../core/index.ts';
import type { HashReply, HashRequest } from './hash-worker.ts';
import type { HashPlan, PlannedDigests } from './plan.ts';

/** Blocks one file may have on their way to its thread. */
const MAX_IN_FLIGHT = 6;

/** Hashes one file on another thread. */
export interface ThreadHash extends BlockSink {
  digest(): Promise<readonly PlannedDigests[]>;
}

interface Job {
  /** One callback for each block that the thread still hashes, in order; it releases the block. */
  readonly inFlight: (() => void)[];
  readonly waiting: (() => void)[];
  finish: ((digests: readonly PlannedDigests[]) => void) | undefined;
  fail: ((error: unknown) => void) | undefined;
}

/** Threads that hash, started when the first large file comes and stopped by `close`. */
export class HashThreads {
  readonly #count: number;
  readonly #workers: Worker[] = [];
  readonly #jobs = new Map<number, Job>();
  #next = 0;
  #failure: unknown;

  constructor(count: number) {
    this.#count = count;
  }

  /** @param size bytes that the file has */
  start(plans: readonly HashPlan[], size: number): ThreadHash {
    const id = this.#next++;
    const worker = this.#worker(id % this.#count);
    const job: Job = { inFlight: [], waiting: [], finish: undefined, fail: undefined };
    this.#jobs.set(id, job);
    worker.postMessage({ kind: 'start', id, plans, size } satisfies HashRequest);
    return {
      write: (bytes, done) => {
        if (this.#failure !== undefined) throw this.#broken();
        job.inFlight.push(done);
        worker.postMessage({ kind: 'block', id, bytes } satisfies HashRequest);
        return job.inFlight.length < MAX_IN_FLIGHT
          ? undefined
          : new Promise<void>((resolve) => job.waiting.push(resolve));
      },
      digest: () =>
        new Promise((resolve, reject) => {
          if (this.#failure !== undefined) return reject(this.#broken());
          job.finish = resolve;
          job.fail = reject;
          worker.postMessage({ kind: 'end', id } satisfies HashRequest);
        }),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }

  #worker(index: number): Worker {
    const known = this.#workers[index];
    if (known !== undefined) return known;
    const worker = new Worker(compiledUrl('./hash-worker.js', import.meta.url), { execArgv: [] });
    worker.on('message', (reply: HashReply) => this.#onReply(reply));
    worker.on('error', (error) => this.#onFailure(error));
    worker.on('exit', (code) => this.#onFailure(new Error(`exit code ${code}`)));
    this.#workers[index] = worker;
    return worker;
  }

  #onReply(reply: HashReply): void {
    const job = this.#jobs.get(reply.id);
    if (job === undefined) return;
    if (reply.kind === 'digest') {
      this.#jobs.delete(reply.id);
      job.finish?.(reply.digests);
    } else {
      job.inFlight.shift()?.();
      for (const wake of job.waiting.splice(0)) wake();
    }
  }

  #onFailure(error: unknown): void {
    this.#failure ??= error;
    for (const job of this.#jobs.values()) {
      job.fail?.(this.#broken());
      for (const wake of job.waiting.splice(0)) wake();
    }
  }

  #broken(): AssayError {
    return new AssayError('internal', 'a hashing thread ended', { cause: this.#failure });
  }
}

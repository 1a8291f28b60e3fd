import type { ClaimedJob, JobProgress, JobStore } from '../../registry/index.ts';
import type { HandledEnd, JobHandler, Tell, WorkOptions } from './queue.ts';

/** Between two signs of life of a job. A job that was cancelled elsewhere hears of it this late. */
const BEAT_MS = 500;
const RETRY_MS = 250;
/** How long an end is tried to be written, beyond the lease: afterwards somebody else has the job. */
const MIN_PATIENCE_MS = 5_000;

export interface RunOptions extends Pick<WorkOptions, 'leaseMs' | 'tell'> {
  /** Fires when the job is to be handed back. */
  readonly handBack: AbortSignal;
  /** Fires when somebody cancelled it. */
  readonly cancelled: AbortSignal;
}

/**
 * Runs a job that was claimed: tells the store that it lives, and how it ended. Nothing is written once its lease is lost.
 * Rejects only when the end could not be written; then the lease runs out, and somebody else takes the job.
 */
export async function runClaimed(
  jobs: JobStore,
  claimed: ClaimedJob,
  handler: JobHandler,
  options: RunOptions,
): Promise<HandledEnd | 'lost'> {
  const lost = new AbortController();
  const ended = new AbortController();
  const { cancelled, handBack, leaseMs } = options;
  let progress: JobProgress = claimed.job.progress;
  const beating = beat(jobs, claimed, { ...options, lost, ended: ended.signal, progress: () => progress });
  let end: HandledEnd;
  try {
    end = await handler(claimed, {
      signal: AbortSignal.any([lost.signal, cancelled, handBack]),
      onProgress: (now) => {
        progress = now;
      },
    });
  } catch (error) {
    options.tell(`job ${claimed.job.id}: ${messageOf(error)}`);
    end = { kind: 'failed', code: 'internal', message: 'a defect of the worker; its log says more', retry: true };
  } finally {
    ended.abort();
  }
  await beating;
  if (end.kind === 'registered') return end;
  if (lost.signal.aborted || cancelled.aborted) return 'lost';
  // What was finished all the same is finished; a failure may only be that it was stopped.
  if (handBack.aborted && end.kind === 'failed') end = { kind: 'released' };
  const written = await persist(() => jobs.finish(claimed, end), Math.max(leaseMs, MIN_PATIENCE_MS), options.tell);
  return written ? end : 'lost';
}

interface Beating extends RunOptions {
  readonly lost: AbortController;
  readonly ended: AbortSignal;
  progress(): JobProgress;
}

/** A store that cannot be reached is asked again, as long as the lease holds. */
async function beat(jobs: JobStore, claimed: ClaimedJob, beating: Beating): Promise<void> {
  const { leaseMs, ended, lost } = beating;
  const every = Math.min(BEAT_MS, Math.ceil(leaseMs / 4));
  let alive = performance.now();
  while (await slept(every, ended)) {
    try {
      const asked = performance.now();
      if (!(await jobs.heartbeat(claimed, leaseMs, beating.progress()))) return lost.abort();
      alive = asked;
    } catch (error) {
      if (performance.now() - alive < leaseMs) continue;
      beating.tell(`job ${claimed.job.id}: the job store cannot be reached: ${messageOf(error)}`);
      return lost.abort();
    }
  }
}

async function persist<T>(write: () => Promise<T>, patienceMs: number, tell: Tell): Promise<T> {
  const started = performance.now();
  for (let told = false; ; ) {
    try {
      return await write();
    } catch (error) {
      if (performance.now() - started > patienceMs) throw error;
      if (!told) tell(`the end of a job cannot be written, and is tried again: ${messageOf(error)}`);
      told = true;
      await slept(RETRY_MS);
    }
  }
}

/** @returns false when `signal` fired first */
export function slept(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve(true);
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

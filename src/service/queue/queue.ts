import type { AttemptCosts, ClaimedJob, JobEnd } from '../../registry/index.ts';

/**
 * Tells workers that there are jobs. What a job is, which one is next and how it ended is in the registry's `JobStore`, so that a
 * queue that loses its memory loses no job: `sync` tells it again.
 */
export interface Queue {
  readonly kind: 'embedded' | 'bullmq';
  /** Idempotent by id. A queue that cannot be reached is told of the jobs later, by `sync`: they are not lost. */
  enqueue(...jobs: readonly { readonly id: string }[]): Promise<void>;
  /** Stops jobs that wait or run, after the job store called them cancelled. */
  cancel(...ids: readonly string[]): Promise<void>;
  /** Works until `signal` fires, then ends what runs or hands it back within the grace period. */
  work(handler: JobHandler, options: WorkOptions): Promise<void>;
  /** Enqueues again what the job store calls queued and the queue does not know. */
  sync(): Promise<void>;
  depth(): Promise<{ readonly waiting: number; readonly active: number }>;
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws nothing: what goes wrong is the end of the job. Aborting `signal` stops it. */
export type JobHandler = (claimed: ClaimedJob, context: JobContext) => Promise<HandledEnd>;

export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: OnJobProgress;
  readonly onCosts: OnCosts;
}

/** Told what the attempt has cost so far; what is absent stays as it was told before. */
export type OnCosts = (costs: Partial<AttemptCosts>) => void;

/** `registered`: its end was written with its version; `ended`: with its outcome. */
export type HandledEnd =
  | JobEnd
  | { readonly kind: 'registered'; readonly version: string }
  | { readonly kind: 'ended' };

export type OnJobProgress = (progress: ClaimedJob['job']['progress']) => void;

export interface WorkOptions {
  readonly worker: string;
  /** Jobs that run at a time. */
  readonly concurrency: number;
  /**
   * Jobs that may be taken beyond those while jobs are short, so that the next is at hand when one ends. It is for the handler
   * to make them wait, and to release what waits for long.
   */
  readonly ahead?: number;
  readonly signal: AbortSignal;
  readonly leaseMs: number;
  /** Between two signs of life of a job; a job that was cancelled elsewhere is stopped this late. */
  readonly beatMs?: number;
  /** How often the store is asked for jobs of which the queue was not told. */
  readonly lookMs?: number;
  /** Milliseconds on a clock that only goes forward: by it jobs are short or not. */
  readonly now?: () => number;
  /** How long running jobs may go on after `signal`. */
  readonly graceMs: number;
  readonly tell: Tell;
}

/** Says in a line what the operator should know; never with a secret. */
export type Tell = (message: string) => void;

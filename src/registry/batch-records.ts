import type { CreatedJob, NewJob } from './job-records.ts';
import type { JobProgress, JobState, Principal } from './records.ts';

/** Jobs that were asked for together. A job is the same for all who ask for it, so it may be in several batches. */
export interface Batch {
  readonly id: string;
  readonly tenant: string;
  /** `ended` when its last job has. */
  readonly state: 'open' | 'ended';
  readonly createdBy: string;
  readonly createdAt: string;
  /** When its last job ended. */
  readonly endedAt: string | null;
  /** How many of its jobs stand how. */
  readonly jobs: Readonly<Record<JobState, number>>;
  /** Of all its jobs together. */
  readonly progress: JobProgress;
}

export interface CreatedBatch {
  readonly batch: Batch;
  /** In the order of the requests; two of the same are one job of the batch. */
  readonly jobs: readonly CreatedJob[];
}

/** Batches of tenants that cannot see each other's. All @throws RegistryError */
export interface BatchStore {
  /** Makes the jobs as `JobStore.createAll` does, all or none, and the batch with them. */
  create(by: Principal, jobs: readonly NewJob[], mostQueued?: number): Promise<CreatedBatch>;
  get(by: Principal, id: string): Promise<Batch>;
  /** Cancels every job of it that has not ended, even if others asked for it. @returns their ids, too */
  cancel(by: Principal, id: string): Promise<{ readonly batch: Batch; readonly cancelled: readonly string[] }>;
  /** Of any tenant: ends those whose last job has ended, each exactly once, however many programs do so. */
  endAll(): Promise<void>;
}

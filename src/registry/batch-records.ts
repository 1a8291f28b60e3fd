import type { Batch, CreatedJob } from './api/index.ts';
import type { NewJob } from './job-records.ts';
import type { Principal } from './records.ts';

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
  /** Cancels every job of it that has not ended, also jobs that others requested. @returns their ids, too */
  cancel(by: Principal, id: string): Promise<{ readonly batch: Batch; readonly cancelled: readonly string[] }>;
  /** Of any tenant: ends those whose last job has ended, each exactly once, however many programs do so. */
  endAll(): Promise<void>;
}

import type { Costs, JobKind, UsageKey } from './api/index.ts';

/** What one attempt of a job has cost so far. `null`: not known, which is not nothing. */
export interface AttemptCosts {
  /** From when its process was given it. */
  readonly wallMs: number;
  /** Of the process that scans and its children. */
  readonly cpuMs: number | null;
  /** Resident memory of these processes at its highest. */
  readonly peakBytes: number | null;
  /** Received over the network. */
  readonly fetchedBytes: number | null;
  /** Left in the database and the data folder. */
  readonly storedBytes: number | null;
  /** The time that it held a GPU; `null` when it used none, or it is not known. */
  readonly gpuMs: number | null;
  /** An earlier result of the same work was taken. */
  readonly reused: boolean;
}

export interface UsageQuery {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly by: UsageKey;
  /** Of all tenants: for the operator of the service alone. */
  readonly everyTenant: boolean;
}

/** The costs of one tenant, model or kind of job. */
export interface UsageSum extends Costs {
  readonly tenant: string | null;
  readonly model: string | null;
  readonly kind: JobKind | null;
  readonly jobs: number;
}

export interface UsageSums {
  readonly rows: readonly UsageSum[];
  /** False when there are more rows. */
  readonly complete: boolean;
}

/** Upper bounds of the durations that attempts are counted by, seconds: from a small scan to the longest that may run. */
export const DURATION_BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600] as const;

export interface KindTotals {
  readonly kind: JobKind;
  readonly costs: Costs;
  /** For each of `DURATION_BOUNDS`: attempts that took no longer. */
  readonly within: readonly number[];
}

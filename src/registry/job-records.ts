import type { ConversionOptions, JobKind, JobState, Lineage } from './api/index.ts';

export interface NewJob {
  readonly target: string;
  readonly model: string;
  readonly priority?: number;
  readonly ruleset: string;
  readonly lineage?: Lineage;
  /** Absent: a scan. */
  readonly conversion?: ConversionOptions;
}

/** Which jobs are listed. */
export interface JobFilter {
  readonly state?: JobState;
  readonly kind?: JobKind;
  readonly batch?: string;
}

import type { Job, Lineage } from './records.ts';

export interface NewJob {
  readonly target: string;
  readonly model: string;
  readonly priority?: number;
  readonly ruleset: string;
  readonly lineage?: Lineage;
}

export interface CreatedJob {
  readonly job: Job;
  /** Nobody had asked for the same already. */
  readonly created: boolean;
}

import type { Lineage } from './api/index.ts';

export interface NewJob {
  readonly target: string;
  readonly model: string;
  readonly priority?: number;
  readonly ruleset: string;
  readonly lineage?: Lineage;
}

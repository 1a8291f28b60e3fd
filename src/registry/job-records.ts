import type { TestReport } from '../core/behavior/index.ts';
import type { ConversionOptions, Job, JobKind, JobState, Lineage, ModelTestOptions } from './api/index.ts';

export interface NewJob {
  readonly target: string;
  readonly model: string;
  readonly priority?: number;
  readonly ruleset: string;
  readonly lineage?: Lineage;
  /** With neither of them: a scan. */
  readonly conversion?: ConversionOptions;
  readonly test?: ModelTestOptions;
}

/** What a test that is done leaves: in the job, and in the audit log. */
export interface TestEnd {
  readonly outcome: NonNullable<Job['outcome']>;
  /** The folder of its report: the job has it from then on. */
  readonly output: string;
  /** What the report is about, by digests. */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** What was measured: it becomes a run of the version of the model that has the tested bytes. */
  readonly report: TestReport;
  /** `sha256:<hex>` of the tested bytes. */
  readonly digest: string;
}

/** Which jobs are listed. */
export interface JobFilter {
  readonly state?: JobState;
  readonly kind?: JobKind;
  readonly batch?: string;
}

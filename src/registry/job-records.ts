import type { TestReport } from '../core/behavior/index.ts';
import type { DataReport } from '../core/data/index.ts';
import type {
  ConversionOptions,
  DataBaselineRecord,
  DataCheckOptions,
  Job,
  JobKind,
  JobState,
  Lineage,
  ModelTestOptions,
} from './api/index.ts';

export interface NewJob {
  readonly target: string;
  readonly model: string;
  readonly priority?: number;
  readonly ruleset: string;
  readonly lineage?: Lineage;
  /** With none of them: a scan. */
  readonly conversion?: ConversionOptions;
  readonly test?: ModelTestOptions;
  readonly data?: DataCheckOptions;
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

/** What checks of data that are done leave: in the job, in the audit log, and as an attestation. */
export interface DataEnd {
  readonly outcome: NonNullable<Job['outcome']>;
  /** The folder of its report: the job has it from then on. */
  readonly output: string;
  /** What the report is about, by digests. */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** What is attested. */
  readonly report: DataReport;
  /** SHA-256 of the profile of the data, 64 hex digits. */
  readonly profile: string;
}

/** What the service attests of checks of data. */
export interface DataRun {
  readonly job: string;
  /** The Sigstore bundle as JSON text. */
  readonly attestation: string;
  /** `sha256:<hex>` of what was signed. */
  readonly statement: string;
  readonly at: string;
}

/** A profile of approved data that is kept with a version. */
export interface KeptBaseline extends DataBaselineRecord {
  /** The bytes of the profile, as text. */
  readonly profile: string;
}

/** Which jobs are listed. */
export interface JobFilter {
  readonly state?: JobState;
  readonly kind?: JobKind;
  readonly batch?: string;
}

import type { TestReport } from '../../core/behavior/index.ts';
import type { TestAnswer } from '../../registry/api/index.ts';
import type { ResultAttempt } from '../results/index.ts';

/** What the report of a test does not say: which bytes were tested, and what they were compared with. */
export type TestedWith = Pick<TestAnswer, 'digest' | 'baseline' | 'noBaseline'>;

/** A result that is there. */
export interface KeptTest {
  /** The report of `assay test --format json`, byte by byte. */
  readonly report: string;
  readonly tests: TestReport;
  readonly context: TestedWith;
  readonly until: Date;
}

/** What an attempt of a job writes: of nobody until the registry names it. */
export interface TestAttempt extends Pick<ResultAttempt, 'full' | 'discard'> {
  /** Stores the report, durably. @returns the name by which the registry is to name it */
  keep(report: string, context: TestedWith): Promise<string>;
}

/** Reports of tests, below one folder that the API and the workers share. */
export interface TestStore {
  /** @throws ServiceError `test-quota`, `storage-full` */
  checkRoom(tenant: string): Promise<void>;
  /** Begins an attempt; what earlier attempts of the job left is removed. @throws ServiceError as `checkRoom` */
  begin(tenant: string, job: string): Promise<TestAttempt>;
  /** `undefined` when its time is over. @param name as the registry has it */
  kept(tenant: string, name: string): Promise<KeptTest | undefined>;
  remove(tenant: string, name: string): Promise<void>;
  /** Removes results whose time is over, those that no job has, and what killed workers left. */
  sweep(now: Date, belongingAmong: (names: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void>;
}

import type { DataReport } from '../../core/data/index.ts';
import type { DataCheckAnswer } from '../../registry/api/index.ts';
import type { ResultAttempt } from '../results/index.ts';

/** What checks of data leave, as the command line writes it. */
export interface CheckTexts {
  /** `--format json` */
  readonly report: string;
  /** `--rows rows.csv`, in which no text can act as a formula. */
  readonly rows: string;
  /** `--profile-out` */
  readonly profile: string;
}

/** What the report does not say: of which approved version the profile is that the data was compared with. */
export type ComparedWith = Pick<DataCheckAnswer, 'baseline' | 'noBaseline'>;

/** A result that is there. */
export interface KeptCheck extends CheckTexts {
  readonly checked: DataReport;
  readonly context: ComparedWith;
  readonly until: Date;
}

/** What an attempt of a job writes: of nobody until the registry names it. */
export interface DataAttempt extends Pick<ResultAttempt, 'full' | 'discard'> {
  /** Stores the texts, durably. @returns the name by which the registry is to name them */
  keep(texts: CheckTexts, context: ComparedWith): Promise<string>;
}

/** Results of checks of data, below one folder that the API and the workers share. */
export interface DataCheckStore {
  /** @throws ServiceError `data-quota`, `storage-full` */
  checkRoom(tenant: string): Promise<void>;
  /** Begins an attempt; what earlier attempts of the job left is removed. @throws ServiceError as `checkRoom` */
  begin(tenant: string, job: string): Promise<DataAttempt>;
  /** `undefined` when its time is over. @param name as the registry has it */
  kept(tenant: string, name: string): Promise<KeptCheck | undefined>;
  remove(tenant: string, name: string): Promise<void>;
  /** Removes results whose time is over, those that no job has, and what killed workers left. */
  sweep(now: Date, belongingAmong: (names: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void>;
}

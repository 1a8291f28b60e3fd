import type { FileHandle } from 'node:fs/promises';
import type { Conversion } from '../../core/conversion/index.ts';
import type { ResultAttempt } from '../results/index.ts';

/** A file of a result. */
export interface ConvertedDownload {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A result that is there. */
export interface KeptConversion {
  /** The report of `assay convert --report`, byte by byte. */
  readonly report: string;
  readonly conversion: Conversion;
  /** In the order of their numbers; none of a verification that failed. */
  readonly downloads: readonly ConvertedDownload[];
  readonly until: Date;
}

/** What an attempt of a job writes: of nobody until the registry names it. */
export interface ConversionAttempt extends Omit<ResultAttempt, 'keep'> {
  /** Stores the files with their report, durably. @returns the name by which the registry is to name it */
  keep(conversion: Conversion): Promise<string>;
}

/** Results of conversions, below one folder that the API and the workers share. */
export interface ConversionStore {
  /** @throws ServiceError `conversion-quota`, `storage-full` */
  checkRoom(tenant: string): Promise<void>;
  /** Begins an attempt; what earlier attempts of the job left is removed. @throws ServiceError as `checkRoom` */
  begin(tenant: string, job: string): Promise<ConversionAttempt>;
  /** `undefined` when its time is over. @param name as the registry has it */
  kept(tenant: string, name: string): Promise<KeptConversion | undefined>;
  /** Opens a file of a result. @throws ServiceError `conversion-removed` */
  open(tenant: string, name: string, download: ConvertedDownload): Promise<FileHandle>;
  /** The folder of the files of a result. @throws ServiceError `conversion-removed` for what is not the name of one */
  filesOf(tenant: string, name: string): string;
  remove(tenant: string, name: string): Promise<void>;
  /** Removes results whose time is over, those that no job has, and what killed workers left. */
  sweep(now: Date, belongingAmong: (names: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void>;
}

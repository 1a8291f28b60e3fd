import type { FileHandle } from 'node:fs/promises';
import type { Conversion } from '../../core/conversion/index.ts';

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
export interface ConversionAttempt {
  /** An empty folder for the files. */
  readonly files: string;
  /** The bytes that may be written; never more than the disk has. */
  readonly maxBytes: number;
  /** Fires when the disk is about to be full. */
  readonly full: AbortSignal;
  /** Stores the files with their report, durably. @returns the name by which the registry is to name it */
  keep(conversion: Conversion): Promise<string>;
  /** Removes what was not kept. */
  discard(): Promise<void>;
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
  remove(tenant: string, name: string): Promise<void>;
  /** Removes results whose time is over, those that no job has, and what killed workers left. */
  sweep(now: Date, belongingAmong: (names: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void>;
}

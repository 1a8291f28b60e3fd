import type { CheckDataOptions } from '../../../pipeline/data/index.ts';
import type { SigningChoice } from '../../options/index.ts';
import type { LineageRequest } from './lineage/index.ts';

/** Formats of the report. */
export const DATA_FORMATS = ['text', 'json', 'html'] as const;

/** What `assay data` is asked for. */
export interface DataRequest {
  readonly datasets: readonly string[];
  /** What is asked about where the data came from, if anything is. */
  readonly lineage: LineageRequest | undefined;
  readonly columns: CheckDataOptions['columns'];
  readonly baseline: string | undefined;
  /** How the baseline has to be signed; `undefined`: it may be unsigned. */
  readonly signedBaseline: { readonly attestation: string | undefined; readonly trust: string | undefined } | undefined;
  readonly snapshot: string | undefined;
  readonly limits: CheckDataOptions['limits'];
  readonly spark: { readonly master: string | undefined } | undefined;
  readonly profileOut: string | undefined;
  /** Where the attestation of the checks and of the profile is written, and how it is signed. */
  readonly attestData: { readonly file: string; readonly signing: SigningChoice } | undefined;
  /** Where the rows to look at are written. */
  readonly rows: { readonly file: string; readonly format: 'csv' | 'parquet' } | undefined;
  readonly format: (typeof DATA_FORMATS)[number];
  readonly output: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

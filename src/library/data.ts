import type { DataReport } from '../core/data/index.ts';
import type { OnEvent } from '../core/index.ts';
import { checkData } from '../pipeline/data/index.ts';

export interface CheckDataSetOptions {
  /** Names of columns, by what they are. */
  readonly columns?: {
    readonly label?: string;
    readonly text?: string;
    readonly time?: string;
    readonly source?: string;
    readonly id?: string;
    readonly split?: string;
    readonly url?: string;
    readonly hash?: string;
    readonly 'downloaded-hash'?: string;
    readonly eventTimes?: readonly string[];
  };
  /** The path of the profile of approved data. */
  readonly baseline?: string;
  /** When the data was taken from its sources (ISO 8601). */
  readonly snapshot?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/**
 * Checks training data of this machine, as `assay data` does: in a child process with bounds on memory, time and disk.
 * @param datasets `path` or `split=path`: tables, or folders of tables, of texts or of images
 * @returns the report, and the text of a profile of this data, which later calls can take as `baseline`
 * @throws AssayError `usage` for a column that is missing; `not-found` for a file or the engine; `unreadable`, `unsupported`, `malformed`,
 *   `limit`, `changed`, `sandbox`, `aborted`
 * @example
 * const { report } = await data(['train.parquet', 'test.parquet'], { columns: { label: 'label', text: 'text' }, baseline: 'approved.json' });
 */
export async function data(
  datasets: readonly string[],
  options: CheckDataSetOptions = {},
): Promise<{ readonly report: DataReport; readonly profile: string }> {
  const { columns = {}, ...rest } = options;
  const { report, profile } = await checkData(datasets, { columns, ...rest });
  return { report, profile };
}

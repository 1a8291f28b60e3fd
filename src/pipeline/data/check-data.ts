import { createHash } from 'node:crypto';
import { readSmallFile } from '../../core/bytes/index.ts';
import { type DataCheck, type DataReport, poisoningRisk, statusOfData } from '../../core/data/index.ts';
import { AssayError, type OnEvent, throwIfAborted, version } from '../../core/index.ts';
import {
  type ColumnChoice,
  type DataLimits,
  type DatasetChoice,
  DEFAULT_DATA_LIMITS,
  DETECTORS,
  type DetectorRecord,
  detectorView,
  openDataset,
  type Profile,
  profileOf,
  profileText,
  readDataProfile,
  recordsOf,
  runDetector,
  type SparkChoice,
  type TrainingData,
} from '../../provenance/index.ts';
import { type ReviewRow, withIds } from './review-rows.ts';

export interface CheckDataOptions {
  readonly columns: ColumnChoice;
  /** The profile of approved data: its path, or its bytes with the name that reports give it. */
  readonly baseline?: string | GivenProfile | undefined;
  /** When the data was taken from its sources (ISO 8601). */
  readonly snapshot?: string | undefined;
  readonly limits?: DataLimits | undefined;
  /** Runs the statements on Spark. */
  readonly spark?: SparkChoice | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export interface GivenProfile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CheckedData {
  readonly report: DataReport;
  /** All rows to look at, more than the report shows. */
  readonly rows: readonly ReviewRow[];
  /** The text of the profile of this data. */
  readonly profile: string;
}

/** Bytes of a profile. */
export const MAX_PROFILE_BYTES = 16 * 1024 * 1024;

/**
 * Reads a data set in a child process with bounds, and asks every detector about it.
 * @param datasets tables, or folders of tables, of texts or of images
 * @returns what was found; `status` is `fail` when a check that can fail the data does
 * @throws AssayError `usage`, `not-found`, `unreadable`, `unsupported`, `malformed`, `limit`, `changed`, `sandbox`, `aborted`
 */
export async function checkData(datasets: readonly DatasetChoice[], options: CheckDataOptions): Promise<CheckedData> {
  const { columns, limits = DEFAULT_DATA_LIMITS, spark, signal } = options;
  const { onEvent, onProgress } = noted(options.onEvent);
  const baseline = options.baseline === undefined ? undefined : await openedProfile(options.baseline);
  const dataset = await openDataset(datasets, { choice: columns, limits, spark, signal, onEvent, onProgress });
  try {
    const { checks, rows, kept } = await detected(dataset, baseline?.profile, { ...options, onEvent });
    return { report: reportOf(dataset, checks, baseline), rows, profile: profileText(ownProfile(dataset, kept)) };
  } finally {
    await dataset.close();
  }
}

/** What is being done, and how much of it is done. */
function noted(onEvent: OnEvent | undefined): {
  readonly onEvent: OnEvent;
  readonly onProgress: (percentage: number) => void;
} {
  let last = '';
  return {
    onEvent: (event) => {
      if (event.kind === 'note') last = event.message;
      onEvent?.(event);
    },
    onProgress: (percentage) => {
      if (percentage > 0) onEvent?.({ kind: 'note', message: `${last}: ${Math.round(percentage)} %` });
    },
  };
}

interface OpenedProfile {
  readonly path: string;
  readonly sha256: string;
  readonly profile: Profile;
}

async function openedProfile(given: string | GivenProfile): Promise<OpenedProfile> {
  const path = typeof given === 'string' ? given : given.name;
  const bytes =
    typeof given === 'string' ? (await readSmallFile(path, '--baseline', MAX_PROFILE_BYTES)).bytes : given.bytes;
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    profile: readDataProfile(bytes, `--baseline ${path}`),
  };
}

async function detected(
  dataset: TrainingData,
  baseline: Profile | undefined,
  { signal, onEvent, snapshot }: CheckDataOptions,
) {
  const note = (message: string) => onEvent?.({ kind: 'note', message });
  const view = detectorView(dataset, { signal, snapshot, note });
  const records = baseline === undefined ? undefined : recordsOf(baseline);
  const kept = new Map<string, DetectorRecord>();
  const found: { readonly check: DataCheck; readonly rows: readonly Omit<ReviewRow, 'check' | 'id'>[] }[] = [];
  for (const detector of DETECTORS) {
    throwIfAborted(signal);
    note(detector.title);
    const one = await runDetector(detector, view, records?.get(detector.id));
    if (one.kept !== undefined) kept.set(detector.id, one.kept);
    found.push({ check: one.check, rows: one.rows });
  }
  return { ...(await withIds(dataset.engine, view.roles.has('id'), found)), kept };
}

function reportOf(
  { engine, files, columns, rows, splits, notes }: TrainingData,
  checks: readonly DataCheck[],
  baseline: OpenedProfile | undefined,
): DataReport {
  return {
    schemaVersion: '1',
    tool: { name: 'assay', version: version() },
    engine: { name: engine.name, version: engine.version },
    files: files.map((file) => ({ ...file, sha256: `sha256:${file.sha256}` })),
    rows,
    splits: [...splits],
    columns: [
      ...columns.chosen.map(({ name, type, role }) => ({ name, type, role })),
      ...columns.features.map(({ name, type }) => ({ name, type, role: null })),
    ],
    baseline:
      baseline === undefined
        ? null
        : { path: baseline.path, sha256: `sha256:${baseline.sha256}`, rows: baseline.profile.rows },
    status: statusOfData(checks),
    owasp: poisoningRisk(checks),
    checks: [...checks],
    ...(notes.length === 0 ? {} : { notes: [...notes] }),
  };
}

function ownProfile({ files, rows }: TrainingData, kept: ReadonlyMap<string, DetectorRecord>): Profile {
  const data = files.map(({ split, format, bytes, sha256 }) => ({ split, format, bytes, sha256: `sha256:${sha256}` }));
  return profileOf({ version: version(), data, rows, kept });
}

/** @throws AssayError `usage` for a time that is not one */
export function checkedSnapshot(text: string): string {
  if (!Number.isNaN(Date.parse(text)) && /^\d{4}-\d\d-\d\d/.test(text)) return text;
  throw new AssayError('usage', `is not a time: ${JSON.stringify(text)}`, {
    subject: '--snapshot',
    hint: 'write it as 2026-01-31 or 2026-01-31T12:00:00Z',
  });
}

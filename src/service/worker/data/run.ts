import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AssayError, type OnEvent } from '../../../core/index.ts';
import {
  type CheckedData,
  checkData,
  DEFAULT_DATA_LIMITS,
  type NamedFiles,
  namedPlace,
  reviewRowsCsv,
} from '../../../pipeline/data/index.ts';
import { jsonText } from '../../../report/index.ts';
import { uploadedFiles } from '../../uploads/index.ts';
import type { CheckedEnd, DataOrder, ScanSettings } from '../scan-messages.ts';

export interface DataRunParts {
  readonly settings: ScanSettings;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
}

/** What a person may read of one job; figures and rows are bounded, so more is a defect. */
const MAX_REPORT = 32 * 1024 * 1024;
/** Rows of the list; the report says how many there are. */
const MAX_LISTED = 200_000;
/** Cores that the engine uses at most. */
const MAX_CORES = 4;
/** Digests that the audit log names. */
const MAX_NAMED = 20;
const UPLOAD = 'upload:';

/**
 * Checks the data of a job: an upload, or what the operator placed.
 * @throws AssayError what reading and checking throw; ServiceError about uploads
 */
export async function runDataChecks(
  order: DataOrder,
  { settings, signal, onEvent }: DataRunParts,
): Promise<CheckedEnd> {
  const { baseline } = order;
  const { columns, snapshot } = order.options;
  const { downloadedHash, ...named } = columns;
  const seconds = Math.max(1, Math.ceil(settings.limits.maxScanMs / 1000));
  const checked = await checkData([await filesOf(order, settings, signal)], {
    columns: { ...named, ...(downloadedHash === undefined ? {} : { 'downloaded-hash': downloadedHash }) },
    baseline: baseline === null ? undefined : { name: baseline.name, bytes: Buffer.from(baseline.profile) },
    snapshot: snapshot ?? undefined,
    limits: { ...DEFAULT_DATA_LIMITS, statementSeconds: seconds, cpuSeconds: MAX_CORES * seconds },
    signal,
    onEvent,
  });
  return endOf(checked);
}

async function filesOf(
  { target, tenant, place }: DataOrder,
  { dataFolder }: ScanSettings,
  signal: AbortSignal,
): Promise<NamedFiles> {
  const name = target.replace(/^[a-z]+:/, '');
  if (place !== null) return namedPlace(name, place, signal);
  return { name: 'upload', files: uploadedFiles(join(dataFolder, 'uploads'), tenant, target.slice(UPLOAD.length)) };
}

function endOf({ report, rows, profile }: CheckedData): CheckedEnd {
  const text = `${jsonText(report, 2)}\n`;
  if (text.length > MAX_REPORT) throw new AssayError('limit', `the report has more than ${MAX_REPORT} characters`);
  const evidence = {
    data: report.files.slice(0, MAX_NAMED).map(({ sha256 }) => sha256),
    files: report.files.length,
    rows: report.rows,
    baseline: report.baseline?.sha256 ?? null,
    report: sha256Of(text),
    profile: sha256Of(profile),
  };
  return {
    kind: 'checked',
    outcome: report.status,
    texts: { report: text, rows: reviewRowsCsv(rows.slice(0, MAX_LISTED)), profile },
    evidence,
  };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

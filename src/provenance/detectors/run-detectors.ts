import type { DataCheck, DataMeasure, RowToReview } from '../../core/data/index.ts';
import { isContentError, withHint } from '../../core/index.ts';
import { binomialTail } from '../../core/statistics/index.ts';
import { type DatasetView, type Detector, type DetectorRecord, type Observation, ROLE_OPTIONS } from './detector.ts';
import { boundedMeasure, percent } from './measures.ts';

/** What came of a detector. */
export interface Detected {
  readonly check: DataCheck;
  /** All rows to look at, more than the check has. */
  readonly rows: readonly Omit<RowToReview, 'id'>[];
  /** For the profile. */
  readonly kept: DetectorRecord | undefined;
}

/** Rows of a check that a report shows; a list of its own has more. */
export const MAX_ROWS = 1_000;
/** The chance that as many rows are flagged when they are as frequent as in the baseline. */
const CHANCE = 1e-3;
/** How much more frequent than in the baseline counts. */
const LEAST_RISE = 1.5;

/** Asks a detector. What it cannot look at is `not-assessed`; what stops it is an `error` of its check, and the next goes on. */
export async function runDetector(
  detector: Detector,
  view: DatasetView,
  baseline: DetectorRecord | undefined,
): Promise<Detected> {
  const missing = detector.needs.filter((role) => !view.roles.has(role));
  if (missing.length > 0) {
    const detail = `no column was named for it: ${missing.map((role) => ROLE_OPTIONS[role]).join(', ')}`;
    return { check: checkOf(detector, 'not-assessed', { detail }), rows: [], kept: undefined };
  }
  try {
    const seen = await detector.run(view, baseline);
    const { status, detail, measure } =
      detector.weight === 'excess' ? excess(seen, baseline) : { status: seen.status, detail: seen.detail, measure: [] };
    const all = { ...seen, detail, measures: [...(seen.measures ?? []), ...measure] };
    return { check: checkOf(detector, status ?? 'not-assessed', all), rows: seen.rows ?? [], kept: seen.kept };
  } catch (error) {
    if (!isContentError(error)) throw error;
    return { check: checkOf(detector, 'error', { detail: withHint(error) }), rows: [], kept: undefined };
  }
}

/** Judges what a detector flagged by what it flagged in the baseline. */
function excess(
  { status, detail, kept }: Observation,
  baseline: DetectorRecord | undefined,
): {
  readonly status: 'pass' | 'fail' | 'not-assessed';
  readonly detail: string;
  readonly measure: readonly DataMeasure[];
} {
  if (status !== undefined || kept === undefined || kept.of === 0)
    return { status: status ?? 'not-assessed', detail, measure: [] };
  if (baseline === undefined || baseline.of === 0)
    return {
      status: 'not-assessed',
      detail: `${detail}; whether that is too many, an approved baseline tells: give --baseline`,
      measure: [],
    };
  const [rate, usual] = [kept.flagged / kept.of, baseline.flagged / baseline.of];
  const [found, before] = [kept.groups ?? kept.flagged, baseline.groups ?? baseline.flagged];
  const p = binomialTail(found, found + before, kept.of / (kept.of + baseline.of));
  const isExcess = p < CHANCE && rate > LEAST_RISE * usual;
  const shown = `${percent(rate)} of the rows, and ${percent(usual)} in the baseline`;
  // The share that would still pass, told by the rise that counts.
  const measure =
    isExcess || p < CHANCE
      ? [boundedMeasure('share of the rows that are flagged', rate, LEAST_RISE * usual, usual)]
      : [{ ...boundedMeasure('share of the rows that are flagged', rate, 1, usual), max: null }];
  return { status: isExcess ? 'fail' : 'pass', detail: `${detail}: ${shown}`, measure };
}

function checkOf(
  { id, title, weight, falseAlarms, unseen }: Detector,
  status: DataCheck['status'],
  { detail, measures = [], rows = [], figures = [] }: Observation,
): DataCheck {
  const shown = rows
    .slice(0, MAX_ROWS)
    .map((row): RowToReview => ({ row: row.row, id: null, why: row.why, score: row.score }));
  return {
    id,
    title,
    weight,
    status,
    detail,
    measures: [...measures],
    rows: shown,
    rowCount: rows.length,
    figures: [...figures],
    falseAlarms,
    unseen,
  };
}

import type { DatasetView, Detector } from '../detector.ts';
import { barsFigure, countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** Days before the snapshot that are looked at, and days that are needed to know what is usual. */
const LAST_DAYS = 2;
const LEAST_DAYS = 14;
/** Days of the figure. */
const SHOWN_DAYS = 20;
/** Robust standard deviations from the median. */
const STRANGE = 6;
/** Makes the median absolute deviation that of a normal distribution. */
const MAD_SCALE = 1.4826;

/** Finds a rise of rows right before the snapshot: who knows when it is taken edits just before (arXiv 2302.10149). */
export const frontRunning: Detector = {
  id: 'data.front-running',
  title: 'Do many rows come right before the snapshot?',
  needs: ['time'],
  weight: 'review',
  falseAlarms: 'below one in 1,000 data sets whose days are alike; data that grows by the day shows its last days',
  unseen: 'edits that are spread over time; without --snapshot, the last row is taken for the snapshot',
  run: async (view) => {
    const snapshot = await snapshotOf(view);
    if (snapshot === undefined) return { status: 'not-assessed', detail: 'no row has a time' };
    const days = (await view.query(statementNamed('rows-per-day'), { snapshot })).map((row) => ({
      day: Number(row.day),
      seen: Number(row.seen),
      first: Number(row.first_row),
    }));
    const late = days.filter(({ day }) => day < 0).reduce((sum, { seen }) => sum + seen, 0);
    const last = days.find(({ day }) => day >= 0);
    const span = days.reduce((most, { day }) => Math.max(most, day), 0) + 1;
    if (last === undefined || span < LAST_DAYS + LEAST_DAYS)
      return {
        status: 'not-assessed',
        detail: `the data covers ${span} days before the snapshot, and ${LAST_DAYS + LEAST_DAYS} are needed`,
      };
    const counts = new Map(days.map(({ day, seen }) => [day, seen]));
    const usual = Array.from({ length: Math.min(span, 400) - LAST_DAYS }, (_, i) => counts.get(i + LAST_DAYS) ?? 0);
    const middle = median(usual);
    const spread = Math.max(MAD_SCALE * median(usual.map((seen) => Math.abs(seen - middle))), Math.sqrt(middle), 1);
    const strange = days.filter(({ day, seen }) => day >= 0 && day < LAST_DAYS && (seen - middle) / spread > STRANGE);
    const flagged = strange.reduce((sum, { seen }) => sum + seen, 0);
    return {
      status: strange.length === 0 && late === 0 ? 'pass' : 'fail',
      detail:
        strange.length === 0
          ? `${countText(counts.get(0) ?? 0, 'row')} on the last day; ${middle} are usual${late === 0 ? '' : `; ${countText(late, 'row')} after the snapshot`}`
          : `${countText(flagged, 'row')} within ${LAST_DAYS} days before the snapshot, and ${middle} a day are usual`,
      measures: [
        shownMeasure('rows of the last day', counts.get(0) ?? 0),
        shownMeasure('rows of a usual day', middle),
        shownMeasure('rows after the snapshot', late),
      ],
      rows: strange.map(({ day, seen, first }) => ({
        row: first,
        why: `${seen} rows come ${day === 0 ? 'on the last day' : 'a day before'}`,
        score: (seen - middle) / spread,
      })),
      figures: barsFigure(
        'Days before the snapshot',
        'rows; the baseline is the median of the days before',
        Array.from({ length: Math.min(span, SHOWN_DAYS) }, (_, day) => ({
          name: day === 0 ? 'the last day' : day === 1 ? 'a day before' : `${day} days before`,
          value: counts.get(day) ?? 0,
          baseline: middle,
        })),
      ),
      kept: { flagged, of: view.rows },
    };
  },
};

/** Seconds since 1970. */
async function snapshotOf(view: DatasetView): Promise<number | undefined> {
  if (view.snapshot !== undefined) return Date.parse(view.snapshot) / 1000;
  const [range] = await view.query(statementNamed('time-range'));
  return typeof range?.latest === 'number' ? range.latest : undefined;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

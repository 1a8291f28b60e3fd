import { quotedName } from '../../../core/index.ts';
import type { DatasetView, Detector } from '../detector.ts';
import { boundedMeasure, countText } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** Finds rows made of what was not known at their time: a model that learns from them looks into the future. */
export const futureValues: Detector = {
  id: 'data.future-values',
  title: 'Was all that a row tells known at its time?',
  needs: ['time', 'event-time'],
  weight: 'decides',
  falseAlarms: 'never: a time is later or it is not; clocks that differ show as a few seconds',
  unseen: 'columns whose time is not named, and times that were written wrongly',
  run: async (view) => {
    const rows: { readonly row: number; readonly why: string; readonly score: number }[] = [];
    for (const [i, name] of eventTimes(view).entries()) {
      await view.query(
        `CREATE OR REPLACE TEMPORARY VIEW feature AS SELECT row_number, split, e${i} AS value FROM samples`,
      );
      for (const { row_number: row, seconds } of await view.query(statementNamed('future-values')))
        rows.push({
          row: Number(row),
          why: `${quotedName(name)} is ${Math.round(Number(seconds))} seconds after the time of the row`,
          score: Number(seconds),
        });
    }
    const flagged = new Set(rows.map(({ row }) => row)).size;
    return {
      status: flagged === 0 ? 'pass' : 'fail',
      detail:
        flagged === 0
          ? 'no row tells what happened after its time'
          : `${countText(flagged, 'row')} of ${view.rows} tell what happened after their time`,
      measures: [boundedMeasure('rows with a later event', flagged, 0)],
      rows: rows.sort((a, b) => b.score - a.score),
      kept: { flagged, of: view.rows },
    };
  },
};

function eventTimes({ columns }: DatasetView): readonly string[] {
  return columns.filter(({ role }) => role === 'event-time').map(({ name }) => name);
}

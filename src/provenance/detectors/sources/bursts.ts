import { quotedName } from '../../../core/index.ts';
import { poissonLogTail } from '../../../core/statistics/index.ts';
import type { Detector } from '../detector.ts';
import { countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';
import { FAMILY_CHANCE } from './source-labels.ts';

/** Finds hours in which a source gives many more rows than its share. */
export const bursts: Detector = {
  id: 'data.bursts',
  title: 'Does a source give many rows within an hour?',
  needs: ['source', 'time'],
  weight: 'review',
  falseAlarms:
    'one in 1,000 data sets whose rows come independently of each other, by the level of its test; batches of a crawler are bursts',
  unseen: 'rows that are added slowly, and sources that took many names',
  run: async (view) => {
    const cells = (await view.query(statementNamed('bursts'))).map((row) => {
      const expected = (Number(row.of_source) * Number(row.of_hour)) / Number(row.of_all);
      const seen = Number(row.seen);
      return {
        source: String(row.source),
        hour: Number(row.hour),
        seen,
        expected,
        first: Number(row.first_row),
        chance: Math.exp(poissonLogTail(seen, expected)) * Number(row.cells),
      };
    });
    const found = cells.filter(({ chance }) => chance < FAMILY_CHANCE);
    const rows = found.map(({ source, hour, seen, expected, first }) => ({
      row: first,
      why: `the source ${quotedName(source)} gives ${seen} rows within the hour of ${hourText(hour)}, and ${expected.toFixed(1)} were to be expected`,
      score: seen / expected,
    }));
    return {
      status: rows.length === 0 ? 'pass' : 'fail',
      detail:
        rows.length === 0
          ? 'no source gives many rows within an hour'
          : `${countText(rows.length, 'hour')} in which a source gives many more rows than its share`,
      measures: [shownMeasure('hours of a source with too many rows', rows.length)],
      rows: rows.sort((a, b) => b.score - a.score),
      kept: { flagged: found.reduce((sum, { seen }) => sum + seen, 0), of: view.rows },
    };
  },
};

const MAX_HOUR = 2_000_000_000;

function hourText(hour: number): string {
  return Math.abs(hour) > MAX_HOUR ? `hour ${hour}` : new Date(hour * 3_600_000).toISOString().slice(0, 16);
}

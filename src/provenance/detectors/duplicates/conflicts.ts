import type { Detector } from '../detector.ts';
import { countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** Finds rows that say the same, and have several labels. */
export const conflictingDuplicates: Detector = {
  id: 'data.conflicting-duplicates',
  title: 'Do rows with the same content have the same label?',
  needs: ['label'],
  weight: 'excess',
  falseAlarms: 'one in 1,000 data sets that have as many as the baseline, by the level of its test',
  unseen: 'copies that differ in a single character: data.near-duplicates looks for these',
  run: async (view) => {
    if (!view.roles.has('text') && !view.roles.has('features'))
      return { status: 'not-assessed', detail: 'there is no column beside the label; name one with --text' };
    const groups = await view.query(statementNamed('conflicting-duplicates'));
    const flagged = groups.reduce((sum, { seen }) => sum + Number(seen), 0);
    const rows = groups.map(({ seen, labels, first_row: first, last_row: last }) => ({
      row: Number(first),
      why: `${seen} rows have its content, with ${labels} labels; the last is row ${last}`,
      score: Number(seen),
    }));
    return {
      detail: `${countText(flagged, 'row')} of ${view.rows} have the content of a row with another label`,
      measures: [shownMeasure('rows with a copy that has another label', flagged)],
      rows,
      kept: { flagged, of: view.rows },
    };
  },
};

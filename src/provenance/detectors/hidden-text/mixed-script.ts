import type { Detector } from '../detector.ts';
import { boundedMeasure, countText } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** Texts of the web mix scripts by mistake now and then. */
const MAX_TEXTS = 2;

/** Finds words that look like others: Cyrillic or Greek letters among Latin ones. */
export const mixedScript: Detector = {
  id: 'data.mixed-script',
  title: 'Do words mix letters of several scripts that look alike?',
  needs: ['text'],
  weight: 'decides',
  falseAlarms: 'texts in which people mixed keyboards are shown, too; docs/data.md has the measured rate',
  unseen: 'whole words of another script, and letters that are not among the usual look-alikes of Cyrillic and Greek',
  run: async (view) => {
    const found = await view.query(statementNamed('mixed-script'));
    return {
      status: found.length <= MAX_TEXTS ? 'pass' : 'fail',
      detail:
        found.length === 0
          ? 'no word mixes scripts'
          : `${countText(found.length, 'text')} of ${view.rows} have a word that mixes scripts`,
      measures: [boundedMeasure('texts with a word of mixed scripts', found.length, MAX_TEXTS)],
      rows: found.map(({ row_number: row }) => ({
        row: Number(row),
        why: 'has a word with Latin letters and look-alikes of Cyrillic or Greek',
        score: null,
      })),
      kept: { flagged: found.length, of: view.rows },
    };
  },
};

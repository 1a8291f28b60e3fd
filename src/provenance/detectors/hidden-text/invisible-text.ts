import type { Detector, SqlRow } from '../detector.ts';
import { boundedMeasure, countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

const KINDS = [
  ['tags', 'tag characters'],
  ['directions', 'controls of the direction of writing'],
  ['widths', 'characters without width within a word'],
  ['selectors', 'runs of variation selectors'],
] as const;

/** Finds characters that nobody sees and a model reads. */
export const invisibleText: Detector = {
  id: 'data.invisible-text',
  title: 'Do texts hold characters that nobody sees?',
  needs: ['text'],
  weight: 'decides',
  falseAlarms:
    'texts of the web that break words by characters without width are shown, too; docs/data.md has the measured rate',
  unseen: 'white letters on white ground, and what is hidden in the markup of a page',
  run: async (view) => {
    const found = await view.query(statementNamed('invisible-text'));
    return {
      status: found.length === 0 ? 'pass' : 'fail',
      detail:
        found.length === 0
          ? 'no text holds invisible characters'
          : `${countText(found.length, 'text')} of ${view.rows} hold invisible characters`,
      measures: [
        boundedMeasure('texts with invisible characters', found.length, 0),
        ...KINDS.map(([key, what]) => shownMeasure(`texts with ${what}`, found.filter((row) => row[key] === 1).length)),
      ],
      rows: found.map((row) => ({ row: Number(row.row_number), why: `holds ${whatOf(row)}`, score: null })),
      kept: { flagged: found.length, of: view.rows },
    };
  },
};

function whatOf(row: SqlRow): string {
  return KINDS.flatMap(([key, what]) => (row[key] === 1 ? [what] : [])).join(', ');
}

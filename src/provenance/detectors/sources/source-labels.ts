import { quotedName } from '../../../core/index.ts';
import { binomialTail } from '../../../core/statistics/index.ts';
import type { Detector, SqlRow } from '../detector.ts';
import { barsFigure, countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** The chance that any cell of a table of independent sources and labels is shown. */
export const FAMILY_CHANCE = 1e-3;
/** Finds sources that give a label more often than the others do. */
export const sourceLabels: Detector = {
  id: 'data.source-labels',
  title: 'Does a source give a label more often than the others?',
  needs: ['source', 'label'],
  weight: 'review',
  falseAlarms:
    'one in 1,000 data sets whose sources give labels alike, by the level of its test; sources of several kinds differ',
  unseen: 'a source that gives wrong labels as often as the others give right ones',
  run: async (view) => {
    const cells = (await view.query(statementNamed('source-labels'))).map(cellOf);
    const strange = cells.filter(({ chance, cells: all }) => chance < FAMILY_CHANCE / all);
    const rows = strange.map(({ source, label, seen, expected, residual, first }) => ({
      row: first,
      why: `the source ${quotedName(source)} gives the label ${quotedName(label)} ${seen} times, and ${expected.toFixed(1)} times were to be expected`,
      score: residual,
    }));
    const flagged = strange.reduce((sum, { seen }) => sum + seen, 0);
    return {
      status: rows.length === 0 ? 'pass' : 'fail',
      detail:
        rows.length === 0
          ? 'no source gives a label more often than the others'
          : `${countText(rows.length, 'pair')} of a source and a label are more frequent than chance`,
      measures: [shownMeasure('pairs of a source and a label that are too frequent', rows.length)],
      rows: rows.sort((a, b) => b.score - a.score),
      figures: barsFigure(
        'Sources and labels',
        'adjusted residual: standard deviations above what is to be expected',
        [...strange]
          .sort((a, b) => b.residual - a.residual)
          .map(({ source, label, residual }) => ({
            name: `${quotedName(source)} gives ${quotedName(label)}`,
            value: residual,
          })),
      ),
      kept: { flagged, of: view.rows },
    };
  },
};

/** The adjusted residual of a cell of a contingency table (Haberman 1973), and the chance of as many rows. */
function cellOf(row: SqlRow) {
  const [seen, ofSource, ofLabel, all] = [row.seen, row.of_source, row.of_label, row.of_all].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const expected = (ofSource * ofLabel) / all;
  const spread = Math.sqrt(expected * (1 - ofSource / all) * (1 - ofLabel / all));
  const residual = spread === 0 ? 0 : (seen - expected) / spread;
  // Exact, where the normal distribution of residuals is not: small tables have skewed ones.
  const chance = binomialTail(seen, ofSource, ofLabel / all);
  return {
    source: String(row.source),
    label: String(row.label),
    seen,
    expected,
    residual,
    chance,
    cells: Number(row.cells),
    first: Number(row.first_row),
  };
}

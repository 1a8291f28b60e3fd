import type { Detector } from '../detector.ts';
import { boundedMeasure, countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** Finds downloads that are not what the list of addresses was made of (arXiv 2302.10149). */
export const splitView: Detector = {
  id: 'data.split-view',
  title: 'Is what was downloaded what the list names?',
  needs: ['hash', 'downloaded-hash'],
  weight: 'decides',
  falseAlarms: 'never: hashes are the same or they are not; pages that changed for good reasons differ, too',
  unseen: 'content that was changed before the list was made, and rows without a hash',
  run: async (view) => {
    const [found] = await view.query(statementNamed('split-view'));
    const [unlisted, missing, others] = [found?.unlisted, found?.missing, found?.others].map((value) =>
      Number(value ?? 0),
    ) as [number, number, number];
    const measures = [
      boundedMeasure('rows with other content than the list says', others, 0),
      shownMeasure('rows of the list without a hash', unlisted),
      shownMeasure('rows that were not downloaded', missing),
    ];
    const compared = view.rows - unlisted - missing;
    const kept = { flagged: others, of: view.rows };
    if (compared === 0) return { status: 'not-assessed', detail: 'no row has both hashes', measures, kept };
    const rest = unlisted + missing === 0 ? '' : `; ${countText(unlisted + missing, 'row')} cannot be compared`;
    if (others === 0)
      return {
        status: 'pass',
        detail: `the content of ${countText(compared, 'row')} is what the list says${rest}`,
        measures,
        kept,
      };
    const rows = await view.query(statementNamed('split-view-rows'));
    return {
      status: 'fail',
      detail: `${countText(others, 'row')} of ${compared} have other content than the list says${rest}`,
      measures,
      rows: rows.map(({ row_number: row, url }) => ({
        row: Number(row),
        why: `its content is not what the list says${url === '' ? '' : `: ${url}`}`,
        score: null,
      })),
      kept,
    };
  },
};

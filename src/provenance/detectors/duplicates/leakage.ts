import type { Detector } from '../detector.ts';
import { boundedMeasure, percent, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

/** The share of a split that may be in another one, too. */
const MAX_SHARE = 0.01;

/** Finds rows of one split whose content is in another, too: a model is tested on what it was trained on. */
export const splitLeakage: Detector = {
  id: 'data.split-leakage',
  title: 'Are the rows of one split in another, too?',
  needs: [],
  weight: 'decides',
  falseAlarms: 'never where copies were removed before the data was split; data that holds copies leaks them',
  unseen: 'rows that were changed a little: data.near-split-leakage looks for these',
  run: async (view) => {
    if (view.splits.length < 2)
      return {
        status: 'not-assessed',
        detail: 'there is one split; give several files, or name a column with --split',
      };
    if (!view.roles.has('text') && !view.roles.has('features'))
      return { status: 'not-assessed', detail: 'there is no column to compare; name one with --text' };
    const sizes = await view.query('SELECT split, count(*) AS of_split FROM samples GROUP BY split');
    const size = new Map(sizes.map(({ split, of_split: of }) => [split, Number(of)]));
    const leaked = (await view.query(statementNamed('leaked-rows'))).map(({ split, seen }) => ({
      split: String(split),
      seen: Number(seen),
      share: Number(seen) / (size.get(split) ?? 1),
    }));
    const flagged = leaked.reduce((sum, { seen }) => sum + seen, 0);
    const worst = leaked.reduce((most, { share }) => Math.max(most, share), 0);
    const examples = await view.query(statementNamed('leaked-examples'));
    const [largest] = [...leaked].sort((a, b) => b.share - a.share);
    return {
      status: worst > MAX_SHARE ? 'fail' : 'pass',
      detail:
        largest === undefined
          ? 'no row is in several splits'
          : `${percent(largest.share)} of the split ${largest.split} (${largest.seen} rows) is in another split, too`,
      measures: [
        boundedMeasure('largest share of a split that is in another', worst, MAX_SHARE),
        ...leaked.map(({ split, seen }) => shownMeasure(`rows of ${split} that are in another split`, seen)),
      ],
      rows: examples.map(({ first_row: first, last_row: last, seen, one, other }) => ({
        row: Number(last),
        why: `has the content of row ${first}; ${seen} rows of the splits ${one} and ${other} have it`,
        score: Number(seen),
      })),
      kept: { flagged, of: view.rows },
    };
  },
};

import type { DatasetView, Detector, Observation, SqlRow } from '../detector.ts';
import { countText, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';

const UNSEEN =
  'texts that say the same in other words, and texts of fewer than five words; many near copies of one text count once';
const RATE = 'one in 1,000 data sets that have as many as the baseline, by the level of its test';
/** Numbers of a signature. */
const NUMBERS = 32;

/** Finds texts that are nearly the same, and have several labels. */
export const nearDuplicates: Detector = {
  id: 'data.near-duplicates',
  title: 'Do texts that are nearly the same have the same label?',
  needs: ['text', 'label'],
  weight: 'excess',
  falseAlarms: RATE,
  unseen: UNSEEN,
  run: (view) => nearlySame(view, 'label', 'another label'),
};

/** Finds texts that are nearly the same, and in several splits. */
export const nearLeakage: Detector = {
  id: 'data.near-split-leakage',
  title: 'Are there texts that are nearly the same in several splits?',
  needs: ['text'],
  weight: 'excess',
  falseAlarms: RATE,
  unseen: UNSEEN,
  run: async (view) => {
    if (view.splits.length < 2)
      return {
        status: 'not-assessed',
        detail: 'there is one split; give several files, or name a column with --split',
      };
    return await nearlySame(view, 'split', 'another split');
  },
};

async function nearlySame(view: DatasetView, kind: 'label' | 'split', other: string): Promise<Observation> {
  await makeSignatures(view);
  await view.query(`CREATE OR REPLACE TEMPORARY VIEW near AS SELECT row_number, ${kind} AS kind FROM signatures`);
  const found = await view.query(statementNamed('near-duplicates'));
  const rows = found.map(({ row_number: row, other_row: match, same }) => ({
    row: Number(row),
    why: `is nearly the same as row ${match}, which has ${other}`,
    score: Number(same) / NUMBERS,
  }));
  return {
    detail: `${countText(rows.length, 'text')} of ${view.rows} are nearly the same as one with ${other}`,
    measures: [shownMeasure(`texts that are nearly the same as one with ${other}`, rows.length)],
    rows: rows.sort((a, b) => b.score - a.score || a.row - b.row),
    kept: { flagged: rows.length, of: view.rows, groups: groupsOf(found) },
  };
}

/** Views whose engine holds the signatures. */
const withSignatures = new WeakSet<DatasetView>();

/** Two detectors use them: they are made once. */
async function makeSignatures(view: DatasetView): Promise<void> {
  if (withSignatures.has(view)) return;
  view.note('looking for texts that are nearly the same');
  await view.query(statementNamed('signatures'));
  await view.query(statementNamed('bands'));
  withSignatures.add(view);
}

/** How many groups the rows make when each belongs with the one that it is like: campaigns come as one. */
function groupsOf(found: readonly SqlRow[]): number {
  const parent = new Map<number, number>();
  const root = (row: number): number => {
    let at = row;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  for (const { row_number: row, other_row: other } of found) {
    const [one, two] = [root(Number(row)), root(Number(other))];
    parent.set(Math.max(one, two), Math.min(one, two));
    if (!parent.has(Math.min(one, two))) parent.set(Math.min(one, two), Math.min(one, two));
  }
  return [...parent].filter(([row, up]) => row === up).length;
}

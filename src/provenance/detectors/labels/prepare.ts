import { binomialTail } from '../../../core/statistics/index.ts';
import type { NumberColumns } from '../detector.ts';
import { type Classes, labelClasses, MAX_CLASSES } from './classes.ts';
import { rowCopies } from './copies.ts';
import { scaledFeatures } from './features.ts';
import { givenProbabilities, probabilityColumns } from './given.ts';
import type { ClassRows, Probabilities } from './probabilities.ts';

const SEED = 1;
const FEWEST_ROWS = 50;
/** Numbers that are held at a time: 4 bytes each. */
const MOST_CELLS = 2 ** 27;
/** The chance that labels that have nothing to do with the features seem to have. */
const ALPHA = 1e-3;

/** What the detectors of wrong labels look at. */
export interface Prepared {
  readonly classes: Classes;
  readonly data: ClassRows;
  /** Of each row of `data`, its number in the data set. */
  readonly numbers: Float64Array;
  /** Rows that were left out, because a feature is not a finite number or the label is missing. */
  readonly left: number;
  readonly given: Probabilities | undefined;
}

/** Or a sentence that says why the columns cannot be used. */
export function prepare({ rows, columns, values, labels }: NumberColumns): Prepared | string {
  if (columns.length === 0) return 'there is no column of numbers';
  const classes = labelClasses(labels);
  if (classes === undefined) return `the label has more than ${MAX_CLASSES} values`;
  if (classes.names.length < 2) return classes.names.length === 0 ? 'no row has a label' : 'all rows have one label';
  const width = columns.length;
  const kept = [...rows.keys()].filter(
    (row) => (classes.of[row] ?? -1) >= 0 && values.subarray(row * width, (row + 1) * width).every(Number.isFinite),
  );
  if (kept.length < FEWEST_ROWS) return `fewer than ${FEWEST_ROWS} rows have a label and finite numbers`;
  if (kept.length * Math.max(width, classes.names.length) > MOST_CELLS)
    return `the rows have more than ${MOST_CELLS} numbers; check a part of the rows at a time`;
  const cells = new Float64Array(kept.length * width);
  for (const [place, row] of kept.entries()) cells.set(values.subarray(row * width, (row + 1) * width), place * width);
  const places = probabilityColumns(columns, classes.names);
  const given = places === undefined ? undefined : givenProbabilities(cells, kept.length, width, places);
  if (places !== undefined && given === undefined) return 'a row has probabilities that are not 1 in all';
  const used = [...columns.keys()].filter((column) => places?.includes(column) !== true);
  const features = scaledFeatures(cells, kept.length, width, used, SEED);
  const own = Int32Array.from(kept, (row) => classes.of[row] ?? 0);
  return {
    classes,
    numbers: Float64Array.from(kept, (row) => rows[row] ?? 0),
    left: rows.length - kept.length,
    given,
    data: {
      features,
      classes: classes.names.length,
      labels: own,
      copies: rowCopies(features, own, SEED),
      seed: SEED,
    },
  };
}

/** Whether more labels are told rightly than who always says the most frequent one tells. */
export function telling(labels: Int32Array, classes: number, guess: (row: number) => number): boolean {
  const counts = new Float64Array(classes);
  let right = 0;
  for (const [row, label] of labels.entries()) {
    counts[label] = (counts[label] ?? 0) + 1;
    if (guess(row) === label) right++;
  }
  return binomialTail(right, labels.length, Math.max(...counts) / labels.length) < ALPHA;
}

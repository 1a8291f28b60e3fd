import { CHECK_RESULTS } from '../assessment/schema/index.ts';
import { DataLineageSchema } from '../lineage/index.ts';
import {
  countOf,
  DIGEST,
  flagOf,
  list,
  nullable,
  object,
  oneOf,
  optionalOf,
  realOf,
  type Static,
  text,
} from '../schema/index.ts';

/**
 * What the result of a data check is for. `decides`: a failure fails the data. `excess`: it fails when there is more than in the approved
 * baseline, and is not assessed without one. `review`: its rows are for a person to look at, and it never fails the data.
 */
export const CHECK_WEIGHTS = ['decides', 'excess', 'review'] as const;

const MeasureSchema = object({
  name: text('What is measured: `rows with invisible characters`.'),
  value: nullable(realOf('Null when it is not a finite number.')),
  baseline: nullable(realOf('The same measure of the approved baseline.')),
  max: nullable(realOf('The largest value that passes.')),
  pass: nullable(flagOf({ description: 'Null when nothing is asked of it.' })),
});

const RowSchema = object({
  row: nullable(
    countOf(
      'The number of the row in the data set, from 1 on, over all files in their order; null when it is about no row.',
    ),
  ),
  id: nullable(text('The cell of the id column; for a folder, the path of the file.')),
  why: text('What is wrong with it, as a sentence.'),
  score: nullable(realOf('How strange it is; what it counts is said by the check. Comparable within one check alone.')),
});

const FigureSchema = object(
  {
    kind: oneOf(['bars']),
    title: text(),
    value: text('What the length of a bar is.'),
    bars: list(
      object({
        name: text(),
        value: realOf('From 0 on.'),
        baseline: nullable(realOf('The same of the approved baseline.')),
      }),
      'Those to look at first are first.',
    ),
  },
  'Bars, one for each name.',
);

export const DataCheckSchema = object({
  id: text('`data.<what>`; it never changes.'),
  title: text('What it asks.'),
  weight: oneOf(CHECK_WEIGHTS),
  status: oneOf(CHECK_RESULTS),
  detail: text('The reason, as a sentence.'),
  measures: list(MeasureSchema),
  rows: list(RowSchema, 'Rows to look at, the strangest first; the first of them.'),
  rowCount: countOf('How many rows there are to look at.'),
  figures: list(FigureSchema, 'What is shown as a plot.'),
  falseAlarms: text('How often it is wrong about clean data, and how that was measured.'),
  unseen: text('What it cannot see.'),
});

const ColumnSchema = object({
  name: text(),
  type: text('As the engine names it.'),
  role: nullable(text('What it was named as: `label`, `text`; null for a feature.')),
});

/** The profile that data was compared with. */
export const DataBaselineSchema = object({
  sha256: text('Of the profile.', DIGEST),
  rows: countOf('Rows of the data that it was made of.'),
});

/** The report that `data` writes. */
export const DataReportSchema = object({
  schemaVersion: oneOf(['1']),
  tool: object({ name: oneOf(['assay']), version: text() }),
  engine: object({ name: text(), version: text() }),
  files: list(
    object({
      path: text('As it was given, or within the folder that was given.'),
      split: text('The split that its rows belong to, unless a column tells.'),
      format: text('`parquet`, `csv`, `jsonl`.'),
      bytes: countOf(),
      sha256: text(undefined, DIGEST),
    }),
  ),
  rows: countOf(),
  splits: list(object({ name: text(), rows: countOf() })),
  columns: list(ColumnSchema),
  baseline: nullable(object({ path: text(), ...DataBaselineSchema.properties })),
  status: oneOf(CHECK_RESULTS, 'That of the checks that can fail the data.'),
  owasp: object({
    'ML02:2023': object(
      {
        status: oneOf(
          ['pass', 'fail', 'partial', 'not-assessed'],
          '`partial`: no check fails, and some could not be made.',
        ),
        evidence: oneOf(['direct']),
        checks: list(text(), 'The checks that could be made.'),
      },
      'Data poisoning.',
    ),
  }),
  checks: list(DataCheckSchema),
  lineage: optionalOf(DataLineageSchema),
  notes: optionalOf(list(text(), 'What was left out while the data was read, and why.')),
});

export type DataReport = Static<typeof DataReportSchema>;
/** A question about training data, and its result. */
export type DataCheck = DataReport['checks'][number];
export type DataMeasure = DataCheck['measures'][number];
export type DataFigure = DataCheck['figures'][number];
/** A row that a person should look at. */
export type RowToReview = DataCheck['rows'][number];
export type CheckWeight = (typeof CHECK_WEIGHTS)[number];

import type { CheckWeight, DataFigure, DataMeasure, RowToReview } from '../../core/data/index.ts';

/** What a column can be named as; `features` are those without another role. */
export type ColumnRole =
  | 'label'
  | 'text'
  | 'time'
  | 'source'
  | 'id'
  | 'split'
  | 'url'
  | 'hash'
  | 'downloaded-hash'
  | 'event-time'
  | 'features';

/** The option that names a column of each role. */
export const ROLE_OPTIONS: Readonly<Record<ColumnRole, string>> = {
  label: '--label',
  text: '--text',
  time: '--time',
  source: '--source',
  id: '--id',
  split: '--split',
  url: '--url',
  hash: '--hash',
  'downloaded-hash': '--downloaded-hash',
  'event-time': '--event-time',
  features: 'columns beside the label',
};

/** What a feature is compared as; `other` is not compared, and is not in the table. */
export type FeatureKind = 'number' | 'category' | 'time' | 'other';

/** A column without another role. */
export interface Feature {
  readonly name: string;
  /** As the engine names it. */
  readonly type: string;
  /** Its name in the table that detectors see: `f0`. */
  readonly key: string;
  readonly kind: FeatureKind;
}

/** Texts with their labels, one a row; rows without a text are left out. */
export interface TextColumns {
  /** Numbers of the rows, from 1 on. */
  readonly rows: Float64Array;
  readonly texts: readonly string[];
  /** Empty where a row has no label, and for data without a label column. */
  readonly labels: readonly string[];
  readonly splits: readonly string[];
}

/** The columns of numbers, one row behind the other; rows with a missing number are left out. */
export interface NumberColumns {
  readonly rows: Float64Array;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** `rows.length * columns.length` values. */
  readonly values: Float64Array;
  readonly labels: readonly string[];
  readonly splits: readonly string[];
}

/** A folder of images: the bytes of one file at a time, in the order of the rows. */
export interface ImageFile {
  readonly row: number;
  readonly path: string;
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** A value of a result of the engine: integers beyond 2^53 come as text. */
export type SqlValue = string | number | boolean | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** What a detector is given: one data set, read once, whose columns have the names of their roles. */
export interface DatasetView {
  readonly rows: number;
  readonly splits: readonly string[];
  /** Roles that a column was found for. `features` is among them when there is at least one. */
  readonly roles: ReadonlySet<ColumnRole>;
  readonly features: readonly Feature[];
  /** All columns, in the order of the data. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly role: ColumnRole }[];
  /** When the data was taken from its sources (ISO 8601), where that is known. */
  readonly snapshot: string | undefined;
  /** Runs the statement of a file in `detectors/sql` over the tables that `detectors/sql/README.md` describes. */
  query(statement: string, parameters?: Readonly<Record<string, string | number>>): Promise<readonly SqlRow[]>;
  /** Bounded: @throws AssayError `limit` for more than the bound on texts. */
  texts(): Promise<TextColumns>;
  numbers(): Promise<NumberColumns>;
  /** Undefined for data that is not a folder of images. */
  readonly images: (() => AsyncIterable<ImageFile>) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Says what is being done. */
  note(message: string): void;
}

/** What a profile keeps of a detector, and gives back when it is the baseline. */
export interface DetectorRecord {
  /** Rows that it flagged, of how many. */
  readonly flagged: number;
  readonly of: number;
  /** Groups of rows that belong together, where rows are not flagged independently of each other: they are counted for the excess. */
  readonly groups?: number;
  /** JSON of the detector's own. Profiles are bounded in all, and the detector checks what it reads. */
  readonly sketch?: unknown;
}

/** What a detector saw. */
export interface Observation {
  /**
   * What a detector that `decides`, or that lists rows for `review`, found. A detector that judges `excess` leaves it out: the runner
   * compares `kept` with the baseline.
   */
  readonly status?: 'pass' | 'fail' | 'not-assessed';
  /** A sentence. */
  readonly detail: string;
  readonly measures?: readonly DataMeasure[];
  /** The strangest first. The runner shortens the list, and writes the id of each. */
  readonly rows?: readonly Omit<RowToReview, 'id'>[];
  /** What a report shows as a plot. */
  readonly figures?: readonly DataFigure[];
  /** For the profile, and for the excess over it. */
  readonly kept?: DetectorRecord;
}

/** Asks one question about training data. */
export interface Detector {
  /** The id of its check, `data.<what>`; it never changes. */
  readonly id: `data.${string}`;
  readonly title: string;
  /** Columns that it cannot do without: without them, its check is `not-assessed` and names them. */
  readonly needs: readonly ColumnRole[];
  readonly weight: CheckWeight;
  /** How often it is wrong about clean data, as a sentence with a figure. */
  readonly falseAlarms: string;
  /** What it cannot see, as a sentence. */
  readonly unseen: string;
  /**
   * @param baseline what the approved profile keeps of this detector, if there is one
   * @throws AssayError
   */
  run(view: DatasetView, baseline: DetectorRecord | undefined): Promise<Observation>;
}

/** What the log holds of the records of a version: hex SHA-256 of each, as they were after a change. */
export interface Seal {
  /** Of the current answer. */
  readonly answer: string;
  /** Of every row that the answer was made from. */
  readonly rows: string;
  /** Of the newest assessment. */
  readonly assessment: string;
  /** Stages whose policy denies it, whatever the approvals. */
  readonly denies: readonly string[];
}

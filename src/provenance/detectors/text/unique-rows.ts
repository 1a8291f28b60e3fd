import { SeededRandom } from '../../../core/index.ts';
import type { TokenRows } from './token-rows.ts';

/** Rows with their labels as numbers. */
export interface LabelledTokens {
  readonly tokens: TokenRows;
  /** Of each row, below `classes`; -1 for a row without a label. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** So many rows at the start are of an approved version: models learn from them, and the rest is tested. */
  readonly approved: number;
  readonly seed: number;
}

/** The rows that count: of copies of a text with one label, the first. */
export interface UniqueRows {
  /** By label. */
  readonly learnt: readonly Uint32Array[];
  readonly tested: readonly Uint32Array[];
  /** Which model does not learn from a row, and scores it. */
  readonly fold: Uint8Array;
  readonly folds: number;
}

const FOLDS = 5;
/** Of approved rows, which every model learns from. */
const NO_FOLD = 255;

export function uniqueRows({ tokens, labels, classes, approved, seed }: LabelledTokens): UniqueRows {
  const groups = (): number[][] => Array.from({ length: classes }, () => []);
  const [learnt, tested] = [groups(), groups()];
  const places = new SeededRandom(seed).order(tokens.rows);
  const fold = new Uint8Array(tokens.rows);
  const seen = new Set<number>();
  for (let row = 0; row < tokens.rows; row++) {
    const [label = -1, first = row] = [labels[row], tokens.same[row]];
    // Copies of a text are in one fold: no model scores what it has seen.
    fold[row] = approved === 0 ? (places[first] ?? 0) % FOLDS : row < approved ? NO_FOLD : 0;
    if (label < 0 || seen.has(first * classes + label)) continue;
    seen.add(first * classes + label);
    if (approved === 0 || row < approved) learnt[label]?.push(row);
    if (row >= approved) tested[label]?.push(row);
  }
  const packed = (rows: number[][]): Uint32Array[] => rows.map((own) => Uint32Array.from(own));
  return {
    learnt: packed(learnt),
    tested: packed(tested),
    fold,
    folds: approved === 0 ? FOLDS : 1,
  };
}

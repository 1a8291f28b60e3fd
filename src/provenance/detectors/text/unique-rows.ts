import { SeededRandom } from '../../../core/index.ts';
import type { LabelModels } from './fold-models.ts';
import type { TokenTable } from './token-rows.ts';

/** Rows with their labels as numbers. */
export interface LabelledTokens {
  readonly tokens: TokenTable;
  /** Of each row, below `classes`; -1 for a row without a label. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** So many rows at the start are of an approved version: models learn from them, and the rest is tested. */
  readonly approved: number;
  /** Models that an approved version left: all rows are tested by them. A label that they do not know has none. */
  readonly known?: ((label: number) => LabelModels | undefined) | undefined;
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

export function uniqueRows({ tokens, labels, classes, approved, known, seed }: LabelledTokens): UniqueRows {
  const folds = approved === 0 && known === undefined ? FOLDS : 1;
  const groups = (): number[][] => Array.from({ length: classes }, () => []);
  const [learnt, tested] = [groups(), groups()];
  const places = new SeededRandom(seed).order(tokens.rows);
  const fold = new Uint8Array(tokens.rows);
  const seen = new Set<number>();
  for (let row = 0; row < tokens.rows; row++) {
    const [label = -1, first = row] = [labels[row], tokens.same[row]];
    // Copies of a text are in one fold: no model scores what it has seen.
    fold[row] = row < approved ? NO_FOLD : (places[first] ?? 0) % folds;
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
    folds,
  };
}

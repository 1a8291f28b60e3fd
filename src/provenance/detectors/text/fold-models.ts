import { SeededRandom } from '../../../core/index.ts';
import type { TokenTable } from './token-rows.ts';

/** What models learn from. */
export interface TokenLesson {
  readonly tokens: TokenTable;
  /** Rows that are learnt from. */
  readonly rows: Uint32Array;
  /** 1 for a row of the label that is looked at, of all rows. */
  readonly positive: Uint8Array;
  /** Of all rows: which model does not learn from it, and scores it. */
  readonly fold: Uint8Array;
  readonly folds: number;
  readonly seed: number;
}

/** One linear model a fold: the logit of a row is the bias and the weights of its tokens. */
export interface FoldModels {
  readonly weights: readonly Float32Array[];
  readonly biases: Float64Array;
}

/** Logits for one label: of the models, or of their opposite. */
export interface LabelModels {
  readonly models: FoldModels;
  readonly sign: 1 | -1;
}

const RATE = 0.3;
const BIAS_RATE = 0.1;
const DECAY = 1e-4;
/** In place of 0, in the sums of squares. */
const SMALL = 1e-6;
/** Passes over the rows, and how many weights are looked at in all before there are fewer. */
const PASSES = { most: 6, least: 2, work: 1.6e8 };

/**
 * Logistic regression on which tokens a row has, by AdaGrad (Duchi et al. 2011), once for each fold that is left out.
 * The same seed gives the same weights.
 */
export function learnFolds(lesson: TokenLesson, checkpoint: () => void): FoldModels {
  const { tokens, rows, fold, folds, seed } = lesson;
  const entries = rows.reduce((sum, row) => sum + (tokens.starts[row + 1] ?? 0) - (tokens.starts[row] ?? 0), 0);
  const passes = Math.max(PASSES.least, Math.min(PASSES.most, Math.floor(PASSES.work / (entries * folds + 1))));
  const order = new SeededRandom(seed).order(rows.length).map((place) => rows[place] ?? 0);
  const squares = new Float32Array(tokens.counts.length);
  const biases = new Float64Array(folds);
  const weights = Array.from({ length: folds }, (_, left) => {
    const own = new Float32Array(tokens.counts.length);
    squares.fill(SMALL);
    let [bias, biasSquares] = [0, SMALL];
    for (let pass = 0; pass < passes; pass++) {
      checkpoint();
      for (const row of order) {
        if (fold[row] === left) continue;
        const slope = step(lesson, row, bias, own, squares);
        biasSquares += slope * slope;
        bias -= (BIAS_RATE * slope) / Math.sqrt(biasSquares);
      }
    }
    biases[left] = bias;
    return own;
  });
  return { weights, biases };
}

/** Learns from one row, and gives the slope of its loss. */
function step(
  { tokens: { starts, ids }, positive }: TokenLesson,
  row: number,
  bias: number,
  weights: Float32Array,
  squares: Float32Array,
): number {
  const [from, to] = [starts[row] ?? 0, starts[row + 1] ?? 0];
  let logit = bias;
  for (let at = from; at < to; at++) logit += weights[ids[at] ?? 0] ?? 0;
  const slope = 1 / (1 + Math.exp(-logit)) - (positive[row] ?? 0);
  for (let at = from; at < to; at++) {
    const id = ids[at] ?? 0;
    const weight = weights[id] ?? 0;
    const own = slope + DECAY * weight;
    const sum = (squares[id] ?? 0) + own * own;
    squares[id] = sum;
    weights[id] = weight - (RATE * own) / Math.sqrt(sum);
  }
  return slope;
}

/** The logit of a row, by the model that did not see it. */
export function logitOf(
  { weights, biases }: FoldModels,
  { starts, ids }: TokenTable,
  row: number,
  fold: number,
): number {
  const own = weights[fold];
  let logit = biases[fold] ?? 0;
  for (let at = starts[row] ?? 0; at < (starts[row + 1] ?? 0); at++) logit += own?.[ids[at] ?? 0] ?? 0;
  return logit;
}

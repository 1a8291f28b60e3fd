import type { Outputs } from '../../../formats/arrays/index.ts';
import type { Signature } from '../../subject/index.ts';
import { areProbabilities, predictedLabels, type Scores, scoresOf } from '../predictions.ts';

/** What a model answers queries by. */
export interface Answers {
  readonly classes: number;
  /** Of queries: shares of the classes, row after row. */
  readonly pool: Float64Array;
  /** Of rows that were held back: the class. */
  readonly held: Int32Array;
}

/**
 * The answers of a model to two sets of rows.
 * @returns why there are none
 * @throws AssayError `usage` for a model without the answers that are asked for
 */
export function modelAnswers(
  signature: Signature,
  pool: Outputs,
  held: Outputs,
  kind: 'scores' | 'labels' | undefined,
): Answers | string {
  const byScores =
    kind === 'scores' || (kind === undefined && signature.outputs.some(({ role }) => role === 'probabilities'));
  if (!byScores) return labelAnswers(signature, pool, held);
  const [own, other] = [scoresOf(signature, pool), scoresOf(signature, held)];
  if (![own, other].every(({ values }) => values.every(Number.isFinite)))
    return 'the model gives scores that are not finite numbers';
  const probable = areProbabilities(own) && areProbabilities(other);
  const [shares, compared] = [sharesOf(own, probable), sharesOf(other, probable)];
  const classes = Math.max(2, own.width);
  return {
    classes,
    pool: shares,
    held: Int32Array.from({ length: other.rows }, (_, row) =>
      highest(compared.subarray(row * classes, (row + 1) * classes)),
    ),
  };
}

function labelAnswers(signature: Signature, pool: Outputs, held: Outputs): Answers {
  const [own, other] = [predictedLabels(signature, pool), predictedLabels(signature, held)];
  const places = new Map([...new Set([...own, ...other])].map((label, place) => [label, place]));
  const classes = Math.max(2, places.size);
  const shares = new Float64Array(own.length * classes);
  for (const [row, label] of own.entries()) shares[row * classes + (places.get(label) ?? 0)] = 1;
  return { classes, pool: shares, held: Int32Array.from(other, (label) => places.get(label) ?? 0) };
}

/** Probabilities of the classes; a single score is that of the second of two. */
function sharesOf({ values, rows, width }: Scores, probable: boolean): Float64Array {
  const classes = Math.max(2, width);
  const shares = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const given = values.subarray(row * width, (row + 1) * width);
    const [second = 0] = given;
    const all = width === 1 ? Float64Array.of(probable ? 1 - second : 0, second) : given;
    const powers = probable ? all : softmax(all);
    shares.set(powers, row * classes);
  }
  return shares;
}

function softmax(scores: Float64Array): Float64Array {
  const most = scores.reduce((a, b) => Math.max(a, b));
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function highest(values: Float64Array): number {
  return values.reduce((best, value, at) => (value > (values[best] ?? 0) ? at : best), 0);
}

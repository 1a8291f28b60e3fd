import { AssayError } from '../../../core/index.ts';
import { hasRows } from '../../../formats/arrays/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import type { TestData } from '../kind.ts';
import { areProbabilities, type Scores, scoresOf, trueClasses } from '../predictions.ts';

/** How sure a model is of the true class of each row. */
export interface Confidence {
  /** The logarithm of its probability: the loss, below zero. */
  readonly log: Float64Array;
  /** The logarithm of its odds, which is nearer to a normal distribution. */
  readonly odds: Float64Array;
  /** Rows with a score that is not a finite number. */
  readonly strange: number;
}

/** Odds of probabilities of 32 bits, which may be 0 and 1. */
const NEAR = 1e-7;

/** @throws AssayError `usage` for a model without scores, and labels that are not classes; what running the model throws */
export async function confidenceOf(model: TestedModel, data: TestData): Promise<Confidence> {
  requireRows(model);
  const scores = scoresOf(model.signature, await model.run(data.feeds));
  const classes = trueClasses(data, Math.max(2, scores.width));
  return confidences(scores, classes);
}

/** What a model gives for a row could depend on the rows beside it: members beside members would tell themselves. */
export function requireRows({ signature }: TestedModel): void {
  if (hasRows(signature)) return;
  throw new AssayError(
    'usage',
    'what the model gives for a row depends on the rows beside it, or on chance: no row can be judged by itself',
    { hint: 'export the model for inference, with an open batch size' },
  );
}

/** @param classes one of each row */
export function confidences(scores: Scores, classes: Int32Array): Confidence {
  const probable = areProbabilities(scores);
  const [log, odds] = [new Float64Array(scores.rows), new Float64Array(scores.rows)];
  let strange = 0;
  for (let row = 0; row < scores.rows; row++) {
    const given = scores.values.subarray(row * scores.width, (row + 1) * scores.width);
    const all = scores.width === 1 ? pairOf(given[0] ?? Number.NaN, probable) : given;
    if (!all.every(Number.isFinite)) {
      strange++;
      continue;
    }
    const own = classes[row] ?? 0;
    const score = all[own] ?? Number.NaN;
    if (probable) {
      const near = Math.min(1 - NEAR, Math.max(NEAR, score));
      [log[row], odds[row]] = [Math.log(score), Math.log(near) - Math.log1p(-near)];
    } else {
      const others = logSumExp(all.filter((_, at) => at !== own));
      [log[row], odds[row]] = [score - logSumExp(Float64Array.of(score, others)), score - others];
    }
  }
  return { log, odds, strange };
}

/** A single score is that of the second of two classes. */
function pairOf(second: number, probable: boolean): Float64Array {
  return Float64Array.of(probable ? 1 - second : 0, second);
}

function logSumExp(values: Float64Array): number {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

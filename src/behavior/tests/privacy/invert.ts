import { AssayError, throwIfAborted } from '../../../core/index.ts';
import type { AttackTarget, GradientAnswer } from '../../attacks/index.ts';

export interface InvertOptions {
  readonly lower: number;
  readonly upper: number;
  readonly steps: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (what: string) => void;
}

/** Inputs that the model takes for a class, found from its gradient alone. */
export interface Inverted {
  /** One of each class that was wanted. */
  readonly inputs: Float32Array;
  readonly classes: readonly number[];
  /** Every number of the neutral input that all start from. */
  readonly start: number;
  /** Classes whose input the model takes for that class; `missed` has the others. */
  readonly reached: readonly number[];
  readonly missed: readonly number[];
  readonly blocked: NonNullable<GradientAnswer['blocked']>;
}

/** How far the number that matters most moves in a step, as a share of its range. */
const STEP = 0.05;

/**
 * Descends the loss of each class from a neutral input (Fredrikson et al. 2015), and keeps the input with the smallest loss.
 * @throws AssayError `usage` for a range that is not one; `unsupported` for a model without a gradient
 */
export async function invert(
  target: AttackTarget,
  classes: readonly number[],
  { lower, upper, steps, signal, onStep }: InvertOptions,
): Promise<Inverted> {
  if (!(upper > lower)) throw new AssayError('usage', `the range from ${lower} to ${upper} is empty`);
  const { width } = target;
  const start = Math.fround((lower + upper) / 2);
  const points = new Float32Array(classes.length * width).fill(start);
  const best = points.slice();
  const losses = new Float64Array(classes.length).fill(Number.POSITIVE_INFINITY);
  let blocked: Inverted['blocked'] = [];
  for (let step = 0; step <= steps; step++) {
    throwIfAborted(signal);
    const answer = await target.gradient({ inputs: points, loss: 'cross-entropy', classes: Int32Array.from(classes) });
    blocked = answer.blocked ?? blocked;
    for (const at of classes.keys()) {
      const point = points.subarray(at * width, (at + 1) * width);
      const loss = answer.loss[at] ?? Number.NaN;
      if (loss < (losses[at] ?? 0)) {
        losses[at] = loss;
        best.set(point, at * width);
      }
      descend(point, answer.gradient.subarray(at * width, (at + 1) * width), lower, upper);
    }
    onStep(`step ${step} of ${steps}`);
  }
  const scores = await target.forward(best);
  const isReached = (own: number, at: number) =>
    highest(scores.subarray(at * target.classes, (at + 1) * target.classes)) === own;
  return {
    inputs: best,
    classes,
    start,
    reached: classes.filter(isReached),
    missed: classes.filter((own, at) => !isReached(own, at)),
    blocked,
  };
}

function descend(point: Float32Array, gradient: Float32Array, lower: number, upper: number): void {
  const most = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (most === 0 || !Number.isFinite(most)) return;
  const factor = (STEP * (upper - lower)) / most;
  for (let at = 0; at < point.length; at++)
    point[at] = Math.min(upper, Math.max(lower, (point[at] ?? 0) - factor * (gradient[at] ?? 0)));
}

/** -1 where a score is not a number. */
function highest(scores: Float32Array): number {
  if (scores.some(Number.isNaN)) return -1;
  return scores.reduce((best, score, at) => (score > (scores[best] ?? 0) ? at : best), 0);
}

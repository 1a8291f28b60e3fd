import type { AttackTarget, GradientAnswer, GradientRequest } from '../../../src/behavior/attacks/target.ts';

/** A linear classifier in memory, whose gradient is exact; counts the rows that it is given. */
export class LinearTarget implements AttackTarget {
  readonly width: number;
  readonly classes: number;
  readonly #weights: readonly (readonly number[])[];
  readonly seen: Float32Array[] = [];
  gradientRows = 0;
  forwardRows = 0;
  /** What becomes of a gradient before the attack sees it. */
  blur: (gradient: Float32Array) => Float32Array = (gradient) => gradient;

  constructor(weights: readonly (readonly number[])[]) {
    this.#weights = weights;
    this.classes = weights.length;
    this.width = weights[0]?.length ?? 0;
  }

  forward(inputs: Float32Array): Promise<Float32Array> {
    this.forwardRows += inputs.length / this.width;
    this.seen.push(inputs.slice());
    return Promise.resolve(this.#scores(inputs));
  }

  gradient({ inputs, classes, aims }: GradientRequest): Promise<GradientAnswer> {
    const rows = inputs.length / this.width;
    this.gradientRows += rows;
    this.seen.push(inputs.slice());
    const scores = this.#scores(inputs);
    const gradient = new Float32Array(inputs.length);
    const loss = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      const own = classes[row] ?? 0;
      const mine = scores.subarray(row * this.classes, (row + 1) * this.classes);
      const other = aims?.[row] ?? bestOther(mine, own);
      loss[row] = (mine[other] ?? 0) - (mine[own] ?? 0);
      for (let at = 0; at < this.width; at++)
        gradient[row * this.width + at] = (this.#weights[other]?.[at] ?? 0) - (this.#weights[own]?.[at] ?? 0);
    }
    return Promise.resolve({ scores, loss, gradient: this.blur(gradient) });
  }

  #scores(inputs: Float32Array): Float32Array {
    const rows = inputs.length / this.width;
    return Float32Array.from({ length: rows * this.classes }, (_, index) => {
      const [row, own] = [Math.floor(index / this.classes), index % this.classes];
      return (this.#weights[own] ?? []).reduce(
        (sum, weight, at) => sum + weight * (inputs[row * this.width + at] ?? 0),
        0,
      );
    });
  }
}

function bestOther(scores: Float32Array, own: number): number {
  return Array.from(scores.keys())
    .filter((at) => at !== own)
    .reduce((best, at) => ((scores[at] ?? 0) > (scores[best] ?? 0) ? at : best), own === 0 ? 1 : 0);
}

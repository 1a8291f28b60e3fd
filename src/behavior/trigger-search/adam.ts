const FIRST = 0.5;
const SECOND = 0.9;
const LEAST = 1e-8;

/** Steps of Adam (Kingma and Ba 2015) on some numbers, with the short memory that the search for triggers uses. */
export class Adam {
  readonly values: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  readonly #rate: number;
  #steps = 0;

  constructor(values: Float64Array, rate: number) {
    this.values = values;
    this.#mean = new Float64Array(values.length);
    this.#square = new Float64Array(values.length);
    this.#rate = rate;
  }

  /** Moves against a gradient; what is not a finite number does not move anything. */
  step(gradient: Float64Array): void {
    this.#steps++;
    const [first, second] = [1 - FIRST ** this.#steps, 1 - SECOND ** this.#steps];
    for (let at = 0; at < this.values.length; at++) {
      const given = gradient[at] ?? 0;
      const own = Number.isFinite(given) ? given : 0;
      const mean = FIRST * (this.#mean[at] ?? 0) + (1 - FIRST) * own;
      const square = SECOND * (this.#square[at] ?? 0) + (1 - SECOND) * own * own;
      this.#mean[at] = mean;
      this.#square[at] = square;
      this.values[at] = (this.values[at] ?? 0) - (this.#rate * (mean / first)) / (Math.sqrt(square / second) + LEAST);
    }
  }
}

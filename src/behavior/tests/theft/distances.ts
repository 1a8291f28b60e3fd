import type { RowNumbers } from '../numbers.ts';

/** Numbers that may be compared, in one test. */
const WORK = 2e10;

/** Euclidean distances between rows, up to a bound on the work. */
export class Distances {
  readonly #rows: RowNumbers;
  #left: number;

  constructor(rows: RowNumbers, work = WORK) {
    this.#rows = rows;
    this.#left = work;
  }

  /** Whether all work that is allowed was done. */
  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** The distance of a row to the nearest of others; `undefined` where all work that is allowed was done. */
  nearest(row: number, others: Iterable<number>, among: RowNumbers = this.#rows): number | undefined {
    const { width, values } = this.#rows;
    let least = Number.POSITIVE_INFINITY;
    for (const other of others) {
      this.#left -= width;
      if (this.#left < 0) return undefined;
      let sum = 0;
      const [own, from] = [row * width, other * width];
      for (let at = 0; at < width && sum < least; at++)
        sum += ((values[own + at] ?? 0) - (among.values[from + at] ?? 0)) ** 2;
      if (sum < least) least = sum;
    }
    return Math.sqrt(least);
  }
}

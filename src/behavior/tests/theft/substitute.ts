import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { SeededRandom, throwIfAborted } from '../../../core/index.ts';
import type { RowNumbers } from '../numbers.ts';

/** What a substitute learns from: rows, and how much the model thinks of each class for each of them. */
export interface Lesson {
  readonly rows: RowNumbers;
  /** Row after row: shares of the classes, of the sum 1. */
  readonly answers: Float64Array;
  readonly classes: number;
}

export interface SubstituteOptions {
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

const HIDDEN = 64;
const EPOCHS = 40;
const BATCH = 32;
const RATE = 3e-3;
/** Adam (Kingma and Ba 2015). */
const [DECAY, SQUARE_DECAY, NEAR_ZERO] = [0.9, 0.999, 1e-8];
/** Numbers of a row that are learned from: more are added up in so many sums, each with a sign. */
const MAX_WIDTH = 512;

/** Numbers that are learned, and what Adam keeps of them. */
class Parameters {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;

  constructor(size: number, draw: () => number) {
    this.values = Float64Array.from({ length: size }, draw);
    this.gradient = new Float64Array(size);
    this.#mean = new Float64Array(size);
    this.#square = new Float64Array(size);
  }

  step(time: number): void {
    const [first, second] = [1 - DECAY ** time, 1 - SQUARE_DECAY ** time];
    for (let at = 0; at < this.values.length; at++) {
      const slope = this.gradient[at] ?? 0;
      const mean = DECAY * (this.#mean[at] ?? 0) + (1 - DECAY) * slope;
      const square = SQUARE_DECAY * (this.#square[at] ?? 0) + (1 - SQUARE_DECAY) * slope * slope;
      this.#mean[at] = mean;
      this.#square[at] = square;
      this.values[at] = (this.values[at] ?? 0) - (RATE * (mean / first)) / (Math.sqrt(square / second) + NEAR_ZERO);
    }
    this.gradient.fill(0);
  }
}

/** A network of one hidden layer that learned to answer as a model does. */
export class Substitute {
  readonly #classes: number;
  readonly #prepare: (rows: RowNumbers) => RowNumbers;
  readonly #width: number;
  readonly #hidden = new Float64Array(HIDDEN);
  readonly #scores: Float64Array;
  readonly #in: Parameters;
  readonly #inBias = new Parameters(HIDDEN, () => 0);
  readonly #out: Parameters;
  readonly #outBias: Parameters;

  private constructor({ rows, classes }: Lesson, random: SeededRandom) {
    this.#prepare = standardised(rows, random);
    this.#width = Math.min(rows.width, MAX_WIDTH);
    this.#classes = classes;
    this.#scores = new Float64Array(classes);
    const draw = (from: number) => () => random.normal() * Math.sqrt(2 / from);
    this.#in = new Parameters(HIDDEN * this.#width, draw(this.#width));
    this.#out = new Parameters(classes * HIDDEN, draw(HIDDEN));
    this.#outBias = new Parameters(classes, () => 0);
  }

  /** @throws AssayError `aborted` */
  static async train(lesson: Lesson, { seed, signal }: SubstituteOptions): Promise<Substitute> {
    const random = new SeededRandom(seed);
    const learner = new Substitute(lesson, random);
    const { values, rows } = learner.#prepare(lesson.rows);
    const width = learner.#width;
    let time = 0;
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      // Others get their turn: a signal that stops the work, and progress.
      await yieldToEventLoop();
      throwIfAborted(signal);
      const order = random.order(rows);
      for (let from = 0; from < rows; from += BATCH) {
        const batch = order.subarray(from, from + BATCH);
        for (const row of batch) {
          const wanted = lesson.answers.subarray(row * lesson.classes, (row + 1) * lesson.classes);
          learner.#learn(values.subarray(row * width, (row + 1) * width), wanted, 1 / batch.length);
        }
        time++;
        for (const part of [learner.#in, learner.#inBias, learner.#out, learner.#outBias]) part.step(time);
      }
    }
    return learner;
  }

  /** The class of each row. */
  answer(given: RowNumbers): Int32Array {
    const { values, rows } = this.#prepare(given);
    return Int32Array.from({ length: rows }, (_, row) => {
      this.#forward(values.subarray(row * this.#width, (row + 1) * this.#width));
      return this.#scores.reduce((best, score, at) => (score > (this.#scores[best] ?? 0) ? at : best), 0);
    });
  }

  #forward(row: Float64Array): void {
    for (let unit = 0; unit < HIDDEN; unit++) {
      let sum = this.#inBias.values[unit] ?? 0;
      const from = unit * this.#width;
      for (let at = 0; at < row.length; at++) sum += (row[at] ?? 0) * (this.#in.values[from + at] ?? 0);
      this.#hidden[unit] = Math.max(0, sum);
    }
    for (let own = 0; own < this.#classes; own++) {
      let sum = this.#outBias.values[own] ?? 0;
      for (let unit = 0; unit < HIDDEN; unit++)
        sum += (this.#hidden[unit] ?? 0) * (this.#out.values[own * HIDDEN + unit] ?? 0);
      this.#scores[own] = sum;
    }
  }

  /** Adds the gradient of the cross entropy of a row. */
  #learn(row: Float64Array, wanted: Float64Array, weight: number): void {
    this.#forward(row);
    const most = this.#scores.reduce((a, b) => Math.max(a, b));
    const powers = this.#scores.map((score) => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b);
    const off = powers.map((power, own) => weight * (power / sum - (wanted[own] ?? 0)));
    for (let own = 0; own < this.#classes; own++) {
      this.#outBias.gradient[own] = (this.#outBias.gradient[own] ?? 0) + (off[own] ?? 0);
      for (let unit = 0; unit < HIDDEN; unit++) {
        const at = own * HIDDEN + unit;
        this.#out.gradient[at] = (this.#out.gradient[at] ?? 0) + (off[own] ?? 0) * (this.#hidden[unit] ?? 0);
      }
    }
    for (let unit = 0; unit < HIDDEN; unit++) {
      if (!((this.#hidden[unit] ?? 0) > 0)) continue;
      let slope = 0;
      for (let own = 0; own < this.#classes; own++)
        slope += (off[own] ?? 0) * (this.#out.values[own * HIDDEN + unit] ?? 0);
      this.#inBias.gradient[unit] = (this.#inBias.gradient[unit] ?? 0) + slope;
      const from = unit * this.#width;
      for (let at = 0; at < row.length; at++)
        this.#in.gradient[from + at] = (this.#in.gradient[from + at] ?? 0) + slope * (row[at] ?? 0);
    }
  }
}

/** Makes rows as the first ones have the mean 0 and the standard deviation 1 in each column, of a width that can be learned from. */
function standardised(rows: RowNumbers, random: SeededRandom): (rows: RowNumbers) => RowNumbers {
  const narrow = narrowed(rows.width, random);
  const { values, width } = narrow(rows);
  const [means, squares] = [new Float64Array(width), new Float64Array(width)];
  for (const [at, value] of values.entries()) means[at % width] = (means[at % width] ?? 0) + value / rows.rows;
  for (const [at, value] of values.entries())
    squares[at % width] = (squares[at % width] ?? 0) + (value - (means[at % width] ?? 0)) ** 2 / rows.rows;
  const scales = squares.map((square) => (square > 0 && Number.isFinite(square) ? 1 / Math.sqrt(square) : 1));
  return (given) => {
    const own = narrow(given);
    return {
      ...own,
      values: own.values.map((value, at) => (value - (means[at % width] ?? 0)) * (scales[at % width] ?? 1)),
    };
  };
}

/** Adds the numbers of wide rows up, in sums that are drawn (a count sketch). */
function narrowed(width: number, random: SeededRandom): (rows: RowNumbers) => RowNumbers {
  if (width <= MAX_WIDTH) return (rows) => rows;
  const sums = Int32Array.from({ length: width }, () => random.below(MAX_WIDTH));
  const signs = Int8Array.from({ length: width }, () => (random.unit() < 0.5 ? -1 : 1));
  return ({ rows, values }) => {
    const narrow = new Float64Array(rows * MAX_WIDTH);
    for (const [at, value] of values.entries()) {
      const into = Math.floor(at / width) * MAX_WIDTH + (sums[at % width] ?? 0);
      narrow[into] = (narrow[into] ?? 0) + (signs[at % width] ?? 0) * value;
    }
    return { rows, width: MAX_WIDTH, values: narrow };
  };
}

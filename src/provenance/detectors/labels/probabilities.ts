import { SeededRandom, throwIfAborted } from '../../../core/index.ts';
import type { Copies } from './copies.ts';
import type { FeatureRows } from './feature-rows.ts';

const FOLDS = 5;
const PASSES = 12;
const RATE = 0.1;
const DECAY = 1e-4;
const SMALL = 1e-6;
/** Products of a weight and a value; with more rows than fit, models learn from some of them. */
const MOST_WORK = 4e9;
const FEWEST_LEARNT = 1_000;

/** How probable each class is for each row: `rows * classes` numbers. */
export interface Probabilities {
  readonly classes: number;
  readonly values: Float32Array;
}

/** Rows whose features and class are known. */
export interface ClassRows {
  readonly features: FeatureRows;
  readonly classes: number;
  /** Of each row, below `classes`. */
  readonly labels: Int32Array;
  readonly copies: Copies;
  readonly seed: number;
}

/** What a softmax regression that did not see a row says of it (AdaGrad, five folds); its copies are in its fold, and count once. */
export function outOfFold(data: ClassRows, signal?: AbortSignal): Probabilities {
  const { features, classes, labels, copies, seed } = data;
  const { rows, width } = features;
  const random = new SeededRandom(seed);
  const places = random.order(rows);
  const fold = Uint8Array.from(copies.first, (first) => (places[first] ?? 0) % FOLDS);
  const most = Math.max(FEWEST_LEARNT, Math.floor(MOST_WORK / ((width + 1) * classes * FOLDS * PASSES)));
  const values = new Float32Array(rows * classes);
  for (let left = 0; left < FOLDS; left++) {
    const others = copies.unique.filter((row) => fold[row] !== left);
    const learnt = random
      .order(others.length)
      .subarray(0, most)
      .map((place) => others[place] ?? 0);
    const model = new Softmax(width, classes);
    for (let pass = 0; pass < PASSES; pass++) {
      throwIfAborted(signal);
      for (const place of random.order(learnt.length)) {
        const row = learnt[place] ?? 0;
        model.learn(features.values, row * width, labels[row] ?? 0);
      }
    }
    for (let row = 0; row < rows; row++)
      if (fold[row] === left) values.set(model.probabilities(features.values, row * width), row * classes);
  }
  return { classes, values };
}

class Softmax {
  readonly #width: number;
  readonly #classes: number;
  /** A class's weights one behind the other, and its bias at the end. */
  readonly #weights: Float64Array;
  readonly #squares: Float64Array;
  readonly #own: Float64Array;

  constructor(width: number, classes: number) {
    this.#width = width;
    this.#classes = classes;
    this.#weights = new Float64Array((width + 1) * classes);
    this.#squares = new Float64Array((width + 1) * classes).fill(SMALL);
    this.#own = new Float64Array(classes);
  }

  /** Written again by the next call. */
  probabilities(values: Float32Array, from: number): Float64Array {
    const [width, own, weights] = [this.#width, this.#own, this.#weights];
    let most = Number.NEGATIVE_INFINITY;
    for (let label = 0; label < this.#classes; label++) {
      const start = label * (width + 1);
      let sum = weights[start + width] ?? 0;
      for (let at = 0; at < width; at++) sum += (weights[start + at] ?? 0) * (values[from + at] ?? 0);
      own[label] = sum;
      most = Math.max(most, sum);
    }
    let total = 0;
    for (let label = 0; label < this.#classes; label++) {
      own[label] = Math.exp((own[label] ?? 0) - most);
      total += own[label] ?? 0;
    }
    for (let label = 0; label < this.#classes; label++) own[label] = (own[label] ?? 0) / total;
    return own;
  }

  learn(values: Float32Array, from: number, truth: number): void {
    const width = this.#width;
    const own = this.probabilities(values, from);
    for (let label = 0; label < this.#classes; label++) {
      const slope = (own[label] ?? 0) - (label === truth ? 1 : 0);
      const start = label * (width + 1);
      for (let at = 0; at < width; at++)
        this.#step(start + at, slope * (values[from + at] ?? 0) + DECAY * (this.#weights[start + at] ?? 0));
      this.#step(start + width, slope);
    }
  }

  #step(place: number, slope: number): void {
    const squares = (this.#squares[place] ?? 0) + slope * slope;
    this.#squares[place] = squares;
    this.#weights[place] = (this.#weights[place] ?? 0) - (RATE * slope) / Math.sqrt(squares);
  }
}

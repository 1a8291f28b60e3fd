import { Adam } from './adam.ts';

/** What a trigger does to a row. */
export interface Trigger {
  /** How much of the row it is: positions that are covered, or the length of what is added. */
  readonly size: number;
  /** The row with the trigger, into `to`. */
  apply(row: Float32Array, to: Float32Array): void;
  /** What is shown of it: the numbers of a row, from `lower` to `upper`. */
  shown(): Float32Array;
}

/** A trigger that is searched: its numbers move along gradients. */
export interface Candidate extends Trigger {
  /** Adds what the gradient at one row with the trigger says. */
  take(row: Float32Array, gradient: Float32Array): void;
  /** Moves along what was taken, of so many rows, and towards a smaller trigger. */
  step(rows: number, weight: number): void;
  /** As it is now. */
  frozen(): Trigger;
}

export interface TriggerSpace {
  /** Positions of a row: pixels, or features. */
  readonly positions: number;
  readonly channels: number;
  /** Whether the numbers of a position lie side by side, and not `positions` apart. */
  readonly channelsLast: boolean;
  readonly lower: number;
  readonly upper: number;
}

const RATE = 0.1;
/** Where the mask starts, before the sigmoid: all positions a little. */
const START = -2;

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** A mask and a pattern: `(1 - mask) row + mask pattern` (Wang et al. 2019, Neural Cleanse). Its size is the sum of the mask. */
export class PatchCandidate implements Candidate {
  readonly #space: TriggerSpace;
  readonly #mask: Adam;
  readonly #pattern: Adam;
  readonly #maskGradient: Float64Array;
  readonly #patternGradient: Float64Array;

  /** @param start from 0 to 1, for each number of the pattern */
  constructor(space: TriggerSpace, start: () => number) {
    const { positions, channels } = space;
    this.#space = space;
    this.#mask = new Adam(new Float64Array(positions).fill(START), RATE);
    this.#pattern = new Adam(
      Float64Array.from({ length: positions * channels }, () => start() - 0.5),
      RATE,
    );
    this.#maskGradient = new Float64Array(positions);
    this.#patternGradient = new Float64Array(positions * channels);
  }

  get size(): number {
    return this.#mask.values.reduce((sum, value) => sum + sigmoid(value), 0);
  }

  apply(row: Float32Array, to: Float32Array): void {
    patched(this.#space, this.#mask.values.map(sigmoid), this.#numbers(), row, to);
  }

  take(row: Float32Array, gradient: Float32Array): void {
    const pattern = this.#numbers();
    for (let at = 0; at < pattern.length; at++) {
      const [own, position] = [gradient[at] ?? 0, positionOf(this.#space, at)];
      const mask = sigmoid(this.#mask.values[position] ?? 0);
      this.#maskGradient[position] = (this.#maskGradient[position] ?? 0) + own * ((pattern[at] ?? 0) - (row[at] ?? 0));
      this.#patternGradient[at] = (this.#patternGradient[at] ?? 0) + own * mask;
    }
  }

  step(rows: number, weight: number): void {
    const { lower, upper } = this.#space;
    this.#mask.step(
      this.#maskGradient.map((own, at) => {
        const mask = sigmoid(this.#mask.values[at] ?? 0);
        return (own / rows + weight) * mask * (1 - mask);
      }),
    );
    this.#pattern.step(
      this.#patternGradient.map((own, at) => {
        const share = sigmoid(this.#pattern.values[at] ?? 0);
        return (own / rows) * (upper - lower) * share * (1 - share);
      }),
    );
    this.#maskGradient.fill(0);
    this.#patternGradient.fill(0);
  }

  shown(): Float32Array {
    return this.frozen().shown();
  }

  frozen(): Trigger {
    const space = this.#space;
    const [mask, pattern, size] = [this.#mask.values.map(sigmoid), this.#numbers(), this.size];
    return {
      size,
      apply: (row, to) => patched(space, mask, pattern, row, to),
      shown() {
        const to = new Float32Array(pattern.length);
        patched(space, mask, pattern, new Float32Array(pattern.length).fill(space.lower), to);
        return to;
      },
    };
  }

  #numbers(): Float64Array {
    const { lower, upper } = this.#space;
    return this.#pattern.values.map((value) => lower + (upper - lower) * sigmoid(value));
  }
}

/** The position of a number of a row. */
function positionOf({ positions, channels, channelsLast }: TriggerSpace, at: number): number {
  return channelsLast ? Math.floor(at / channels) : at % positions;
}

function patched(
  space: TriggerSpace,
  mask: Float64Array,
  pattern: Float64Array,
  row: Float32Array,
  to: Float32Array,
): void {
  for (let at = 0; at < row.length; at++) {
    const share = mask[positionOf(space, at)] ?? 0;
    to[at] = (1 - share) * (row[at] ?? 0) + share * (pattern[at] ?? 0);
  }
}

/** Numbers that are added to every row, within its bounds: what a blend or a wave comes to. Its size is their length (L2). */
export class BlendCandidate implements Candidate {
  readonly #space: TriggerSpace;
  readonly #added: Adam;
  readonly #gradient: Float64Array;

  constructor(space: TriggerSpace, start: () => number) {
    const width = space.positions * space.channels;
    this.#space = space;
    const spread = space.upper - space.lower;
    this.#added = new Adam(
      Float64Array.from({ length: width }, () => 0.2 * spread * (start() - 0.5)),
      0.1 * RATE * spread,
    );
    this.#gradient = new Float64Array(width);
  }

  get size(): number {
    return Math.hypot(...this.#added.values);
  }

  apply(row: Float32Array, to: Float32Array): void {
    added(this.#space, this.#added.values, row, to);
  }

  take(row: Float32Array, gradient: Float32Array): void {
    const { lower, upper } = this.#space;
    for (let at = 0; at < row.length; at++) {
      const value = (row[at] ?? 0) + (this.#added.values[at] ?? 0);
      // What is cut off moves nothing.
      if (value >= lower && value <= upper) this.#gradient[at] = (this.#gradient[at] ?? 0) + (gradient[at] ?? 0);
    }
  }

  step(rows: number, weight: number): void {
    const { size } = this;
    this.#added.step(
      this.#gradient.map((own, at) => own / rows + (size === 0 ? 0 : (weight * (this.#added.values[at] ?? 0)) / size)),
    );
    this.#gradient.fill(0);
  }

  shown(): Float32Array {
    return this.frozen().shown();
  }

  frozen(): Trigger {
    const [space, values, size] = [this.#space, this.#added.values.slice(), this.size];
    const middle = (space.lower + space.upper) / 2;
    return {
      size,
      apply: (row, to) => added(space, values, row, to),
      shown: () => Float32Array.from(values, (value) => middle + value),
    };
  }
}

function added({ lower, upper }: TriggerSpace, values: Float64Array, row: Float32Array, to: Float32Array): void {
  for (let at = 0; at < row.length; at++) to[at] = Math.min(upper, Math.max(lower, (row[at] ?? 0) + (values[at] ?? 0)));
}

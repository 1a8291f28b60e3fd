import { AssayError } from '../../core/index.ts';
import type { AttackBatch, AttackNorm, AttackOptions } from './target.ts';

/**
 * The inputs that an attack may use: within `eps` of each row, and within the range of each feature. All comparisons hold
 * exactly for the numbers of 32 bits that the model is given.
 */
export class Ball {
  readonly width: number;
  readonly norm: AttackNorm;
  readonly eps: number;
  readonly #rows: Float32Array;
  readonly #scale: Float32Array | undefined;
  readonly #low: Float32Array;
  readonly #high: Float32Array;

  /** @throws AssayError `usage` for bounds that do not fit, and rows that are not within them */
  constructor(
    { inputs }: Pick<AttackBatch, 'inputs'>,
    width: number,
    options: Pick<AttackOptions, 'eps' | 'norm' | 'lower' | 'upper' | 'scale'>,
  ) {
    const { eps, norm, lower, upper, scale } = options;
    if (!Number.isFinite(eps) || eps < 0) throw new AssayError('usage', `eps is ${eps}, which is not a distance`);
    for (const list of [lower, upper, scale]) {
      if (typeof list === 'object' && list.length !== width)
        throw new AssayError('usage', `${list.length} bounds do not fit rows of ${width} numbers`);
    }
    if (norm === 'l2' && scale?.some((one) => one !== 0 && one !== 1) === true)
      throw new AssayError('usage', 'scales of features need the norm linf');
    if (scale?.some((one) => !(one >= 0))) throw new AssayError('usage', 'a scale of a feature is not a number from 0');
    this.width = width;
    this.norm = norm;
    this.eps = eps;
    this.#rows = inputs;
    this.#scale = scale;
    this.#low = new Float32Array(inputs.length);
    this.#high = new Float32Array(inputs.length);
    for (const [at, value] of inputs.entries()) {
      const feature = at % width;
      const [low, high] = [boundOf(lower, feature), boundOf(upper, feature)];
      if (!(value >= low && value <= high)) {
        const where = `feature ${feature} of row ${Math.floor(at / width)}`;
        throw new AssayError('usage', `${where} is ${value}, which is not from ${low} to ${high}`, {
          hint: 'give the range that the inputs of the model have',
        });
      }
      const own = this.scaleOf(feature);
      const reach = norm === 'linf' || own === 0 ? eps * own : Number.POSITIVE_INFINITY;
      this.#low[at] = Math.max(ceil32(low), ceil32(value - reach));
      this.#high[at] = Math.min(floor32(high), floor32(value + reach));
    }
  }

  original(row: number): Float32Array {
    return this.#rows.subarray(row * this.width, (row + 1) * this.width);
  }

  /** Moves a point into the ball of a row, as near as possible for L-inf. */
  project(row: number, point: Float32Array): void {
    const from = row * this.width;
    const origin = this.original(row);
    if (this.norm === 'l2') this.#shrink(origin, point);
    for (let at = 0; at < point.length; at++) {
      const value = point[at] ?? Number.NaN;
      const [low = 0, high = 0] = [this.#low[from + at], this.#high[from + at]];
      // What is not a number becomes the number of the row.
      point[at] = Number.isNaN(value) ? (origin[at] ?? 0) : Math.min(high, Math.max(low, value));
    }
    // Rounding to 32 bits may move a point out of the sphere again.
    for (let factor = 1 - 2 ** -22; this.norm === 'l2' && distance(origin, point) > this.eps; factor *= factor) {
      for (let at = 0; at < point.length; at++) {
        const own = origin[at] ?? 0;
        point[at] = own + ((point[at] ?? own) - own) * factor;
      }
    }
  }

  #shrink(origin: Float32Array, point: Float32Array): void {
    for (let at = 0; at < point.length; at++) if (Number.isNaN(point[at])) point[at] = origin[at] ?? 0;
    const far = distance(origin, point);
    if (far <= this.eps) return;
    const factor = Number.isFinite(far) ? this.eps / far : 0;
    for (let at = 0; at < point.length; at++) {
      const own = origin[at] ?? 0;
      point[at] = factor === 0 ? own : own + ((point[at] ?? own) - own) * factor;
    }
  }

  /** Whether a point is within the ball of a row. */
  contains(row: number, point: Float32Array): boolean {
    const isInside = point.every((value, at) => value >= this.low(row, at) && value <= this.high(row, at));
    return isInside && (this.norm === 'linf' || distance(this.original(row), point) <= this.eps);
  }

  /** What distances along a feature are multiplied by. */
  scaleOf(feature: number): number {
    return this.#scale?.[feature] ?? 1;
  }

  low(row: number, feature: number): number {
    return this.#low[row * this.width + feature] ?? 0;
  }

  high(row: number, feature: number): number {
    return this.#high[row * this.width + feature] ?? 0;
  }
}

function boundOf(bound: number | Float32Array, feature: number): number {
  return typeof bound === 'number' ? bound : (bound[feature] ?? Number.NaN);
}

/** The L2 distance. */
export function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

/** The greatest number of 32 bits that is not above. */
function floor32(value: number): number {
  const near = Math.fround(value);
  return near <= value ? near : neighbour(near, -1);
}

/** The least number of 32 bits that is not below. */
function ceil32(value: number): number {
  const near = Math.fround(value);
  return near >= value ? near : neighbour(near, 1);
}

const FLOATS = new Float32Array(1);
const BITS = new Int32Array(FLOATS.buffer);

function neighbour(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * 2 ** -149;
  FLOATS[0] = value;
  BITS[0] = (BITS[0] ?? 0) + (value > 0 === direction > 0 ? 1 : -1);
  return FLOATS[0] ?? value;
}

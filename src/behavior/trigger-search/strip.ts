import { throwIfAborted } from '../../core/index.ts';
import type { AttackRandoms, AttackTarget } from '../attacks/index.ts';

export interface StripOptions {
  /** Other rows that each row is laid over. */
  readonly copies: number;
  /** How much of the other row is left below: 1 adds all of it. */
  readonly share: number;
  readonly lower: number;
  readonly upper: number;
  readonly random: AttackRandoms;
  readonly isLogits: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((row: number, of: number) => void) | undefined;
}

/** Numbers of one run. */
const MOST_NUMBERS = 1 << 22;

/**
 * The mean entropy, in bits, of what a classifier gives for each row laid over other rows (Gao et al. 2019, STRIP): a trigger keeps its
 * class whatever lies below, so that the entropy of its rows is low.
 * @param skip the place among the others that is the row itself, which is left out; -1 where it is not among them
 */
export async function entropiesOf(
  target: AttackTarget,
  rows: Float32Array,
  others: Float32Array,
  options: StripOptions,
  skip: (row: number) => number = () => -1,
): Promise<Float64Array> {
  const { width, classes } = target;
  const { copies, random, isLogits } = options;
  const count = rows.length / width;
  const below = others.length / width;
  const entropies = new Float64Array(count);
  const together = Math.max(1, Math.floor(MOST_NUMBERS / (copies * width)));
  for (let from = 0; from < count; from += together) {
    throwIfAborted(options.signal);
    options.onStep?.(from, count);
    const to = Math.min(count, from + together);
    const inputs = new Float32Array((to - from) * copies * width);
    for (let row = from; row < to; row++) {
      const draw = random(row, 0);
      for (let copy = 0; copy < copies; copy++) {
        const own = skip(row);
        const drawn = draw.below(own < 0 ? below : below - 1);
        const other = own >= 0 && drawn >= own ? drawn + 1 : drawn;
        const at = ((row - from) * copies + copy) * width;
        lay(
          rows.subarray(row * width, (row + 1) * width),
          others.subarray(other * width),
          inputs.subarray(at),
          options,
        );
      }
    }
    const scores = await target.forward(inputs);
    for (let row = from; row < to; row++) {
      let sum = 0;
      for (let copy = 0; copy < copies; copy++) {
        const at = ((row - from) * copies + copy) * classes;
        sum += entropyOf(scores.subarray(at, at + classes), isLogits);
      }
      entropies[row] = sum / copies;
    }
  }
  return entropies;
}

function lay(row: Float32Array, other: Float32Array, to: Float32Array, { lower, upper, share }: StripOptions): void {
  for (let at = 0; at < row.length; at++) {
    const value = (row[at] ?? 0) + share * ((other[at] ?? 0) - lower);
    to[at] = Math.min(upper, Math.max(lower, value));
  }
}

/** In bits; not a number where a score is not one. */
export function entropyOf(scores: Float32Array, isLogits: boolean): number {
  const most = scores.reduce((greatest, value) => Math.max(greatest, value), Number.NEGATIVE_INFINITY);
  const weights = isLogits ? Float64Array.from(scores, (value) => Math.exp(value - most)) : Float64Array.from(scores);
  const sum = weights.reduce((total, value) => total + value, 0);
  return weights.reduce((total, value) => {
    const share = value / sum;
    return share === 0 ? total : total - share * Math.log2(share);
  }, 0);
}

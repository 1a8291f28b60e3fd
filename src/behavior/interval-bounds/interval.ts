import type { Ops } from '../gradient/index.ts';

/** The names of tensors between which a tensor of the model lies, whatever input of the ball it is given. */
export interface TensorBounds {
  readonly lower: string;
  readonly upper: string;
  /** The longest sum that a number of it comes from without another rounding: a runtime may add more to it before it rounds. */
  readonly terms: number;
}

/** Numbers beyond are not told apart from an overflow. */
export const LARGEST = 1e30;
/** More than all numbers of a sum lose together where they are too small for numbers of 32 bits. */
export const TINY = 1e-30;
/** Terms of one sum at most: beyond, its rounding is not a small share. */
export const MAX_TERMS = 1 << 18;
/** What a few operations between a sum and its result may add to its rounding. */
const SPARE_TERMS = 8;
/** Four times the rounding of one operation on numbers of 32 bits. */
const UNIT = 2 ** -22;

/**
 * What numbers of 32 bits may lose in a sum of so many products, as a share of the sum of their magnitudes: n u / (1 - n u) in any order, with or
 * without fused operations (Higham 2002, chapter 3). Four times as much covers the run of the model, the center, the radius, and factors that a
 * runtime multiplies into the weights.
 */
export function roundingOf(terms: number): number {
  return (terms + SPARE_TERMS) * UNIT;
}

/** The middle of an interval, a radius that reaches both of its ends, and the greatest magnitude. */
export interface CenteredBounds {
  readonly center: string;
  readonly radius: string;
  readonly magnitude: string;
}

export function magnitudeOf(ops: Ops, { lower, upper }: Pick<TensorBounds, 'lower' | 'upper'>): string {
  return ops.op('Max', [ops.op('Abs', [lower]), ops.op('Abs', [upper])]);
}

/** @param terms of the sum that it is multiplied into: the radius is as much wider as the sum may lose */
export function ballOf(ops: Ops, interval: TensorBounds, terms: number): CenteredBounds {
  const { lower, upper } = interval;
  const center = ops.add(ops.scale(lower, 0.5), ops.scale(upper, 0.5));
  const apart = ops.op('Max', [ops.sub(upper, center), ops.sub(center, lower)]);
  const magnitude = magnitudeOf(ops, interval);
  const share = roundingOf(terms);
  const wide = ops.add(ops.scale(apart, 1 + share), ops.scale(magnitude, share));
  return { center, radius: ops.add(wide, ops.real(TINY)), magnitude };
}

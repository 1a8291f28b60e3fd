import { magnitudeOf, roundingOf, TINY } from '../interval.ts';
import type { BoundRule, BoundStep } from '../step.ts';

/** Normalisations by the mean and the deviation of the numbers themselves. */
export const NORMALIZATION_BOUNDS: Readonly<Record<string, BoundRule>> = {
  LayerNormalization: layer,
  InstanceNormalization: instance,
};

function layer(step: BoundStep): void {
  const { attributes, node } = step;
  step.onlyActive(0);
  if (node.outputs.slice(1).some((name) => name !== '')) throw step.refuse('it gives the mean or the deviation, too');
  const rank = step.shape(step.input(0)).length;
  const given = attributes.int('axis', -1);
  const first = given < 0 ? given + rank : given;
  const axes = step.shape(step.input(0)).flatMap((_, axis) => (axis >= first ? [axis] : []));
  standardized(step, axes, step.input(1), step.optional(2));
}

function instance(step: BoundStep): void {
  step.onlyActive(0);
  const shape = step.shape(step.input(0));
  const ones = Array.from({ length: Math.max(0, shape.length - 2) }, () => 1);
  const perChannel = (name: string) => step.ops.reshape(name, [1, -1, ...ones]);
  const axes = shape.flatMap((_, axis) => (axis >= 2 ? [axis] : []));
  standardized(step, axes, perChannel(step.input(1)), perChannel(step.input(2)));
}

/**
 * Bounds of (x - mean) / sqrt(variance + epsilon) * scale + bias. The difference from the mean is a sum by fixed weights; the variance may be computed
 * as the mean of squares less the square of the mean, which loses a share of the squares.
 */
function standardized(step: BoundStep, axes: readonly number[], scale: string, bias: string | undefined): void {
  const { ops } = step;
  const shape = step.shape(step.input(0));
  const sizes = axes.map((axis) => shape[axis] ?? 0);
  if (axes.length === 0 || sizes.some((size) => size < 1)) throw step.refuse('it works along the rows of the batch');
  const count = sizes.reduce((all, size) => all * size, 1);
  const interval = step.interval(0);
  const share = roundingOf(step.checkTerms(Math.max(count, interval.terms)));
  const mean = (value: string) => ops.scale(ops.sum(value, axes), 1 / count);
  const magnitude = magnitudeOf(ops, interval);
  const lost = ops.add(ops.scale(ops.add(magnitude, mean(magnitude)), share), ops.real(TINY));
  const own = 1 - 1 / count;
  const others = (value: string) => ops.sub(mean(value), ops.scale(value, 1 / count));
  const low = ops.sub(ops.sub(ops.scale(interval.lower, own), others(interval.upper)), lost);
  const high = ops.add(ops.sub(ops.scale(interval.upper, own), others(interval.lower)), lost);
  const nearest = ops.op('Max', [low, ops.neg(high), ops.real(0)]);
  const farthest = ops.op('Max', [ops.neg(low), high]);
  const epsilon = ops.real(step.attributes.float('epsilon', 1e-5));
  const blurred = ops.scale(mean(ops.mul(magnitude, magnitude)), 2 * share);
  const least = ops.add(ops.sub(mean(ops.mul(nearest, nearest)), blurred), epsilon);
  const most = ops.add(ops.add(mean(ops.mul(farthest, farthest)), blurred), epsilon);
  step.demand(ops.op('Greater', [least, ops.real(0)]));
  // The farther from zero, the smaller the deviation that makes it the largest.
  const [wide, narrow] = [ops.op('Sqrt', [least]), ops.op('Sqrt', [most])];
  const isPositive = (value: string) => ops.op('Greater', [value, ops.real(0)]);
  const unitLow = ops.div(low, ops.where(isPositive(low), narrow, wide));
  const unitHigh = ops.div(high, ops.where(isPositive(high), wide, narrow));
  const ends = [ops.mul(unitLow, scale), ops.mul(unitHigh, scale)];
  const added = bias ?? ops.real(0);
  const span = magnitudeOf(ops, { lower: ends[0] ?? '', upper: ends[1] ?? '' });
  step.outwards(ops.add(ops.op('Min', ends), added), ops.add(ops.op('Max', ends), added), {
    share,
    magnitude: ops.add(span, ops.op('Abs', [added])),
  });
}

import { DYNAMIC } from '../shapes.ts';
import type { BackStep, GradientRule } from '../step.ts';

/** Normalisations, by statistics of the model or of each example. */
export const NORMALIZATION_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  BatchNormalization: { back: batch },
  LayerNormalization: { back: layer },
  InstanceNormalization: { back: instance },
  GroupNormalization: { back: group },
  RMSNormalization: { back: rootMeanSquare },
};

const EPSILON = 1e-5;

function batch(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  if (attributes.int('training_mode', 0) !== 0) throw step.refuse('it computes the statistics of the batch');
  const variance = step.input(4);
  const deviation = ops.op('Sqrt', [ops.add(variance, ops.real(attributes.float('epsilon', EPSILON)))]);
  const factor = ops.div(step.input(1), deviation);
  step.give(0, ops.mul(step.gradient(), ops.reshape(factor, perChannel(step, 1))));
}

/** A number for each of the channels, to be broadcast. */
function perChannel(step: BackStep, axis: number): readonly number[] {
  const channels = step.size(step.input(0), axis);
  return step.inputShape.map((_, at) => (at === axis ? channels : 1));
}

function layer(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  const x = step.input(0);
  const rank = step.inputShape.length;
  const first = step.axis(attributes.int('axis', -1), rank);
  const axes = step.inputShape.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const gradient = ops.mul(step.gradient(), step.input(1));
  step.give(0, standardized(step, x, gradient, sizesOf(step, x, axes), attributes.float('epsilon', EPSILON)));
}

function instance(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  const x = step.input(0);
  const axes = step.inputShape.flatMap((_, axis) => (axis >= 2 ? [axis] : []));
  const gradient = ops.mul(step.gradient(), ops.reshape(step.input(1), perChannel(step, 1)));
  step.give(0, standardized(step, x, gradient, sizesOf(step, x, axes), attributes.float('epsilon', EPSILON)));
}

function group(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  const x = step.input(0);
  const groups = attributes.int('num_groups', 0);
  const channels = step.size(x, 1);
  if (groups < 1 || channels % groups !== 0) throw step.malformed(`it does not have ${groups} groups of channels`);
  const space = step.inputShape.slice(2).map((_, axis) => step.size(x, axis + 2));
  const inner = channels / groups;
  const apart = [DYNAMIC, groups, inner, ...space];
  // The scale has a number for each group until operator set 20, then one for each channel.
  const scales = step.size(step.input(1), 0);
  const ones = space.map(() => 1);
  const shape = scales === channels ? [1, groups, inner, ...ones] : [1, groups, 1, ...ones];
  if (scales !== channels && scales !== groups) throw step.malformed('its scale does not fit its channels');
  const gradient = ops.mul(ops.reshape(step.gradient(), apart), ops.reshape(step.input(1), shape));
  const axes = apart.flatMap((size, axis) => (axis < 2 ? [] : [{ axis, size }]));
  const result = standardized(step, ops.reshape(x, apart), gradient, axes, attributes.float('epsilon', EPSILON));
  step.give(0, ops.reshapeLike(result, x));
}

interface SizedAxis {
  readonly axis: number;
  readonly size: number;
}

function sizesOf(step: BackStep, name: string, axes: readonly number[]): readonly SizedAxis[] {
  return axes.map((axis) => ({ axis, size: step.size(name, axis) }));
}

/** The gradient of (x - mean) / sqrt(variance + epsilon), of which `gradient` is that of the result. */
function standardized(
  step: BackStep,
  x: string,
  gradient: string,
  axes: readonly SizedAxis[],
  epsilon: number,
): string {
  const { ops } = step;
  const mean = meanOver(step, axes);
  const centred = ops.sub(x, mean(x));
  const variance = mean(ops.mul(centred, centred));
  const inverse = ops.op('Reciprocal', [ops.op('Sqrt', [ops.add(variance, ops.real(epsilon))])]);
  const unit = ops.mul(centred, inverse);
  const along = ops.mul(unit, mean(ops.mul(gradient, unit)));
  return ops.mul(inverse, ops.sub(ops.sub(gradient, mean(gradient)), along));
}

function meanOver({ ops }: BackStep, axes: readonly SizedAxis[]): (value: string) => string {
  const count = axes.reduce((product, { size }) => product * size, 1);
  const over = axes.map(({ axis }) => axis);
  return (value) => ops.scale(ops.sum(value, over), 1 / count);
}

function rootMeanSquare(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  const x = step.input(0);
  const first = step.axis(attributes.int('axis', -1), step.inputShape.length);
  const axes = step.inputShape.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const mean = meanOver(step, sizesOf(step, x, axes));
  const gradient = ops.mul(step.gradient(), step.input(1));
  const square = ops.add(mean(ops.mul(x, x)), ops.real(attributes.float('epsilon', EPSILON)));
  const inverse = ops.op('Reciprocal', [ops.op('Sqrt', [square])]);
  const unit = ops.mul(x, inverse);
  step.give(0, ops.mul(inverse, ops.sub(gradient, ops.mul(unit, mean(ops.mul(gradient, unit))))));
}

import { DYNAMIC } from '../shapes.ts';
import type { BackStep, GradientRule } from '../step.ts';

/** Operators that put the same numbers elsewhere. */
export const LAYOUT_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Reshape: { back: reshape },
  Flatten: { back: reshape },
  Squeeze: { back: reshape },
  Unsqueeze: { back: reshape },
  Transpose: { back: transpose },
  Expand: { back: (step) => step.giveBroadcast(0, step.gradient()) },
  Tile: { back: tile, values: [1] },
  DepthToSpace: { back: depthToSpace },
  SpaceToDepth: { back: spaceToDepth },
};

function reshape(step: BackStep): void {
  step.give(0, step.ops.reshapeLike(step.gradient(), step.input(0)));
}

function transpose(step: BackStep): void {
  const rank = step.inputShape.length;
  const perm = step.attributes.ints('perm') ?? step.inputShape.map((_, axis) => rank - 1 - axis);
  if (perm.length !== rank || perm.some((_, axis) => !perm.includes(axis)))
    throw step.malformed(`its attribute perm does not order ${rank} axes`);
  step.give(
    0,
    step.ops.transpose(
      step.gradient(),
      step.inputShape.map((_, axis) => perm.indexOf(axis)),
    ),
  );
}

function tile(step: BackStep): void {
  const { ops } = step;
  const x = step.input(0);
  const repeats = step.ints(1);
  if (repeats.length !== step.inputShape.length || repeats.some((count) => count < 1))
    throw step.refuse('its repeats do not fit its axes');
  const apart: number[] = [];
  const axes: number[] = [];
  for (const [axis, count] of repeats.entries()) {
    if (count > 1) {
      axes.push(apart.length);
      apart.push(count, step.size(x, axis));
    } else apart.push(step.inputShape[axis] ?? DYNAMIC);
  }
  step.give(0, ops.reshapeLike(ops.sum(ops.reshape(step.gradient(), apart), axes), x));
}

function blocks(
  step: BackStep,
  name: string,
): readonly [size: number, channels: number, rows: number, columns: number] {
  const size = step.attributes.int('blocksize', 0);
  const [channels, rows, columns] = [step.size(name, 1), step.size(name, 2), step.size(name, 3)];
  if (size < 1 || channels % (size * size) !== 0 || step.shape(name).length !== 4)
    throw step.malformed('its blocks do not fit its channels');
  return [size, channels / (size * size), rows, columns];
}

function depthToSpace(step: BackStep): void {
  const { ops } = step;
  const [size, channels, rows, columns] = blocks(step, step.input(0));
  const apart = ops.reshape(step.gradient(), [DYNAMIC, channels, rows, size, columns, size]);
  const columnFirst = step.attributes.text('mode', 'DCR') === 'CRD';
  const turned = ops.transpose(apart, columnFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]);
  step.give(0, ops.reshapeLike(turned, step.input(0)));
}

function spaceToDepth(step: BackStep): void {
  const { ops } = step;
  const [size, channels, rows, columns] = blocks(step, step.output());
  const apart = ops.reshape(step.gradient(), [DYNAMIC, size, size, channels, rows, columns]);
  step.give(0, ops.reshapeLike(ops.transpose(apart, [0, 3, 4, 1, 5, 2]), step.input(0)));
}

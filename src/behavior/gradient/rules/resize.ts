import type { BackStep, GradientRule } from '../step.ts';

export const RESIZE_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Resize: { back: resize, values: [2] },
};

const MAX_MATRIX = 1 << 26;

/**
 * A resize is a matrix along each axis. The operator itself makes the matrices, out of one-hot rows, so that they are those
 * of its own mode and way of counting coordinates.
 */
function resize(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  const [x, y] = [step.input(0), step.output()];
  if (attributes.text('coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize')
    throw step.refuse('it cuts out a part of the image');
  if (attributes.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw step.refuse('it keeps the proportions of the image');
  const shape = step.inputShape;
  const given = attributes.ints('axes');
  const axes = given?.map((axis) => step.axis(axis, shape.length)) ?? shape.map((_, axis) => axis);
  const all = attributes.all.filter(({ name }) => name !== 'axes');
  const current = [...step.shape(y)];
  let gradient = step.gradient();
  const scales = scalesOf(step);
  if (scales.length !== 0 && scales.length !== axes.length) throw step.malformed('its scales do not fit its axes');
  for (const [at, axis] of axes.entries()) {
    const scale = scales[at];
    if (ops.shapes.equal(x, y, axis) && (scale ?? 1) === 1) continue;
    const [from, to] = [step.size(x, axis), step.size(y, axis)];
    if (from * to > MAX_MATRIX) throw step.refuse('its axis is too long');
    const rows = ops.reshape(ops.identity(from), [1, from, 1, from]);
    const none = step.opset < 13 ? ops.tape.reals([], [0], 'float32') : undefined;
    const sized =
      scale === undefined ? [none, ops.ints([1, from, 1, to])] : [ops.tape.reals([1, 1, 1, scale], [4], 'float32')];
    const matrix = ops.op('Resize', [rows, none, ...sized], all);
    gradient = ops.along(gradient, current, axis, ops.transpose(ops.reshape(matrix, [from, to]), [1, 0]));
    current[axis] = from;
  }
  step.give(0, gradient);
}

/** The factors of its axes; none where it is given sizes. */
function scalesOf(step: BackStep): readonly number[] {
  const name = step.optional(2);
  if (name === undefined || step.shape(name)[0] === 0) return [];
  return step.numbers(2);
}

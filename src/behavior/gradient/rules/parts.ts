import { DYNAMIC } from '../shapes.ts';
import type { BackStep, GradientRule } from '../step.ts';

/** Operators that take parts of tensors, or put tensors together. */
export const PART_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Concat: { back: concat },
  Split: { back: split },
  Slice: { back: slice, values: [1, 2, 3, 4] },
  Gather: { back: gather, values: [1] },
  Pad: { back: pad, values: [1, 3] },
};

/** Elements of the one-hot matrix that puts gradients back to where they came from. */
const MAX_MATRIX = 1 << 26;

function concat(step: BackStep): void {
  const { ops } = step;
  const axis = step.axis(step.attributes.int('axis', 0), step.shape(step.output()).length);
  const gradient = step.gradient();
  let at = 0;
  for (const [index, name] of step.node.inputs.entries()) {
    const size = step.size(name, axis);
    if (step.isActive(index)) step.give(index, ops.slice(gradient, axis, at, at + size));
    at += size;
  }
}

function split(step: BackStep): void {
  const { ops, node } = step;
  const axis = step.axis(step.attributes.int('axis', 0), step.inputShape.length);
  const parts = node.outputs.map((output, index) => {
    if (output === '') throw step.refuse(`its result ${index + 1} has no name`);
    step.size(output, axis);
    return step.gradientOf(index) ?? ops.mul(output, ops.real(0));
  });
  step.give(0, ops.op('Concat', parts, { axis }));
}

function slice(step: BackStep): void {
  const { ops } = step;
  const [x, y] = [step.input(0), step.output()];
  const shape = step.inputShape;
  const rank = shape.length;
  const axes = step.optional(3) === undefined ? step.ints(1).map((_, axis) => axis) : step.ints(3);
  const strides = step.optional(4) === undefined ? axes.map(() => 1) : step.ints(4);
  let gradient = step.gradient();
  let current = [...step.shape(y)];
  const before = shape.map(() => 0);
  const behind = shape.map(() => 0);
  for (const [index, given] of axes.entries()) {
    const axis = step.axis(given, rank);
    const stride = strides[index] ?? 1;
    if (stride === 1 && ops.shapes.equal(x, y, axis)) continue;
    const size = step.size(x, axis);
    const kept = step.size(y, axis);
    // Where the end is known only when the model runs, so is the size.
    step.numbers(2);
    const first = step.ints(1)[index] ?? 0;
    const start = Math.max(0, Math.min(stride > 0 ? size : size - 1, first < 0 ? first + size : first));
    const last = start + (kept - 1) * stride;
    if (last < 0 || last >= size) throw step.malformed('its range does not fit');
    if (stride === 1) {
      before[axis] = start;
      behind[axis] = size - start - kept;
      continue;
    }
    if (size * kept > MAX_MATRIX) throw step.refuse('its axis is too long');
    const places = Array.from({ length: kept }, (_, at) => start + at * stride);
    gradient = ops.along(gradient, current, axis, ops.reals(oneHot(places, size), [kept, size]));
    current = current.with(axis, size);
  }
  step.give(0, ops.pad(gradient, before, behind));
}

function oneHot(places: readonly number[], size: number): Float64Array {
  const matrix = new Float64Array(places.length * size);
  for (const [at, place] of places.entries()) matrix[at * size + place] = 1;
  return matrix;
}

function gather(step: BackStep): void {
  const { ops } = step;
  step.onlyActive(0);
  const [x, indices] = [step.input(0), step.input(1)];
  const shape = step.inputShape;
  const axis = step.axis(step.attributes.int('axis', 0), shape.length);
  const size = step.size(x, axis);
  const indexShape = step.shape(indices);
  const [lead, tail] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const known = ops.shapes.values(indices);
  const place = known?.[0];
  if (known?.length === 1 && place !== undefined) {
    const at = step.axis(place, size);
    const whole = indexShape.length === 0 ? ops.unsqueeze(step.gradient(), [axis]) : step.gradient();
    const gradient = indexShape.length < 2 ? whole : ops.reshape(whole, shape.with(axis, 1));
    const zeros = shape.map(() => 0);
    step.give(0, ops.pad(gradient, zeros.with(axis, at), zeros.with(axis, size - at - 1)));
    return;
  }
  const places = indexShape.map((_, at) => step.size(indices, at)).reduce((product, one) => product * one, 1);
  if (places * size > MAX_MATRIX) throw step.refuse('it takes too many parts of too long an axis');
  if (tail.includes(DYNAMIC)) throw step.refuse('the rows of the batch are behind its axis');
  const inner = tail.reduce((product, one) => product * one, 1);
  const outer = lead.includes(DYNAMIC) ? DYNAMIC : lead.reduce((product, one) => product * one, 1);
  const flat = ops.op('Reshape', [indices, ops.ints([1, places])]);
  const column = ops.ints(
    Array.from({ length: size }, (_, at) => at),
    [size, 1],
  );
  const wide = ops.op('Cast', [flat], { to: 7 });
  const negative = ops.op('Less', [wide, ops.ints([0], [])]);
  const positive = ops.where(negative, ops.op('Add', [wide, ops.ints([size], [])]), wide);
  const matrix = ops.mask(ops.op('Equal', [column, positive]));
  const gradient = ops.reshape(step.gradient(), [outer, places, inner]);
  step.give(0, ops.reshapeLike(ops.op('MatMul', [matrix, gradient]), x));
}

function pad(step: BackStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  const shape = step.inputShape;
  const rank = shape.length;
  const pads = step.ints(1);
  const axes = (step.optional(3) === undefined ? shape.map((_, axis) => axis) : step.ints(3)).map((axis) =>
    step.axis(axis, rank),
  );
  if (pads.length !== 2 * axes.length || new Set(axes).size !== axes.length)
    throw step.malformed('its pads do not fit');
  const before = shape.map(() => 0);
  const behind = shape.map(() => 0);
  for (const [index, axis] of axes.entries()) {
    before[axis] = pads[index] ?? 0;
    behind[axis] = pads[index + axes.length] ?? 0;
  }
  const mode = attributes.text('mode', 'constant');
  let gradient = step.gradient();
  if (mode === 'constant') {
    gradient = ops.pad(
      gradient,
      before.map((count) => -count),
      behind.map((count) => -count),
    );
  } else {
    const current = [...step.shape(step.output())];
    for (const [axis, count] of before.entries()) {
      const after = behind[axis] ?? 0;
      if (count === 0 && after === 0) continue;
      const size = step.size(step.input(0), axis);
      if (size * (size + count + after) > MAX_MATRIX) throw step.refuse('its axis is too long');
      // What the padding makes of one-hot rows is where each number went.
      const spread = ops.op('Pad', [ops.identity(size), ops.ints([0, count, 0, after])], { mode });
      gradient = ops.along(gradient, current, axis, ops.transpose(spread, [1, 0]));
      current[axis] = size;
    }
  }
  step.give(0, gradient);
}

import type { Ops } from '../ops.ts';
import type { BackStep, GradientRule } from '../step.ts';

/** The gradient of the input, of that of the result and the result itself, both with all axes. */
type Reduced = (ops: Ops, gradient: string, x: string, y: string, axes: readonly number[], step: BackStep) => string;

function reduction(back: Reduced): GradientRule {
  return {
    values: [1],
    back(step) {
      const { ops } = step;
      const x = step.input(0);
      const axes = axesOf(step);
      for (const axis of axes) step.size(x, axis);
      const keeps = step.attributes.int('keepdims', 1) !== 0;
      const whole = (value: string) => (keeps || axes.length === 0 ? value : ops.unsqueeze(value, axes));
      const result = back(ops, whole(step.gradient()), x, whole(step.output()), axes, step);
      step.give(0, ops.expandLike(result, x));
    },
  };
}

/** Sums and extremes over axes. */
export const REDUCTION_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  ReduceSum: reduction((_, gradient) => gradient),
  ReduceMean: reduction((ops, gradient, x, _, axes, step) => {
    const count = axes.reduce((product, axis) => product * step.size(x, axis), 1);
    return ops.scale(gradient, 1 / count);
  }),
  ReduceMax: reduction(extreme),
  ReduceMin: reduction(extreme),
  ReduceL1: reduction((ops, gradient, x) => ops.mul(gradient, ops.op('Sign', [x]))),
  ReduceL2: reduction((ops, gradient, x, y) => ops.mul(gradient, ops.div(x, y))),
  ReduceSumSquare: reduction((ops, gradient, x) => ops.scale(ops.mul(gradient, x), 2)),
  ReduceLogSumExp: reduction((ops, gradient, x, y) => ops.mul(gradient, ops.op('Exp', [ops.sub(x, y)]))),
  ReduceLogSum: reduction((ops, gradient, _, y) => ops.div(gradient, ops.op('Exp', [y]))),
};

/** The numbers that are equal to the result share its gradient. */
function extreme(ops: Ops, gradient: string, x: string, y: string, axes: readonly number[]): string {
  const mask = ops.mask(ops.op('Equal', [x, y]));
  return ops.mul(mask, ops.div(gradient, ops.sum(mask, axes)));
}

/** The axes, in order. They are an attribute of some operator sets, and an input of others. */
function axesOf(step: BackStep): readonly number[] {
  const rank = step.inputShape.length;
  const given = step.attributes.ints('axes') ?? (step.optional(1) === undefined ? [] : step.ints(1));
  if (given.length === 0) {
    if (step.attributes.int('noop_with_empty_axes', 0) !== 0) return [];
    return step.inputShape.map((_, axis) => axis);
  }
  const axes = given.map((axis) => step.axis(axis, rank)).sort((a, b) => a - b);
  if (new Set(axes).size !== axes.length) throw step.malformed('it names an axis twice');
  return axes;
}

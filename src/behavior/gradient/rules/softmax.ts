import type { BackStep, GradientRule } from '../step.ts';

export const SOFTMAX_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Softmax: {
    back(step) {
      const { ops } = step;
      const y = step.output();
      const gradient = step.gradient();
      const mean = ops.sum(ops.mul(gradient, y), softmaxAxes(step));
      step.give(0, ops.mul(y, ops.sub(gradient, mean)));
    },
  },
  LogSoftmax: {
    back(step) {
      const { ops } = step;
      const gradient = step.gradient();
      const sum = ops.sum(gradient, softmaxAxes(step));
      step.give(0, ops.sub(gradient, ops.mul(ops.op('Exp', [step.output()]), sum)));
    },
  },
};

/** Before operator set 13, all axes from the given one were one axis. */
function softmaxAxes(step: BackStep): readonly number[] {
  const rank = step.inputShape.length;
  const before = step.opset < 13;
  const axis = step.axis(step.attributes.int('axis', before ? 1 : -1), rank);
  const axes = before ? Array.from({ length: rank - axis }, (_, at) => axis + at) : [axis];
  for (const one of axes) step.size(step.input(0), one);
  return axes;
}

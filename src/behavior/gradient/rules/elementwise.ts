import type { BackStep, GradientRule } from '../step.ts';

/** Operators of two or more inputs that are broadcast. */
export const ELEMENTWISE_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Add: { back: (step) => each(step, (gradient) => gradient) },
  Sum: { back: (step) => each(step, (gradient) => gradient) },
  Mean: { back: (step) => each(step, (gradient) => step.ops.scale(gradient, 1 / step.node.inputs.length)) },
  Sub: { back: (step) => each(step, (gradient, index) => (index === 0 ? gradient : step.ops.neg(gradient))) },
  Mul: { back: (step) => each(step, (gradient, index) => step.ops.mul(gradient, step.input(1 - index))) },
  Div: { back: divide },
  Pow: { back: power },
  Min: { back: extreme },
  Max: { back: extreme },
  Where: { back: where },
  PRelu: { back: prelu },
};

function each(step: BackStep, gradientOf: (gradient: string, index: number) => string): void {
  const gradient = step.gradient();
  for (const index of step.node.inputs.keys()) {
    if (step.isActive(index)) step.giveBroadcast(index, gradientOf(gradient, index));
  }
}

function divide(step: BackStep): void {
  const { ops } = step;
  const share = ops.div(step.gradient(), step.input(1));
  step.giveBroadcast(0, share);
  if (step.isActive(1)) step.giveBroadcast(1, ops.neg(ops.mul(share, step.output())));
}

function power(step: BackStep): void {
  const { ops } = step;
  const [x, y] = [step.input(0), step.input(1)];
  const gradient = step.gradient();
  const exponent = ops.op('Cast', [y], { to: ops.type === 'float32' ? 1 : 11 });
  if (step.isActive(0)) {
    // x^0 is 1 everywhere, where the derivative of the general form is 0 * x^-1.
    const slope = ops.mul(exponent, ops.op('Pow', [x, ops.sub(exponent, ops.real(1))]));
    const flat = ops.op('Equal', [exponent, ops.real(0)]);
    step.giveBroadcast(0, ops.mul(gradient, ops.where(flat, ops.real(0), slope)));
  }
  if (step.isActive(1)) {
    const positive = ops.op('Greater', [x, ops.real(0)]);
    const log = ops.op('Log', [ops.where(positive, x, ops.real(1))]);
    step.giveBroadcast(1, ops.mul(gradient, ops.mul(step.output(), log)));
  }
}

/** The inputs that are equal to the result share its gradient. */
function extreme(step: BackStep): void {
  const { ops, node } = step;
  const output = step.output();
  const masks = node.inputs.map((_, index) => ops.mask(ops.op('Equal', [step.input(index), output])));
  const [first = ops.real(1), ...rest] = masks;
  const count = rest.reduce((sum, mask) => ops.add(sum, mask), first);
  const share = ops.div(step.gradient(), count);
  for (const [index, mask] of masks.entries()) {
    if (step.isActive(index)) step.giveBroadcast(index, ops.mul(share, mask));
  }
}

function where(step: BackStep): void {
  const { ops } = step;
  const condition = step.input(0);
  const gradient = step.gradient();
  if (step.isActive(1)) step.giveBroadcast(1, ops.where(condition, gradient, ops.real(0)));
  if (step.isActive(2)) step.giveBroadcast(2, ops.where(condition, ops.real(0), gradient));
}

function prelu(step: BackStep): void {
  const { ops } = step;
  const [x, slope] = [step.input(0), step.input(1)];
  const gradient = step.gradient();
  const positive = ops.op('Greater', [x, ops.real(0)]);
  if (step.isActive(0)) step.giveBroadcast(0, ops.where(positive, gradient, ops.mul(gradient, slope)));
  if (step.isActive(1)) step.giveBroadcast(1, ops.where(positive, ops.real(0), ops.mul(gradient, x)));
}

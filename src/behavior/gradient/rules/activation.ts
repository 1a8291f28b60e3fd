import type { Ops } from '../ops.ts';
import type { BackStep, GradientRule } from '../step.ts';

/** The derivative of a function of one number, at `x`, where its result is `y`. */
type Derivative = (ops: Ops, x: string, y: string, step: BackStep) => string;

function slope(derivative: Derivative): GradientRule {
  return {
    back(step) {
      const { ops } = step;
      step.onlyActive(0);
      step.give(0, ops.mul(step.gradient(), derivative(ops, step.input(0), step.output(), step)));
    },
  };
}

/** A derivative that is 0 or 1: what does not pass is 0 even where the gradient is infinite. */
function passes(condition: (ops: Ops, x: string, y: string, step: BackStep) => string): GradientRule {
  return {
    back(step) {
      const { ops } = step;
      step.onlyActive(0);
      step.give(0, ops.keep(condition(ops, step.input(0), step.output(), step), step.gradient()));
    },
  };
}

const positive = (ops: Ops, x: string) => ops.op('Greater', [x, ops.real(0)]);
const between = (ops: Ops, x: string, low: number, high: number) =>
  ops.op('And', [ops.op('Greater', [x, ops.real(low)]), ops.op('Less', [x, ops.real(high)])]);
const square = (ops: Ops, x: string) => ops.mul(x, x);
const oneMinus = (ops: Ops, x: string) => ops.sub(ops.real(1), x);

const SELU_ALPHA = 1.6732631921768188;
const SELU_GAMMA = 1.0507010221481323;

/** Operators that apply a function to each number. */
export const ACTIVATION_GRADIENTS: Readonly<Record<string, GradientRule>> = {
  Neg: { back: (step) => step.give(0, step.ops.neg(step.gradient())) },
  Identity: { back: (step) => step.give(0, step.gradient()) },
  Exp: slope((_, _x, y) => y),
  Log: { back: (step) => step.give(0, step.ops.div(step.gradient(), step.input(0))) },
  Sqrt: slope((ops, _, y) => ops.div(ops.real(0.5), y)),
  Reciprocal: slope((ops, _, y) => ops.neg(square(ops, y))),
  Abs: slope((ops, x) => ops.op('Sign', [x])),
  Erf: slope((ops, x) => ops.scale(ops.op('Exp', [ops.neg(square(ops, x))]), 2 / Math.sqrt(Math.PI))),
  Sin: slope((ops, x) => ops.op('Cos', [x])),
  Cos: slope((ops, x) => ops.neg(ops.op('Sin', [x]))),
  Tan: slope((ops, _, y) => ops.add(ops.real(1), square(ops, y))),
  Atan: slope((ops, x) => ops.op('Reciprocal', [ops.add(ops.real(1), square(ops, x))])),
  Sigmoid: slope((ops, _, y) => ops.mul(y, oneMinus(ops, y))),
  Tanh: slope((ops, _, y) => oneMinus(ops, square(ops, y))),
  Softplus: slope((ops, x) => ops.op('Sigmoid', [x])),
  Softsign: slope((ops, _, y) => square(ops, oneMinus(ops, ops.op('Abs', [y])))),
  Relu: passes((ops, _, y) => positive(ops, y)),
  LeakyRelu: slope((ops, x, _, { attributes }) =>
    ops.where(positive(ops, x), ops.real(1), ops.real(attributes.float('alpha', 0.01))),
  ),
  ThresholdedRelu: passes((ops, x, _, { attributes }) =>
    ops.op('Greater', [x, ops.real(attributes.float('alpha', 1))]),
  ),
  Elu: slope((ops, x, y, { attributes }) =>
    ops.where(positive(ops, x), ops.real(1), ops.add(y, ops.real(attributes.float('alpha', 1)))),
  ),
  Selu: slope((ops, x, y, { attributes }) => {
    const gamma = attributes.float('gamma', SELU_GAMMA);
    const below = ops.add(y, ops.real(gamma * attributes.float('alpha', SELU_ALPHA)));
    return ops.where(positive(ops, x), ops.real(gamma), below);
  }),
  Celu: slope((ops, x, y, { attributes }) => {
    const below = ops.add(ops.scale(y, 1 / attributes.float('alpha', 1)), ops.real(1));
    return ops.where(positive(ops, x), ops.real(1), below);
  }),
  HardSigmoid: slope((ops, _, y, { attributes }) =>
    ops.scale(ops.mask(between(ops, y, 0, 1)), attributes.float('alpha', 0.2)),
  ),
  HardSwish: slope((ops, x) => {
    const bent = ops.add(ops.scale(x, 1 / 3), ops.real(0.5));
    const above = ops.mask(ops.op('Greater', [x, ops.real(0)]));
    return ops.where(between(ops, x, -3, 3), bent, above);
  }),
  Mish: slope((ops, x) => {
    const tanh = ops.op('Tanh', [ops.op('Softplus', [x])]);
    return ops.add(tanh, ops.mul(ops.mul(x, ops.op('Sigmoid', [x])), oneMinus(ops, square(ops, tanh))));
  }),
  Swish: slope((ops, x, y, { attributes }) => {
    const alpha = attributes.float('alpha', 1);
    const sigmoid = ops.op('Sigmoid', [ops.scale(x, alpha)]);
    return ops.add(sigmoid, ops.scale(ops.mul(y, oneMinus(ops, sigmoid)), alpha));
  }),
  Gelu: slope((ops, x, _, step) =>
    step.attributes.text('approximate', 'none') === 'tanh' ? geluTanh(ops, x) : geluErf(ops, x),
  ),
  // A number within the bounds is one that the operator leaves as it is.
  Clip: passes((ops, x, y) => ops.op('Equal', [x, y])),
  Dropout: { back: dropout, values: [2] },
  Cast: { back: cast },
};

function geluErf(ops: Ops, x: string): string {
  const density = ops.scale(ops.op('Exp', [ops.scale(square(ops, x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  const below = ops.scale(ops.add(ops.real(1), ops.op('Erf', [ops.scale(x, Math.SQRT1_2)])), 0.5);
  return ops.add(below, ops.mul(x, density));
}

/** y = x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3). */
function geluTanh(ops: Ops, x: string): string {
  const factor = Math.sqrt(2 / Math.PI);
  const cube = ops.mul(square(ops, x), x);
  const tanh = ops.op('Tanh', [ops.scale(ops.add(x, ops.scale(cube, 0.044715)), factor)]);
  const inner = ops.scale(ops.add(ops.real(1), ops.scale(square(ops, x), 3 * 0.044715)), factor);
  const bend = ops.mul(ops.mul(x, oneMinus(ops, square(ops, tanh))), inner);
  return ops.scale(ops.add(ops.add(ops.real(1), tanh), bend), 0.5);
}

function dropout(step: BackStep): void {
  // A model that is tested does not drop anything, unless it is asked to train.
  const training = step.optional(2);
  if (training !== undefined) {
    const values = step.ops.shapes.values(training);
    if (values === undefined || values.some((value) => value !== 0)) throw step.refuse('it drops numbers at random');
  }
  step.give(0, step.gradient());
}

/** The gradient is of the type that the input has. */
function cast(step: BackStep): void {
  step.give(0, step.ops.op('Cast', [step.gradient()], { to: step.inputType === 'float32' ? 1 : 11 }));
}

import { float } from '../../../formats/onnx/index.ts';
import { ballOf, roundingOf, TINY } from '../interval.ts';
import type { BoundRule, BoundStep } from '../step.ts';

/** Sums of products of the input by numbers that it does not change (Gowal et al. 2018, section 3). */
export const LINEAR_BOUNDS: Readonly<Record<string, BoundRule>> = {
  Gemm: gemm,
  MatMul: matmul,
  Conv: convolution,
  ConvTranspose: convolution,
  BatchNormalization: batchNormalization,
};

interface Affine {
  /** The result for a center, with all that is added. */
  readonly center: (value: string) => string;
  /** What the magnitudes of the weights make of a radius. */
  readonly radius: (value: string) => string;
  /** What is added after the products. */
  readonly added: string | undefined;
  readonly terms: number;
}

/** A center goes through the weights, and a radius through their magnitudes; both are widened by what a sum may lose. */
function affine(step: BoundStep, index: number, { center, radius, added, terms }: Affine): void {
  const { ops } = step;
  const share = roundingOf(step.checkTerms(terms));
  const ball = ballOf(ops, step.interval(index), terms);
  const middle = center(ball.center);
  const reached = radius(ball.radius);
  const all = added === undefined ? reached : ops.add(reached, ops.scale(ops.op('Abs', [added]), share));
  const far = ops.add(ops.scale(all, 1 + share), ops.real(TINY));
  const [low, high] = [ops.sub(middle, far), ops.add(middle, far)];
  step.finite(low);
  step.finite(high);
  step.exactly(low, high, terms);
}

function gemm(step: BoundStep): void {
  const { ops, attributes } = step;
  step.onlyActive(0);
  if (attributes.int('transA', 0) !== 0) throw step.refuse('it turns the rows of the batch');
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  const transB = attributes.int('transB', 0);
  const [weights, added] = [step.input(1), step.optional(2)];
  const sizes = step.shape(weights);
  const positive = ops.op('Abs', [weights]);
  affine(step, 0, {
    center: (value) => ops.op('Gemm', [value, weights, added], attributes.all),
    radius: (value) => ops.op('Gemm', [value, positive], { transB, alpha: float(Math.abs(alpha)) }),
    added: added === undefined ? undefined : ops.scale(added, beta),
    terms: sizes[transB === 0 ? 0 : 1] ?? 1,
  });
}

function matmul(step: BoundStep): void {
  const { ops } = step;
  const index = step.isActive(0) ? 0 : 1;
  step.onlyActive(index);
  const weights = step.input(1 - index);
  const shape = step.shape(weights);
  const positive = ops.op('Abs', [weights]);
  const product = (value: string, by: string) => ops.op('MatMul', index === 0 ? [value, by] : [by, value]);
  affine(step, index, {
    center: (value) => product(value, weights),
    radius: (value) => product(value, positive),
    added: undefined,
    terms: (index === 0 && shape.length > 1 ? shape.at(-2) : shape.at(-1)) ?? 1,
  });
}

function convolution(step: BoundStep): void {
  const { ops, node, attributes } = step;
  step.onlyActive(0);
  const [weights, added] = [step.input(1), step.optional(2)];
  const [first = 1, second = 1, ...space] = step.shape(weights);
  const group = attributes.int('group', 1);
  const channels = node.op === 'Conv' ? second : Math.ceil(first / Math.max(1, group));
  const positive = ops.op('Abs', [weights]);
  affine(step, 0, {
    center: (value) => ops.op(node.op, [value, weights, added], attributes.all),
    radius: (value) => ops.op(node.op, [value, positive], attributes.all),
    added: added === undefined ? undefined : perChannel(step, added),
    terms: space.reduce((all, size) => all * size, channels),
  });
}

/** The scale over the deviation is the weight of each channel. */
function batchNormalization(step: BoundStep): void {
  const { ops, attributes, node } = step;
  step.onlyActive(0);
  if (attributes.int('training_mode', 0) !== 0 || node.outputs.slice(1).some((name) => name !== ''))
    throw step.refuse('it takes the mean of the batch');
  const epsilon = attributes.float('epsilon', 1e-5);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => step.input(index));
  const deviation = ops.op('Sqrt', [ops.add(variance ?? '', ops.real(epsilon))]);
  const weights = ops.div(scale ?? '', deviation);
  const positive = perChannel(step, ops.op('Abs', [weights]));
  const moved = ops.add(ops.op('Abs', [bias ?? '']), ops.op('Abs', [ops.mul(weights, mean ?? '')]));
  affine(step, 0, {
    center: (value) => ops.op('BatchNormalization', [value, scale, bias, mean, variance], attributes.all),
    radius: (value) => ops.mul(value, positive),
    added: perChannel(step, moved),
    terms: step.interval(0).terms,
  });
}

/** A number for each channel, to be broadcast to the result. */
function perChannel(step: BoundStep, name: string): string {
  const rank = step.shape(step.input(0)).length;
  return step.ops.reshape(name, [1, -1, ...Array.from({ length: Math.max(0, rank - 2) }, () => 1)]);
}

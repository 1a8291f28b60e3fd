import { magnitudeOf, roundingOf, type TensorBounds } from '../interval.ts';
import type { BoundRule, BoundStep } from '../step.ts';

/** Operators of two or more inputs that are broadcast. */
export const ELEMENTWISE_BOUNDS: Readonly<Record<string, BoundRule>> = {
  Add: (step) => sum(step, [step.interval(0), step.interval(1)]),
  Sum: (step) =>
    sum(
      step,
      step.node.inputs.map((_, index) => step.interval(index)),
    ),
  Sub: (step) => sum(step, [step.interval(0), opposite(step, step.interval(1))]),
  Mul: multiply,
  Div: divide,
  Pow: power,
  Min: (step) => extreme(step, 'Min'),
  Max: (step) => extreme(step, 'Max'),
  PRelu: prelu,
  Where: where,
};

function opposite({ ops }: BoundStep, { lower, upper, terms }: TensorBounds): TensorBounds {
  return { lower: ops.neg(upper), upper: ops.neg(lower), terms };
}

/** A runtime may add a tensor to a sum of products before it rounds that: each number may lose what the longest sum does. */
function sum(step: BoundStep, all: readonly TensorBounds[]): void {
  const { ops } = step;
  const total = (part: (one: TensorBounds) => string) => {
    const [first = ops.real(0), ...rest] = all.map(part);
    return rest.reduce((so, one) => ops.add(so, one), first);
  };
  const terms = all.reduce((most, one) => Math.max(most, one.terms), all.length);
  step.outwards(
    total(({ lower }) => lower),
    total(({ upper }) => upper),
    { terms, magnitude: total((one) => magnitudeOf(ops, one)) },
  );
}

/** The least and the greatest of some tensors. */
function spanOf({ ops }: BoundStep, ends: readonly string[]): readonly [lower: string, upper: string] {
  return [ops.op('Min', ends), ops.op('Max', ends)];
}

function multiply(step: BoundStep): void {
  const { ops } = step;
  if (step.input(0) === step.input(1)) {
    square(step);
    return;
  }
  const [a, b] = [step.interval(0), step.interval(1)];
  step.outwards(...spanOf(step, products(step, a, b)), {
    share: roundingOf(1),
    terms: Math.max(a.terms, b.terms),
    magnitude: ops.mul(magnitudeOf(ops, a), magnitudeOf(ops, b)),
  });
}

function products({ ops }: BoundStep, a: TensorBounds, b: TensorBounds): readonly string[] {
  const left = a.lower === a.upper ? [a.lower] : [a.lower, a.upper];
  const right = b.lower === b.upper ? [b.lower] : [b.lower, b.upper];
  return left.flatMap((one) => right.map((other) => ops.mul(one, other)));
}

function square(step: BoundStep): void {
  const { ops } = step;
  const { lower, upper } = step.interval(0);
  const below = ops.op('Max', [lower, ops.neg(upper), ops.real(0)]);
  const above = ops.op('Max', [ops.neg(lower), upper]);
  step.outwards(ops.mul(below, below), ops.mul(above, above));
}

/** Runtimes fuse a division by a deviation with what it is made of, and round that otherwise: a divisor is a constant. */
function divide(step: BoundStep): void {
  const { ops } = step;
  step.onlyActive(0);
  const { lower, upper, terms } = step.interval(0);
  const divisor = step.interval(1).lower;
  // Of zero, the quotients are not finite.
  const ends = [lower, upper].map((end) => ops.div(end, divisor));
  step.outwards(...spanOf(step, ends), { share: roundingOf(1), terms });
}

function power(step: BoundStep): void {
  step.onlyActive(0);
  const exponents = step.ops.shapes.values(step.input(1));
  if (exponents === undefined || exponents.some((one) => one !== 2)) throw step.refuse('its exponent is not 2');
  square(step);
}

function extreme(step: BoundStep, op: 'Min' | 'Max'): void {
  const all = step.node.inputs.map((_, index) => step.interval(index));
  const end = (part: (one: TensorBounds) => string) => step.ops.op(op, all.map(part));
  step.exactly(
    end(({ lower }) => lower),
    end(({ upper }) => upper),
    all.reduce((most, { terms }) => Math.max(most, terms), 1),
  );
}

/** It bends at zero: the ends are those of its interval, and zero where that lies within. */
function prelu(step: BoundStep): void {
  const { ops } = step;
  step.onlyActive(0);
  const slopes = step.input(1);
  step.finite(slopes);
  const { lower, upper, terms } = step.interval(0);
  const bend = ops.op('Min', [ops.op('Max', [lower, ops.real(0)]), upper]);
  const ends = [lower, upper, bend].map((end) => ops.op('PRelu', [end, slopes]));
  step.outwards(...spanOf(step, ends), { terms });
}

function where(step: BoundStep): void {
  step.onlyActive(1, 2);
  const [a, b] = [step.interval(1), step.interval(2)];
  const chosen = (yes: string, no: string) => step.ops.where(step.input(0), yes, no);
  step.exactly(chosen(a.lower, b.lower), chosen(a.upper, b.upper), Math.max(a.terms, b.terms));
}

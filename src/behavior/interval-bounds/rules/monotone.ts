import type { BoundRule, BoundStep } from '../step.ts';

/** What a runtime that approximates a function may be off by: as a share of its result, and at least. */
const SHARE = 2 ** -18;
const LEAST = 1e-6;

interface Rise {
  /** Whether it rises with these attributes. */
  readonly if?: (step: BoundStep) => boolean;
  /** Numbers are chosen, not computed. */
  readonly exact?: true;
}

/** A function of one number that never falls: the ends of an interval become its ends. */
function rising({ if: rises = () => true, exact }: Rise = {}): BoundRule {
  return (step) => {
    step.onlyActive(0);
    if (!rises(step)) throw step.refuse('with its attributes it is not a function that rises');
    const { lower, upper, terms } = step.interval(0);
    const [low = ''] = step.again(new Map([[0, lower]]));
    const [high = ''] = step.again(new Map([[0, upper]]));
    if (exact === true) step.exactly(low, high, terms);
    else step.outwards(low, high, { share: SHARE, least: LEAST });
  };
}

const alpha = (otherwise: number) => (step: BoundStep) => step.attributes.float('alpha', otherwise) >= 0;

/** Functions of one number. */
export const MONOTONE_BOUNDS: Readonly<Record<string, BoundRule>> = {
  Relu: rising({ exact: true }),
  Identity: rising({ exact: true }),
  LeakyRelu: rising({ if: alpha(0.01) }),
  Elu: rising({ if: alpha(1) }),
  Celu: rising({ if: (step) => step.attributes.float('alpha', 1) > 0 }),
  Selu: rising({ if: ({ attributes }) => attributes.float('alpha', 1) >= 0 && attributes.float('gamma', 1) >= 0 }),
  HardSigmoid: rising({ if: alpha(0.2) }),
  Sigmoid: rising(),
  Tanh: rising(),
  Softplus: rising(),
  Softsign: rising(),
  Erf: rising(),
  Atan: rising(),
  Exp: rising(),
  Clip: clip,
  Neg: negate,
  Abs: absolute,
  Sqrt: root,
  Reciprocal: reciprocal,
  Dropout: dropout,
  Cast: cast,
};

function clip(step: BoundStep): void {
  for (const index of [1, 2]) if (step.optional(index) !== undefined) step.finite(step.input(index));
  rising({ exact: true })(step);
}

function negate(step: BoundStep): void {
  const { lower, upper, terms } = step.interval(0);
  step.exactly(step.ops.neg(upper), step.ops.neg(lower), terms);
}

function absolute(step: BoundStep): void {
  const { ops } = step;
  const { lower, upper, terms } = step.interval(0);
  const below = ops.op('Max', [lower, ops.neg(upper), ops.real(0)]);
  step.exactly(below, ops.op('Max', [ops.neg(lower), upper]), terms);
}

function root(step: BoundStep): void {
  const { ops } = step;
  const { lower, upper } = step.interval(0);
  // Below zero it gives what is not a number.
  step.demandFromZero(lower);
  step.outwards(ops.op('Sqrt', [lower]), ops.op('Sqrt', [upper]), { share: SHARE });
}

function reciprocal(step: BoundStep): void {
  const { ops } = step;
  const { lower, upper } = step.interval(0);
  step.demand(ops.op('Greater', [ops.mul(lower, upper), ops.real(0)]));
  step.outwards(ops.op('Reciprocal', [upper]), ops.op('Reciprocal', [lower]), { share: SHARE });
}

function dropout(step: BoundStep): void {
  step.onlyActive(0);
  const training = step.optional(2);
  if (training !== undefined) {
    const values = step.ops.shapes.values(training);
    if (values === undefined || values.some((value) => value !== 0)) throw step.refuse('it drops numbers at random');
  }
  const { lower, upper, terms } = step.interval(0);
  step.exactly(lower, upper, terms);
}

/** All numbers that have bounds are of 32 bits. */
function cast(step: BoundStep): void {
  if (step.attributes.int('to', 0) !== 1) throw step.refuse('it casts to numbers that are not of 32 bits');
  const { lower, upper, terms } = step.interval(0);
  step.exactly(lower, upper, terms);
}

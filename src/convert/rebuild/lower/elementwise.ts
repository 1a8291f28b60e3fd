import type { DataType } from '../../../formats/onnx/index.ts';
import {
  broadcast,
  elementwiseTerm,
  expandedTerm,
  productTerm,
  type SymbolicShape,
  SymbolicSize,
  sum,
  type Term,
} from '../terms/index.ts';
import { broadcastItems } from './items.ts';
import { type OperatorRule, type RuleCall, resultType, unknownForm } from './node.ts';
import { FLOATS, INTEGERS, itemsValue, type LoweredValue, loweredValue } from './value.ts';

/** Element types by their numbers in attributes. */
const TYPES: ReadonlyMap<number, DataType> = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [16, 'bfloat16'],
]);

type Operand = LoweredValue & { readonly shape: SymbolicShape };

function operands(call: RuleCall, count = call.inputs.length): Operand[] {
  return Array.from({ length: count }, (_, i) => call.input(i));
}

function together(values: readonly Operand[]): SymbolicShape {
  const shape = broadcast(values.map(({ shape: one }) => one));
  if (shape === undefined) throw unknownForm('the shapes of its operands do not fit');
  return shape;
}

/** A result of the whole shape. */
function made(call: RuleCall, values: readonly Operand[], term: Term, type = resultType(values)): LoweredValue[] {
  const shape = together(values);
  return [loweredValue(expandedTerm(call.terms, term, shape), type, shape)];
}

/** Computes with sizes, where all operands are; else gives `undefined`. */
function counted(
  call: RuleCall,
  values: readonly Operand[],
  combine: (...items: SymbolicSize[]) => SymbolicSize | undefined,
  type = resultType(values),
): LoweredValue[] | undefined {
  const shape = together(values);
  const items = broadcastItems(values, shape, combine);
  return items === undefined ? undefined : [itemsValue(call.terms, items, type, shape)];
}

function binary(
  combine: (a: SymbolicSize, b: SymbolicSize) => SymbolicSize | undefined,
  general: (call: RuleCall, a: Operand, b: Operand) => Term,
): OperatorRule {
  return (call) => {
    const values = operands(call, 2);
    const [a, b] = [call.input(0), call.input(1)];
    if (a.type === 'uint8' || a.type === 'int8' || a.type === 'bool') throw unknownForm(`it computes with ${a.type}`);
    return (
      counted(call, values, (x = SymbolicSize.of(0), y = SymbolicSize.of(0)) => combine(x, y)) ??
      made(call, values, general(call, a, b))
    );
  };
}

const add = binary(
  (a, b) => a.plus(b),
  ({ terms }, a, b) =>
    sum(terms, [
      [1, a.term],
      [1, b.term],
    ]),
);
const sub = binary(
  (a, b) => a.minus(b),
  ({ terms }, a, b) =>
    sum(terms, [
      [1, a.term],
      [-1, b.term],
    ]),
);
const mul = binary(
  (a, b) => a.times(b),
  ({ terms }, a, b) =>
    productTerm(terms, [
      [1, a.term],
      [1, b.term],
    ]),
);
const div = binary(quotient, ({ terms }, a, b) =>
  INTEGERS.has(a.type)
    ? elementwiseTerm(terms, 'quotient', [a.term, b.term])
    : productTerm(terms, [
        [1, a.term],
        [-1, b.term],
      ]),
);

/** The quotient of sizes that are not negative, rounded down. */
function quotient(a: SymbolicSize, b: SymbolicSize): SymbolicSize | undefined {
  const exact = b.sign === 0 ? undefined : a.over(b);
  if (exact !== undefined) return exact;
  const [x, y] = [a.number, b.number];
  return x !== undefined && y !== undefined && y !== 0 ? SymbolicSize.of(Math.trunc(x / y)) : undefined;
}

const pow: OperatorRule = (call) => {
  const [base, exponent] = [call.input(0), call.input(1)];
  const number = exponent.term.op === 'expand' ? exponent.term.args[0] : exponent.term;
  const term =
    number?.op === 'number'
      ? productTerm(call.terms, [[number.constant, base.term]])
      : elementwiseTerm(call.terms, 'power', [base.term, exponent.term]);
  return made(call, [base, exponent], term);
};

function raised(exponent: number): OperatorRule {
  return (call) => {
    const x = call.input(0);
    return [loweredValue(productTerm(call.terms, [[exponent, x.term]]), x.type, x.shape)];
  };
}

/** An operator of one operand without attributes. */
function unary(op: string): OperatorRule {
  return (call) => {
    const x = call.input(0);
    return [loweredValue(elementwiseTerm(call.terms, op, [x.term]), x.type, x.shape)];
  };
}

const neg: OperatorRule = (call) => {
  const x = call.input(0);
  const items = counted(call, [x], (item = SymbolicSize.of(0)) => SymbolicSize.of(0).minus(item));
  return items ?? [loweredValue(sum(call.terms, [[-1, x.term]]), x.type, x.shape)];
};

const not: OperatorRule = (call) => {
  const x = call.input(0);
  const items = counted(call, [x], (item = SymbolicSize.of(0)) =>
    truth(item.sign === undefined ? undefined : item.sign === 0),
  );
  if (items !== undefined) return items;
  const [inner] = x.term.args;
  const term = x.term.op === 'Not' && inner !== undefined ? inner : elementwiseTerm(call.terms, 'Not', [x.term]);
  return [loweredValue(term, 'bool', x.shape)];
};

function truth(value: boolean | undefined): SymbolicSize | undefined {
  return value === undefined ? undefined : SymbolicSize.of(value ? 1 : 0);
}

/** A comparison, as one of `Equal`, `Less` and `LessOrEqual`. */
function compare(op: 'Equal' | 'Less' | 'LessOrEqual', swapped: boolean): OperatorRule {
  const holds = (a: SymbolicSize, b: SymbolicSize): boolean | undefined => {
    const { sign } = a.minus(b);
    if (op === 'Equal') return sign === undefined ? undefined : sign === 0;
    if (sign === undefined) return undefined;
    return op === 'Less' ? sign < 0 : sign <= 0;
  };
  return (call) => {
    const values = swapped ? [call.input(1), call.input(0)] : [call.input(0), call.input(1)];
    const items = counted(call, values, (a = SymbolicSize.of(0), b = SymbolicSize.of(0)) => truth(holds(a, b)), 'bool');
    if (items !== undefined) return items;
    const args = values.map(({ term }) => term);
    if (op === 'Equal') args.sort((a, b) => a.id - b.id);
    return made(call, values, elementwiseTerm(call.terms, op, args), 'bool');
  };
}

function logical(op: 'And' | 'Or' | 'Xor'): OperatorRule {
  return (call) => {
    const values = operands(call, 2);
    const items = counted(
      call,
      values,
      (a = SymbolicSize.of(0), b = SymbolicSize.of(0)) => {
        if (a.sign === undefined || b.sign === undefined) return undefined;
        const [x, y] = [a.sign !== 0, b.sign !== 0];
        return truth(op === 'And' ? x && y : op === 'Or' ? x || y : x !== y);
      },
      'bool',
    );
    if (items !== undefined) return items;
    const args = values.map(({ term }) => term).sort((a, b) => a.id - b.id);
    return made(call, values, elementwiseTerm(call.terms, op, args), 'bool');
  };
}

const where: OperatorRule = (call) => {
  const values = operands(call, 3);
  const [condition, yes, no] = [call.input(0), call.input(1), call.input(2)];
  const items = counted(
    call,
    values,
    (chosen = SymbolicSize.of(0), a = SymbolicSize.of(0), b = SymbolicSize.of(0)) =>
      chosen.sign === undefined ? undefined : chosen.sign !== 0 ? a : b,
    yes.type,
  );
  if (items !== undefined) return items;
  const shape = together(values);
  const fixed = condition.items?.every(({ number }) => number === condition.items?.[0]?.number)
    ? condition.items[0]?.number
    : undefined;
  const chosen = fixed === undefined ? undefined : fixed !== 0 ? yes : no;
  if (chosen !== undefined) return [loweredValue(expandedTerm(call.terms, chosen.term, shape), yes.type, shape)];
  // Rows of which every key is hidden have no softmax: exporters write 0 there.
  if (
    condition.term.op === 'IsNaN' &&
    condition.term.args[0] === no.term &&
    no.term.op === 'softmax' &&
    isZero(yes.term)
  )
    return [loweredValue(expandedTerm(call.terms, no.term, shape), no.type, shape)];
  const term = elementwiseTerm(call.terms, 'Where', [condition.term, yes.term, no.term]);
  return made(call, values, term, yes.type);
};

function isZero(term: Term): boolean {
  const number = term.op === 'expand' ? term.args[0] : term;
  return number?.op === 'number' && number.constant === 0;
}

const cast: OperatorRule = (call) => {
  const x = call.input(0);
  const type = TYPES.get(call.int('to'));
  call.ignore('saturate');
  if (type === undefined) throw unknownForm('it makes elements of a type that is not computed with');
  return [converted(call, x, type)];
};

const castLike: OperatorRule = (call) => {
  call.ignore('saturate');
  return [converted(call, call.input(0), call.input(1).type)];
};

function converted(call: RuleCall, x: Operand, type: DataType): LoweredValue {
  const { terms } = call;
  if (x.items !== undefined && INTEGERS.has(type)) {
    const items =
      type === 'bool' ? x.items.map((item) => truth(item.sign === undefined ? undefined : item.sign !== 0)) : x.items;
    const known = items.filter((item) => item !== undefined);
    if (known.length === items.length) return itemsValue(terms, known, type, x.shape);
  }
  if (type === 'bool')
    return {
      ...x,
      items: undefined,
      type,
      term: x.type === 'bool' ? x.term : elementwiseTerm(terms, 'bool', [x.term]),
    };
  if (INTEGERS.has(type) && FLOATS.has(x.type))
    return { ...x, items: undefined, type, term: elementwiseTerm(terms, 'whole', [x.term]) };
  // Whole numbers of few bits would be cut, and small floating-point numbers rounded.
  const cuts = (type === 'uint8' || type === 'int8') && x.type !== type && x.type !== 'bool';
  if (cuts) return { ...x, items: undefined, type, term: elementwiseTerm(terms, 'round', [x.term], type) };
  if ((type === 'float16' || type === 'bfloat16') && x.type !== type && !terms.halves)
    return { ...x, items: undefined, type, term: elementwiseTerm(terms, 'round', [x.term], type) };
  return { ...x, items: undefined, type };
}

const clip: OperatorRule = (call) => {
  const x = call.input(0);
  const bounds = [1, 2].map((i) => call.optional(i)?.term);
  const shown = bounds.map((bound) => {
    if (bound === undefined) return '';
    if (bound.op !== 'number') throw unknownForm('its bounds are computed');
    return `${bound.constant}`;
  });
  return [loweredValue(elementwiseTerm(call.terms, 'Clip', [x.term], shown.join()), x.type, x.shape)];
};

function extreme(op: 'Min' | 'Max'): OperatorRule {
  return (call) => {
    const values = operands(call);
    const items = counted(call, values, (...all) => {
      const known = all.map(({ number }) => number);
      if (known.some((number) => number === undefined)) return undefined;
      const numbers = known.filter((number) => number !== undefined);
      return SymbolicSize.of(op === 'Min' ? Math.min(...numbers) : Math.max(...numbers));
    });
    if (items !== undefined) return items;
    const args = values.map(({ term }) => term).sort((a, b) => a.id - b.id);
    return made(call, values, elementwiseTerm(call.terms, op, args));
  };
}

export const ELEMENTWISE_FORMS: Readonly<Record<string, OperatorRule>> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: div,
  Pow: pow,
  Sum: (call) => {
    const values = operands(call);
    return made(
      call,
      values,
      sum(
        call.terms,
        values.map(({ term }) => [1, term] as const),
      ),
    );
  },
  Sqrt: raised(0.5),
  Reciprocal: raised(-1),
  Neg: neg,
  Not: not,
  And: logical('And'),
  Or: logical('Or'),
  Xor: logical('Xor'),
  Equal: compare('Equal', false),
  Less: compare('Less', false),
  LessOrEqual: compare('LessOrEqual', false),
  Greater: compare('Less', true),
  GreaterOrEqual: compare('LessOrEqual', true),
  Where: where,
  Cast: cast,
  CastLike: castLike,
  Clip: clip,
  Min: extreme('Min'),
  Max: extreme('Max'),
  IsNaN: (call) => {
    const x = call.input(0);
    return [loweredValue(elementwiseTerm(call.terms, 'IsNaN', [x.term]), 'bool', x.shape)];
  },
  ...Object.fromEntries(
    ['Erf', 'Tanh', 'Sigmoid', 'Relu', 'Exp', 'Log', 'Cos', 'Sin', 'Abs', 'Floor', 'Ceil', 'Softplus', 'Softsign'].map(
      (op) => [op, unary(op)],
    ),
  ),
};

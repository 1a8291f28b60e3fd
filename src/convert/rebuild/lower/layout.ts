import {
  broadcast,
  concatTerms,
  elements,
  expandedTerm,
  gatherTerm,
  isOne,
  ONE,
  placesTerm,
  reshapeTerm,
  type SymbolicShape,
  SymbolicSize,
  sameShape,
  sizeTerm,
  sliceTerm,
  sum,
  type Term,
  transposeTerm,
} from '../terms/index.ts';
import { axisIn, type OperatorRule, type RuleCall, unknownForm } from './node.ts';
import { filledValue, itemsValue, type LoweredValue, loweredValue, MAX_ITEMS } from './value.ts';

type Known = LoweredValue & { readonly shape: SymbolicShape };

/** The same elements in another shape. */
function reshaped(call: RuleCall, x: Known, shape: SymbolicShape): LoweredValue[] {
  if (x.items !== undefined) return [itemsValue(call.terms, x.items, x.type, shape)];
  return [loweredValue(reshapeTerm(call.terms, x.term, shape), x.type, shape)];
}

const shapeOf: OperatorRule = (call) => {
  const { shape } = call.input(0);
  const [start, end] = [call.int('start', 0), call.int('end', shape.length)];
  const part = shape.slice(start, end);
  return [itemsValue(call.terms, part, 'int64', [SymbolicSize.of(part.length)])];
};

const sizeOf: OperatorRule = (call) => [itemsValue(call.terms, [elements(call.input(0).shape)], 'int64', [])];

const reshapeTo: OperatorRule = (call) => {
  const x = call.input(0);
  const keepsZero = call.int('allowzero', 0) === 1;
  const given = call.items(1);
  const target = given.map((size, i) => {
    if (size.number === 0 && !keepsZero) return x.shape[i] ?? ONE;
    return size.number === -1 ? undefined : size;
  });
  return reshaped(call, x, completed(x.shape, target));
};

/** A shape with the one size that the others leave open. */
function completed(from: SymbolicShape, target: readonly (SymbolicSize | undefined)[]): SymbolicShape {
  const known = target.filter((size) => size !== undefined);
  if (known.length === target.length) {
    if (!elements(known).equals(elements(from))) throw unknownForm('its shapes have different numbers of elements');
    return known;
  }
  if (known.length < target.length - 1) throw unknownForm('several sizes of its shape are open');
  // Sizes on both sides are left out first: a quotient of sums is not known otherwise.
  const left = [...from];
  const right: SymbolicSize[] = [];
  for (const size of known) {
    const at = left.findIndex((one) => one.equals(size));
    if (at < 0) right.push(size);
    else left.splice(at, 1);
  }
  const open = elements(left).over(elements(right));
  if (open === undefined) throw unknownForm('a size of its shape is not known');
  return target.map((size) => size ?? open);
}

const transposeBy: OperatorRule = (call) => {
  const x = call.input(0);
  const order = call.ints('perm') ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  if (order.length !== x.shape.length || new Set(order).size !== order.length)
    throw unknownForm('its order is not one');
  const shape = order.map((axis) => x.shape[axisIn(axis, x.shape.length)] ?? ONE);
  return [loweredValue(transposeTerm(call.terms, x.term, x.shape, order), x.type, shape)];
};

const unsqueeze: OperatorRule = (call) => {
  const x = call.input(0);
  const axes = call.axes(1, 13);
  if (axes === undefined) throw unknownForm('it has no axes');
  const rank = x.shape.length + axes.length;
  const at = new Set(axes.map((axis) => axisIn(axis, rank)));
  if (at.size !== axes.length) throw unknownForm('an axis comes twice');
  const rest = [...x.shape];
  return reshaped(
    call,
    x,
    Array.from({ length: rank }, (_, i) => (at.has(i) ? ONE : (rest.shift() ?? ONE))),
  );
};

const squeeze: OperatorRule = (call) => {
  const x = call.input(0);
  const axes = call.axes(1, 13);
  const at = new Set(
    axes?.map((axis) => axisIn(axis, x.shape.length)) ?? x.shape.flatMap((size, i) => (isOne(size) ? [i] : [])),
  );
  if ([...at].some((axis) => !isOne(x.shape[axis]))) throw unknownForm('it leaves out a dimension that is not 1');
  return reshaped(
    call,
    x,
    x.shape.filter((_, i) => !at.has(i)),
  );
};

const flatten: OperatorRule = (call) => {
  const x = call.input(0);
  const axis = call.int('axis', 1);
  const at = axis === x.shape.length ? axis : axisIn(axis, x.shape.length);
  return reshaped(call, x, [elements(x.shape.slice(0, at)), elements(x.shape.slice(at))]);
};

const expand: OperatorRule = (call) => {
  const x = call.input(0);
  const shape = broadcast([x.shape, call.items(1)]);
  if (shape === undefined) throw unknownForm('its shapes do not fit');
  const [first] = x.items ?? [];
  if (first !== undefined && x.items?.length === 1) {
    const count = elements(shape).number;
    if (count !== undefined && count <= MAX_ITEMS)
      return [itemsValue(call.terms, new Array<SymbolicSize>(count).fill(first), x.type, shape)];
  }
  return [loweredValue(expandedTerm(call.terms, x.term, shape), x.type, shape)];
};

const tile: OperatorRule = (call) => {
  const x = call.input(0);
  const times = call.items(1);
  if (times.length !== x.shape.length || times.some((one, i) => !isOne(one) && !isOne(x.shape[i])))
    throw unknownForm('it repeats more than one element');
  const shape = x.shape.map((size, i) => (isOne(size) ? (times[i] ?? ONE) : size));
  return [loweredValue(expandedTerm(call.terms, x.term, shape), x.type, shape)];
};

const constantOfShape: OperatorRule = (call) => {
  const shape = call.items(0);
  const given = call.tensor('value');
  if (given === undefined) return [filledValue(call.terms, 0, 'float32', shape)];
  const number = given.term.op === 'expand' ? given.term.args[0] : given.term;
  if (number?.op !== 'number') throw unknownForm('its value is not a number');
  return [filledValue(call.terms, number.constant, given.type, shape)];
};

const range: OperatorRule = (call) => {
  const [start, limit, step] = [0, 1, 2].map((i) => call.items(i)[0]);
  if (start === undefined || limit === undefined || step?.number !== 1) throw unknownForm('its step is not 1');
  const count = limit.minus(start);
  const { type } = call.input(0);
  const { number } = count;
  if (number !== undefined && number <= MAX_ITEMS)
    return [
      itemsValue(
        call.terms,
        Array.from({ length: Math.max(0, number) }, (_, i) => start.plus(SymbolicSize.of(i))),
        type,
        [count],
      ),
    ];
  const term = sum(call.terms, [
    [1, placesTerm(call.terms, count)],
    [1, sizeTerm(call.terms, start)],
  ]);
  return [loweredValue(term, type, [count])];
};

const concatenate: OperatorRule = (call) => {
  const parts = call.inputs.map((_, i) => call.input(i));
  const [first] = parts;
  if (first === undefined) throw unknownForm('it joins nothing');
  const rank = first.shape.length;
  const axis = axisIn(call.int('axis'), rank);
  const fits = parts.every(
    ({ shape }) =>
      shape.length === rank && shape.every((size, i) => i === axis || first.shape[i]?.equals(size) === true),
  );
  if (!fits) throw unknownForm('the shapes of its operands do not fit');
  const total = parts.reduce((size, { shape }) => size.plus(shape[axis] ?? ONE), SymbolicSize.of(0));
  const shape = first.shape.map((size, i) => (i === axis ? total : size));
  const items = parts.flatMap((part) => part.items ?? []);
  if (rank === 1 && items.length === total.number && items.length <= MAX_ITEMS)
    return [itemsValue(call.terms, items, first.type, shape)];
  const solid = parts.filter((part) => part.shape[axis]?.number !== 0);
  return [
    loweredValue(
      concatTerms(
        call.terms,
        solid.map(({ term }) => term),
        rank - axis,
      ),
      first.type,
      shape,
    ),
  ];
};

const sliceOf: OperatorRule = (call) => {
  const x = call.input(0);
  const [starts, ends] = [call.items(1), call.items(2)];
  const axes = call.has(3) ? call.numbers(3) : starts.map((_, i) => i);
  const steps = call.has(4) ? call.numbers(4) : starts.map(() => 1);
  if (steps.some((step) => step !== 1)) throw unknownForm('it takes every second element, or turns them round');
  let result: Known = x;
  for (const [i, axis] of axes.entries()) {
    const [start, end] = [starts[i], ends[i]];
    if (start === undefined || end === undefined) throw unknownForm('its bounds and axes do not match');
    result = slicedValue(call, result, axisIn(axis, x.shape.length), start, end);
  }
  return [result];
};

/** The largest index that programs write for the end of a dimension. */
const END = 2 ** 31 - 1;

/** Some neighbours along an axis. */
export function slicedValue(call: RuleCall, x: Known, axis: number, start: SymbolicSize, end: SymbolicSize): Known {
  const size = x.shape[axis] ?? ONE;
  const [from, last] = [bound(start, size), bound(end, size)];
  const to = last.minus(size).sign === 1 ? size : last;
  const length = to.minus(from);
  if (length.sign === undefined && length.number !== 0) throw unknownForm('the bounds of a sliceTerm are not known');
  if ((length.number ?? 1) < 0) throw unknownForm('a sliceTerm has no elements');
  const shape = x.shape.map((one, i) => (i === axis ? length : one));
  const [first, behind] = [from.number, to.number];
  if (x.items !== undefined && x.shape.length === 1 && first !== undefined && behind !== undefined) {
    const items = x.items.slice(first, behind);
    return { ...itemsValue(call.terms, items, x.type, shape), shape };
  }
  return { ...loweredValue(sliceTerm(call.terms, x.term, x.shape.length - axis, from, to), x.type, shape), shape };
}

/** A bound within a dimension. */
function bound(at: SymbolicSize, size: SymbolicSize): SymbolicSize {
  const { number } = at;
  if (number !== undefined) {
    if (number >= END) return size;
    if (number < 0) return size.plus(at);
    if (size.number !== undefined) return SymbolicSize.of(Math.min(number, size.number));
    if (number > 1) throw unknownForm('a sliceTerm ends at a number of a dimension whose size is not known');
    return at;
  }
  // Sizes that depend on the inputs are within the tables of a model, or it could not run.
  return at.sign === -1 ? size.plus(at) : at;
}

const split: OperatorRule = (call) => {
  const x = call.input(0);
  const axis = axisIn(call.int('axis', 0), x.shape.length);
  const count = call.node.outputs.length;
  const given = call.version < 13 ? call.ints('split') : call.has(1) ? call.numbers(1) : undefined;
  const parts = call.int('num_outputs', count);
  const size = x.shape[axis]?.number;
  if (parts !== count || (given === undefined && (size === undefined || size % count !== 0)))
    throw unknownForm('its parts are not known');
  const each = given ?? new Array<number>(count).fill((size ?? 0) / count);
  let at = 0;
  return each.map((length) => {
    const part = slicedValue(call, x, axis, SymbolicSize.of(at), SymbolicSize.of(at + length));
    at += length;
    return part;
  });
};

const gather: OperatorRule = (call) => {
  const [x, index] = [call.input(0), call.input(1)];
  const axis = axisIn(call.int('axis', 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)];
  const numbers = index.items?.map(({ number }) => number);
  if (x.items !== undefined && x.shape.length === 1 && numbers !== undefined) {
    const items = numbers.flatMap((at) => x.items?.at(at ?? Number.NaN) ?? []);
    if (items.length === numbers.length && !numbers.includes(undefined))
      return [itemsValue(call.terms, items, x.type, shape)];
  }
  const [only] = numbers ?? [];
  if (numbers?.length === 1 && only !== undefined) {
    const size = x.shape[axis] ?? ONE;
    const start = only < 0 ? size.plus(SymbolicSize.of(only)) : SymbolicSize.of(only);
    return reshaped(call, slicedValue(call, x, axis, start, start.plus(ONE)), shape);
  }
  return [loweredValue(gathered(call, x, index, axis, shape), x.type, shape)];
};

function gathered(call: RuleCall, x: Known, index: Known, axis: number, shape: SymbolicShape): Term {
  const { terms } = call;
  const number = index.term.op === 'expand' ? index.term.args[0] : index.term;
  if (axis === 0 && number?.op === 'number') {
    const row = SymbolicSize.of(number.constant);
    const one = sliceTerm(terms, x.term, x.shape.length, row, row.plus(ONE));
    const inner = reshapeTerm(terms, one, [...index.shape.map(() => ONE), ...x.shape.slice(1)]);
    return expandedTerm(terms, inner, shape);
  }
  const [count] = index.term.shape;
  if (axis === 0 && index.term.op === 'places' && count !== undefined)
    return reshapeTerm(terms, sliceTerm(terms, x.term, x.shape.length, SymbolicSize.of(0), count), shape);
  return gatherTerm(terms, x.term, index.term, shape, x.shape.length - axis);
}

const identity: OperatorRule = (call) => [call.input(0)];

const dropout: OperatorRule = (call) => {
  call.ignore('seed', 'ratio');
  if (call.has(2) && call.numbers(2)[0] !== 0) throw unknownForm('it drops elements');
  return [call.input(0)];
};

const trilu: OperatorRule = (call) => {
  const x = call.input(0);
  const upper = call.int('upper', 1);
  const diagonal = call.has(1) ? (call.numbers(1)[0] ?? 0) : 0;
  return [
    loweredValue(
      call.terms.make({ op: 'Trilu', attribute: `${upper},${diagonal}`, args: [x.term], shape: x.shape }),
      x.type,
      x.shape,
    ),
  ];
};

/** Writes over all elements, in their order: what remains is what is written. */
const scatter: OperatorRule = (call) => {
  const [x, indices, updates] = [call.input(0), call.input(1), call.input(2)];
  if (call.text('reduction', 'none') !== 'none') throw unknownForm('it combines elements');
  const rank = x.shape.length;
  const expected = [...x.shape, SymbolicSize.of(rank)];
  const parts = indices.term.op === 'concat' && indices.term.attribute === '1' ? indices.term.args : [];
  const everywhere =
    sameShape(indices.shape, expected) &&
    parts.length === rank &&
    parts.every((part, axis) => isPlaceOf(part, axis, x.shape));
  if (!everywhere) throw unknownForm('it does not write over every element');
  return [{ ...updates, shape: x.shape, items: undefined, term: reshapeTerm(call.terms, updates.term, x.shape) }];
};

/** Whether a term is, at each place of a shape, the index of one of its dimensions. The last dimension is one of size 1. */
function isPlaceOf(term: Term, axis: number, shape: SymbolicShape): boolean {
  let inner: Term | undefined = term;
  while (inner?.op === 'expand' || inner?.op === 'reshape') inner = inner.args[0];
  const size = shape[axis] ?? ONE;
  if (isOne(size)) return inner?.op === 'number' && inner.constant === 0;
  if (inner?.op !== 'places' || !size.equals(inner.shape[0] ?? ONE)) return false;
  // The only dimension of the innermost shape that is not 1 has to be this one.
  const own = term.op === 'expand' ? (term.args[0] ?? term) : term;
  const back = own.shape.findIndex((one) => !isOne(one)) - own.shape.length;
  return back === axis - (shape.length + 1);
}

export const LAYOUT_FORMS: Readonly<Record<string, OperatorRule>> = {
  Shape: shapeOf,
  Size: sizeOf,
  Reshape: reshapeTo,
  Transpose: transposeBy,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Flatten: flatten,
  Expand: expand,
  Tile: tile,
  ConstantOfShape: constantOfShape,
  Range: range,
  Concat: concatenate,
  Slice: sliceOf,
  Split: split,
  Gather: gather,
  Identity: identity,
  Dropout: dropout,
  Trilu: trilu,
  ScatterND: scatter,
};

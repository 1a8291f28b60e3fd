import { apart, elementwiseTerm, expandedTerm, productTerm, scaled, sum, type Weighted } from './algebra.ts';
import { isOne, ONE, padded, type SymbolicShape, SymbolicSize, sameShape, shapeKey, stripped } from './size.ts';
import type { Term, TermTable } from './table.ts';

/** Operators of one element of each operand. */
export const ELEMENTWISE_TERMS: ReadonlySet<string> = new Set([
  ...[
    'sum',
    'product',
    'Erf',
    'Tanh',
    'Sigmoid',
    'Relu',
    'Exp',
    'Log',
    'Cos',
    'Sin',
    'Abs',
    'Clip',
    'Min',
    'Max',
    'Floor',
    'Ceil',
  ],
  ...[
    'Softplus',
    'Softsign',
    'Selu',
    'Not',
    'And',
    'Or',
    'Xor',
    'Equal',
    'Less',
    'LessOrEqual',
    'Where',
    'IsNaN',
    'bool',
    'whole',
  ],
  ...['quotient', 'power', 'round'],
]);

/** The same operator of other operands. */
export function again(terms: TermTable, term: Term, args: readonly Term[]): Term {
  const made = applied(terms, term, args);
  terms.onMoved(made, term);
  return made;
}

function applied(terms: TermTable, term: Term, args: readonly Term[]): Term {
  const parts = args.map((arg, i): Weighted => [term.numbers[i] ?? 0, arg]);
  if (term.attribute !== '') return elementwiseTerm(terms, term.op, args, term.attribute, term);
  if (term.op === 'sum') return sum(terms, parts, term.constant);
  if (term.op === 'product') return productTerm(terms, parts, term.constant);
  return elementwiseTerm(terms, term.op, args, term.attribute);
}

/** The elements in row order in another shape. */
export function reshapeTerm(terms: TermTable, term: Term, shape: SymbolicShape): Term {
  const target = stripped(shape);
  if (sameShape(term.shape, target)) return term;
  const [first] = term.args;
  if (term.op === 'reshape' && first !== undefined) return reshapeTerm(terms, first, target);
  if (term.op === 'number') return expandedTerm(terms, term, target);
  const places = unitPlaces(term.shape, target);
  if (term.op === 'expand' && first !== undefined) {
    if (first.op === 'number') return expandedTerm(terms, first, target);
    if (places !== undefined) return expandedTerm(terms, moved(terms, first, places, term.shape, target), target);
  }
  const [factor, bare] = apart(terms, term);
  if (factor !== 1) return scaled(terms, reshapeTerm(terms, bare, target), factor);
  if (ELEMENTWISE_TERMS.has(term.op)) {
    const key = `reshape ${shapeKey(target)}`;
    if (places !== undefined)
      return terms.once(key, term, () =>
        again(
          terms,
          term,
          term.args.map((arg) => moved(terms, arg, places, term.shape, target)),
        ),
      );
    if (isRowWise(term, target)) return terms.once(key, term, () => rowWise(terms, term, target));
  }
  if (term.op === 'matmul' && keepsLast(term.shape, target)) {
    const [x, weight] = term.args;
    const inner = x?.shape.at(-1);
    if (x !== undefined && inner !== undefined && weight?.shape.length === 2)
      return matmul(terms, reshapeTerm(terms, x, [...target.slice(0, -1), inner]), weight, 2);
  }
  return terms.make({ op: 'reshape', args: [term], shape: target });
}

/** Where each dimension goes when only sizes of 1 come and go; `undefined` for another change. */
function unitPlaces(from: SymbolicShape, to: SymbolicShape): number[] | undefined {
  const [left, right] = [from, to].map((shape) => shape.flatMap((size, i) => (isOne(size) ? [] : [i])));
  if (left === undefined || right === undefined || left.length !== right.length) return undefined;
  const places = new Array<number>(from.length).fill(-1);
  for (const [i, at] of left.entries()) {
    const other = right[i];
    if (other === undefined || to[other]?.equals(from[at] ?? ONE) !== true) return undefined;
    places[at] = other;
  }
  return places;
}

function moved(terms: TermTable, arg: Term, places: readonly number[], from: SymbolicShape, to: SymbolicShape): Term {
  const own = padded(arg.shape, from.length);
  const shape = to.map(() => ONE);
  for (const [i, place] of places.entries()) if (place >= 0) shape[place] = own[i] ?? ONE;
  return reshapeTerm(terms, arg, shape);
}

function keepsLast(from: SymbolicShape, to: SymbolicShape): boolean {
  const last = from.at(-1);
  return last !== undefined && to.at(-1)?.equals(last) === true;
}

/** Whether the operands of an operator are of the whole shape, or of the last dimension alone. */
function isRowWise({ args, shape }: Term, target: SymbolicShape): boolean {
  return keepsLast(shape, target) && args.every(({ shape: own }) => own.length <= 1 || sameShape(own, shape));
}

/** The same operator of other rows. */
function rowWise(terms: TermTable, term: Term, target: SymbolicShape): Term {
  return again(
    terms,
    term,
    term.args.map((arg) => (arg.shape.length <= 1 ? arg : reshapeTerm(terms, arg, target))),
  );
}

/** @param full the shape with its sizes of 1 at the beginning, in which the order is given */
export function transposeTerm(terms: TermTable, term: Term, full: SymbolicShape, order: readonly number[]): Term {
  const result = order.map((axis) => full[axis] ?? ONE);
  const solid = order.filter((axis) => !isOne(full[axis]));
  if (solid.every((axis, i) => i === 0 || (solid[i - 1] ?? 0) < axis)) return reshapeTerm(terms, term, result);
  const [factor, bare] = apart(terms, term);
  if (factor !== 1) return scaled(terms, transposeTerm(terms, bare, full, order), factor);
  const [first] = term.args;
  if (term.op === 'expand' && first !== undefined)
    return expandedTerm(terms, transposeTerm(terms, first, padded(first.shape, full.length), order), result);
  if (ELEMENTWISE_TERMS.has(term.op)) {
    return terms.once(`transpose ${full.length} ${order.join()}`, term, () =>
      again(
        terms,
        term,
        term.args.map((arg) => transposeTerm(terms, arg, padded(arg.shape, full.length), order)),
      ),
    );
  }
  if (term.op === 'concat') {
    const axis = full.length - Number(term.attribute);
    const parts = term.args.map((arg) => transposeTerm(terms, arg, padded(arg.shape, full.length), order));
    return concatTerms(terms, parts, full.length - order.indexOf(axis));
  }
  // Without sizes of 1, there is one way to write the order.
  const squeezed = full.filter((size) => !isOne(size));
  const ranks = [...solid].sort((a, b) => a - b);
  const places = solid.map((axis) => ranks.indexOf(axis));
  const inner = reshapeTerm(terms, term, squeezed);
  return reshapeTerm(terms, ordered(terms, inner, places), result);
}

/** @param term without sizes of 1 */
function ordered(terms: TermTable, term: Term, order: readonly number[]): Term {
  const [inner] = term.args;
  if (term.op === 'transpose' && inner !== undefined) {
    const before = term.attribute.split(',').map(Number);
    return ordered(
      terms,
      inner,
      order.map((axis) => before[axis] ?? 0),
    );
  }
  if (order.every((axis, i) => axis === i)) return term;
  const shape = order.map((axis) => term.shape[axis] ?? ONE);
  return terms.make({ op: 'transpose', attribute: order.join(), args: [term], shape });
}

/** Neighbours along an axis. @param back the axis, counted from the last one, which is 1 */
export function sliceTerm(terms: TermTable, term: Term, back: number, start: SymbolicSize, end: SymbolicSize): Term {
  const size = term.shape.at(-back);
  if (size === undefined || (start.number === 0 && end.equals(size))) return term;
  const length = end.minus(start);
  const shape = term.shape.map((one, i) => (i === term.shape.length - back ? length : one));
  const [first] = term.args;
  if (term.op === 'places' && back === 1)
    return sum(terms, [
      [1, placesTerm(terms, length)],
      [1, sizeTerm(terms, start)],
    ]);
  if (term.op === 'expand' && first !== undefined && isOne(first.shape.at(-back)))
    return expandedTerm(terms, first, shape);
  if (ELEMENTWISE_TERMS.has(term.op))
    return terms.once(`slice ${back} ${start.key} ${end.key}`, term, () =>
      again(
        terms,
        term,
        term.args.map((arg) => (isOne(arg.shape.at(-back)) ? arg : sliceTerm(terms, arg, back, start, end))),
      ),
    );
  const places = term.op === 'reshape' && first !== undefined ? unitPlaces(first.shape, term.shape) : undefined;
  const axis = places?.indexOf(term.shape.length - back) ?? -1;
  if (first !== undefined && axis >= 0)
    return reshapeTerm(terms, sliceTerm(terms, first, first.shape.length - axis, start, end), shape);
  const inner = term.attribute.split('|');
  if (term.op === 'slice' && first !== undefined && inner[0] === `${back}`) {
    const before = term.bounds?.[0];
    if (before !== undefined) return sliceTerm(terms, first, back, before.plus(start), before.plus(end));
  }
  if (term.op === 'concat' && term.attribute === `${back}`) {
    const piece = pieceOf(terms, term, back, start, end);
    if (piece !== undefined) return piece;
  }
  if (term.op === 'concat' && term.attribute !== `${back}`) {
    const parts = term.args.map((arg) => sliceTerm(terms, arg, back, start, end));
    return concatTerms(terms, parts, Number(term.attribute));
  }
  const bounds = [start, end] as const;
  return terms.make({ op: 'slice', attribute: `${back}|${shapeKey(bounds)}`, args: [term], shape, bounds });
}

/** The parts of a concatenation that a slice is made of. */
function pieceOf(
  terms: TermTable,
  { args }: Term,
  back: number,
  start: SymbolicSize,
  end: SymbolicSize,
): Term | undefined {
  const bounds = [SymbolicSize.of(0)];
  for (const { shape } of args) bounds.push((bounds.at(-1) ?? ONE).plus(shape.at(-back) ?? ONE));
  const [from, to] = [start, end].map((at) => bounds.findIndex((bound) => bound.equals(at)));
  if (from === undefined || to === undefined || from < 0 || to <= from) return undefined;
  return concatTerms(terms, args.slice(from, to), back);
}

/** @param back the axis, counted from the last one, which is 1 */
export function concatTerms(terms: TermTable, parts: readonly Term[], back: number): Term {
  const flat = parts.flatMap((part) => (part.op === 'concat' && part.attribute === `${back}` ? part.args : [part]));
  const [first] = flat;
  if (first === undefined) throw new RangeError('no tensors are joined');
  if (flat.length === 1) return first;
  const rank = flat.reduce((most, { shape }) => Math.max(most, shape.length), back);
  const total = flat.reduce(
    (size, { shape }) => size.plus(padded(shape, rank)[rank - back] ?? ONE),
    SymbolicSize.of(0),
  );
  const shape = [...padded(first.shape, rank)];
  shape[rank - back] = total;
  return terms.make({ op: 'concat', attribute: `${back}`, args: flat, shape });
}

/** Rows of a table. @param back the axis of the rows, counted from the last one, which is the first of the table */
export function gatherTerm(terms: TermTable, table: Term, index: Term, shape: SymbolicShape, back: number): Term {
  const rank = table.shape.length;
  if (back === rank && ELEMENTWISE_TERMS.has(table.op)) {
    const inner = shape.slice(0, shape.length - rank + 1);
    const args = table.args.map((arg) => {
      const own = padded(arg.shape, rank);
      if (isOne(own[0])) return arg;
      return gatherTerm(terms, arg, index, [...inner, ...own.slice(1)], back);
    });
    return expandedTerm(terms, again(terms, table, args), shape);
  }
  if (back === rank && table.op === 'concat' && table.attribute !== `${rank}`) {
    const axis = Number(table.attribute);
    const parts = table.args.map((arg) => {
      const own = padded(arg.shape, rank);
      return gatherTerm(terms, arg, index, [...shape.slice(0, shape.length - rank + 1), ...own.slice(1)], back);
    });
    return concatTerms(terms, parts, axis);
  }
  const line = table.op === 'reshape' ? table.args[0] : table;
  if (back === rank && line?.op === 'places' && table.shape.slice(1).every(isOne))
    return reshapeTerm(terms, index, shape);
  return terms.make({ op: 'gather', attribute: `${back}`, args: [table, index], shape });
}

/** 0, 1, 2, ... */
export function placesTerm(terms: TermTable, size: SymbolicSize): Term {
  return size.number === 1 ? terms.number(0) : terms.make({ op: 'places', attribute: size.key, shape: [size] });
}

/** A size as a number of the graph. */
export function sizeTerm(terms: TermTable, size: SymbolicSize): Term {
  const { number } = size;
  return number === undefined ? terms.make({ op: 'size', attribute: size.key, shape: [] }) : terms.number(number);
}

/** The product of matrices. @param rank dimensions of the second one */
export function matmul(terms: TermTable, a: Term, b: Term, rank: number): Term {
  const [left, right] = [apart(terms, a), apart(terms, b)];
  const factor = left[0] * right[0];
  if (factor !== 1) return scaled(terms, matmul(terms, left[1], right[1], rank), factor);
  const [rows, inner] = padded(a.shape, 2).slice(-2);
  const columns = padded(b.shape, 2).at(-1);
  if (isOne(inner)) {
    // Each element is one product.
    return productTerm(terms, [
      [1, a],
      [1, b],
    ]);
  }
  const outer = broadcastOuter(a.shape, b.shape);
  return terms.make({ op: 'matmul', args: [a, b], shape: [...outer, rows ?? ONE, columns ?? ONE] });
}

function broadcastOuter(a: SymbolicShape, b: SymbolicShape): SymbolicShape {
  const rank = Math.max(a.length, b.length, 2) - 2;
  const [left, right] = [padded(a, rank + 2), padded(b, rank + 2)];
  return Array.from({ length: rank }, (_, i) => (isOne(left[i]) ? (right[i] ?? ONE) : (left[i] ?? ONE)));
}

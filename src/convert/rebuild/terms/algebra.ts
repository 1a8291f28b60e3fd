import { broadcast, type SymbolicShape, sameShape, stripped } from './size.ts';
import type { Term, TermTable } from './table.ts';

/** A term, and what it is multiplied by in a sum, or its exponent in a product. */
export type Weighted = readonly [factor: number, term: Term];

/** Numbers beyond these overflow, or take digits away, where a graph computes with 32 bits: they are not put together with others. */
const LARGEST = 1e8;

/**
 * The sum of terms and a number. Sums within are part of it, equal terms are one, and numbers are multiplied out: every way to write a sum
 * gives the same term. What is added and taken away again stays: infinite numbers would not be 0, and large ones take digits away.
 */
export function sum(terms: TermTable, parts: readonly Weighted[], constant = 0): Term {
  const full = broadcast(parts.map(([, { shape }]) => shape)) ?? [];
  const flat = new Gathered();
  const numbers = { up: Math.max(0, constant), down: Math.min(0, constant) };
  const count = (value: number): void => {
    if (value < 0) numbers.down += value;
    else numbers.up += value;
  };
  for (const [factor, term] of parts) {
    const inner = withoutExpand(term);
    if (inner.op === 'number') count(factor * inner.constant);
    else if (inner.op === 'sum' && inner.attribute === '' && isPlain(inner, factor)) {
      count(factor * inner.constant);
      for (const [i, arg] of inner.args.entries()) flat.add(arg, factor * (inner.numbers[i] ?? 0));
    } else if (inner.op === 'product' && inner.attribute === '' && isModest(factor * inner.constant)) {
      flat.add(productTerm(terms, weights(inner)), factor * inner.constant);
    } else flat.add(inner, factor);
  }
  const kept = flat.list(terms);
  const [first] = kept;
  const total = terms.snap(numbers.up + numbers.down);
  if (first === undefined) return expandedTerm(terms, terms.number(total), full);
  const attribute = numbers.up !== 0 && numbers.down !== 0 ? `${numbers.up},${numbers.down}` : '';
  if (kept.length === 1 && total === 0 && attribute === '')
    return expandedTerm(terms, scaled(terms, first[1], first[0]), full);
  const shape = broadcast(kept.map(([, { shape: one }]) => one)) ?? full;
  const args = kept.map(([, term]) => term);
  const made = terms.make({
    op: 'sum',
    attribute,
    args,
    numbers: kept.map(([factor]) => factor),
    constant: total,
    shape,
  });
  return expandedTerm(terms, made, full);
}

/**
 * The product of powers of terms and a number, in one form for every way to write it. What is multiplied and divided by stays, as do powers
 * that are not whole numbers: they are not what they were for 0, for infinite and for negative numbers.
 */
export function productTerm(terms: TermTable, parts: readonly Weighted[], constant = 1): Term {
  const full = broadcast(parts.map(([, { shape }]) => shape)) ?? [];
  const flat = new Gathered(Number.isInteger);
  let factor = constant;
  for (const [exponent, term] of parts) {
    const inner = withoutExpand(term);
    if (inner.op === 'number') factor *= inner.constant ** exponent;
    else if (inner.op === 'product' && inner.attribute === '' && mayMultiply(inner, exponent)) {
      factor *= inner.constant ** exponent;
      for (const [i, arg] of inner.args.entries()) flat.add(arg, exponent * (inner.numbers[i] ?? 0));
    } else {
      const [scale, bare] = apart(terms, inner);
      factor *= scale ** exponent;
      flat.add(bare, exponent);
    }
  }
  const kept = flat.list(terms);
  const scale = terms.snap(factor);
  const [first] = kept;
  if (first === undefined) return expandedTerm(terms, terms.number(scale), full);
  const attribute = isModest(scale) ? '' : 'beyond';
  if (kept.length === 1 && first[0] === 1 && attribute === '') {
    if (scale === 1) return expandedTerm(terms, first[1], full);
    if (first[1].op === 'sum' && first[1].attribute === '' && isPlain(first[1], scale))
      return expandedTerm(terms, scaledSum(terms, first[1], scale), full);
  }
  const polynomial = attribute === '' ? multipliedOut(terms, kept, scale) : undefined;
  if (polynomial !== undefined) return expandedTerm(terms, polynomial, full);
  const shape = broadcast(kept.map(([, { shape: one }]) => one)) ?? full;
  const args = kept.map(([, term]) => term);
  const made = terms.make({
    op: 'product',
    attribute,
    args,
    numbers: kept.map(([exponent]) => exponent),
    constant: scale,
    shape,
  });
  return expandedTerm(terms, made, full);
}

/** Whether a number can be put together with others. */
function isModest(value: number): boolean {
  const size = Math.abs(value);
  return size <= LARGEST && size >= 1 / LARGEST;
}

/** Whether all numbers of a sum can be multiplied. */
function isPlain({ numbers, constant }: Term, factor: number): boolean {
  return (
    numbers.every((number) => isModest(number * factor)) && (constant === 0 || Math.abs(constant * factor) <= LARGEST)
  );
}

/** Terms with their factors or exponents. Equal terms are one where their signs are. */
class Gathered {
  readonly #up = new Map<Term, number>();
  readonly #down = new Map<Term, number>();
  readonly #apart: Weighted[] = [];
  readonly #mayJoin: (number: number) => boolean;

  constructor(mayJoin: (number: number) => boolean = () => true) {
    this.#mayJoin = mayJoin;
  }

  add(term: Term, number: number): void {
    const side = number < 0 ? this.#down : this.#up;
    if (this.#mayJoin(number)) side.set(term, (side.get(term) ?? 0) + number);
    else this.#apart.push([number, term]);
  }

  list(terms: TermTable): Weighted[] {
    const all = [this.#up, this.#down].flatMap((side) => [...side].map(([term, number]): Weighted => [number, term]));
    return [...all, ...this.#apart]
      .map(([number, term]): Weighted => [terms.snap(number), term])
      .sort(([a, left], [b, right]) => left.id - right.id || a - b);
  }
}

export function scaled(terms: TermTable, term: Term, factor: number): Term {
  return factor === 1 ? term : productTerm(terms, [[1, term]], factor);
}

export function power(terms: TermTable, term: Term, exponent: number): Term {
  return productTerm(terms, [[exponent, term]]);
}

/** A term of elements of others: nothing but its name and its operands is known of it. */
export function elementwiseTerm(
  terms: TermTable,
  op: string,
  args: readonly Term[],
  attribute = '',
  { numbers, constant }: Pick<Term, 'numbers' | 'constant'> = { numbers: [], constant: 0 },
): Term {
  const full = broadcast(args.map(({ shape }) => shape)) ?? [];
  const bare = args.map(withoutExpand);
  const shape = broadcast(bare.map(({ shape: one }) => one)) ?? full;
  return expandedTerm(terms, terms.make({ op, attribute, args: bare, numbers, constant, shape }), full);
}

/** The term in a larger shape, in which its elements come several times. */
export function expandedTerm(terms: TermTable, term: Term, shape: SymbolicShape): Term {
  const target = stripped(shape);
  if (sameShape(term.shape, target)) return term;
  const inner = term.op === 'expand' ? (term.args[0] ?? term) : term;
  if (sameShape(inner.shape, target)) return inner;
  return terms.make({ op: 'expand', args: [inner], shape: target });
}

/** A number that a term is a multiple of, and the rest: sums begin with a coefficient of 1, products have none. */
export function apart(terms: TermTable, term: Term): [number, Term] {
  if (term.attribute !== '') return [1, term];
  if (term.op === 'product' && term.constant !== 1) return [term.constant, productTerm(terms, weights(term))];
  const first = term.op === 'sum' ? Math.abs(term.numbers[0] ?? 1) : 1;
  return first === 1 || !isPlain(term, 1 / first) ? [1, term] : [first, scaledSum(terms, term, 1 / first)];
}

/** The parts of a sum or a product. */
export function weights({ args, numbers }: Term): Weighted[] {
  return args.map((arg, i) => [numbers[i] ?? 0, arg]);
}

function scaledSum(terms: TermTable, term: Term, factor: number): Term {
  return terms.make({
    op: 'sum',
    args: term.args,
    numbers: term.numbers.map((number) => terms.snap(number * factor)),
    constant: terms.snap(term.constant * factor),
    shape: term.shape,
  });
}

/** What combines a term with others repeats its elements by itself; the result is expanded where it would be smaller. */
function withoutExpand(term: Term): Term {
  return term.op === 'expand' ? (term.args[0] ?? term) : term;
}

/** Whether `(x ** a) ** exponent` is `x ** (a * exponent)` for every x. */
function mayMultiply({ args, numbers, constant }: Term, exponent: number): boolean {
  if (Math.abs(exponent) === 1) return true;
  if (Number.isInteger(exponent)) return numbers.every(Number.isInteger);
  return args.length === 1 && numbers[0] === 1 && constant > 0;
}

/** `x * (a + b x)` as `a x + b x x`: a polynomial of one term is a sum of its powers. */
function multipliedOut(terms: TermTable, parts: readonly Weighted[], factor: number): Term | undefined {
  const [a, b] = parts;
  if (parts.length !== 2 || a === undefined || b === undefined) return undefined;
  for (const [[exponent, base], [times, polynomial]] of [
    [a, b],
    [b, a],
  ] as const) {
    if (
      times !== 1 ||
      polynomial.op !== 'sum' ||
      polynomial.attribute !== '' ||
      !Number.isInteger(exponent) ||
      exponent < 1
    )
      continue;
    const powers = polynomial.args.map((arg) => powerOf(arg, base));
    if (powers.includes(undefined)) continue;
    const raised = polynomial.args.map((_, i): Weighted => {
      const total = exponent + (powers[i] ?? 0);
      return [factor * (polynomial.numbers[i] ?? 0), productTerm(terms, [[total, base]])];
    });
    const last: Weighted[] =
      polynomial.constant === 0 ? [] : [[factor * polynomial.constant, productTerm(terms, [[exponent, base]])]];
    return sum(terms, [...raised, ...last]);
  }
  return undefined;
}

function powerOf(term: Term, base: Term): number | undefined {
  if (term === base) return 1;
  const exponent = term.numbers[0];
  return term.op === 'product' && term.args.length === 1 && term.args[0] === base && term.constant === 1
    ? exponent
    : undefined;
}

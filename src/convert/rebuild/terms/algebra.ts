import { broadcast, type SymbolicShape, sameShape, stripped } from './size.ts';
import type { Term, TermTable } from './table.ts';

/** A term, and what it is multiplied by in a sum, or its exponent in a product. */
export type Weighted = readonly [factor: number, term: Term];

/**
 * The sum of terms and a number. Sums within are part of it, equal terms are one, and numbers are multiplied out: every way to write a sum
 * gives the same term.
 */
export function sum(terms: TermTable, parts: readonly Weighted[], constant = 0): Term {
  const full = broadcast(parts.map(([, { shape }]) => shape)) ?? [];
  const flat = new Map<Term, number>();
  let total = constant;
  const add = (factor: number, term: Term): void => {
    const inner = withoutExpand(term);
    if (inner.op === 'number') total += factor * inner.constant;
    else if (inner.op === 'sum') {
      total += factor * inner.constant;
      inner.args.forEach((arg, i) => void flat.set(arg, (flat.get(arg) ?? 0) + factor * (inner.numbers[i] ?? 0)));
    } else if (inner.op === 'product' && inner.constant !== 1) {
      const bare = productTerm(terms, weights(inner), 1);
      flat.set(bare, (flat.get(bare) ?? 0) + factor * inner.constant);
    } else flat.set(inner, (flat.get(inner) ?? 0) + factor);
  };
  for (const [factor, term] of parts) add(factor, term);
  const kept = [...flat]
    .map(([term, factor]): Weighted => [terms.snap(factor), term])
    .filter(([factor]) => Math.abs(factor) > 0)
    .sort(([, a], [, b]) => a.id - b.id);
  const [first] = kept;
  const rest = terms.snap(total);
  if (first === undefined) return expanded(terms, terms.number(rest), full);
  if (kept.length === 1 && rest === 0) return expanded(terms, scaled(terms, first[1], first[0]), full);
  const shape = broadcast(kept.map(([, { shape: one }]) => one)) ?? full;
  const made = terms.make({
    op: 'sum',
    args: kept.map(([, term]) => term),
    numbers: kept.map(([factor]) => factor),
    constant: rest,
    shape,
  });
  return expanded(terms, made, full);
}

/** The product of powers of terms and a number, in one form for every way to write it. */
export function productTerm(terms: TermTable, parts: readonly Weighted[], constant = 1): Term {
  const full = broadcast(parts.map(([, { shape }]) => shape)) ?? [];
  const flat = new Map<Term, number>();
  let factor = constant;
  const raise = (exponent: number, term: Term): void => {
    const inner = withoutExpand(term);
    if (inner.op === 'number') factor *= inner.constant ** exponent;
    else if (inner.op === 'product' && mayMultiply(inner, exponent)) {
      factor *= inner.constant ** exponent;
      inner.args.forEach((arg, i) => void flat.set(arg, (flat.get(arg) ?? 0) + exponent * (inner.numbers[i] ?? 0)));
    } else {
      const [scale, bare] = apart(terms, inner);
      factor *= scale ** exponent;
      flat.set(bare, (flat.get(bare) ?? 0) + exponent);
    }
  };
  for (const [exponent, term] of parts) raise(exponent, term);
  const kept = [...flat]
    .map(([term, exponent]): Weighted => [terms.snap(exponent), term])
    .filter(([exponent]) => exponent !== 0)
    .sort(([, a], [, b]) => a.id - b.id);
  const scale = terms.snap(factor);
  const [first] = kept;
  if (first === undefined || scale === 0) return expanded(terms, terms.number(scale), full);
  if (kept.length === 1 && first[0] === 1) {
    if (scale === 1) return expanded(terms, first[1], full);
    if (first[1].op === 'sum') return expanded(terms, scaledSum(terms, first[1], scale), full);
  }
  const polynomial = multipliedOut(terms, kept, scale);
  if (polynomial !== undefined) return expanded(terms, polynomial, full);
  const shape = broadcast(kept.map(([, { shape: one }]) => one)) ?? full;
  const made = terms.make({
    op: 'product',
    args: kept.map(([, term]) => term),
    numbers: kept.map(([exponent]) => exponent),
    constant: scale,
    shape,
  });
  return expanded(terms, made, full);
}

export function scaled(terms: TermTable, term: Term, factor: number): Term {
  return factor === 1 ? term : productTerm(terms, [[1, term]], factor);
}

export function power(terms: TermTable, term: Term, exponent: number): Term {
  return productTerm(terms, [[exponent, term]]);
}

/** A term of elements of others: nothing but its name and its operands is known of it. */
export function elementwiseTerm(terms: TermTable, op: string, args: readonly Term[], attribute = ''): Term {
  const full = broadcast(args.map(({ shape }) => shape)) ?? [];
  const bare = args.map(withoutExpand);
  const shape = broadcast(bare.map(({ shape: one }) => one)) ?? full;
  return expanded(terms, terms.make({ op, attribute, args: bare, shape }), full);
}

/** The term in a larger shape, in which its elements come several times. */
export function expanded(terms: TermTable, term: Term, shape: SymbolicShape): Term {
  const target = stripped(shape);
  if (sameShape(term.shape, target)) return term;
  const inner = term.op === 'expand' ? (term.args[0] ?? term) : term;
  if (sameShape(inner.shape, target)) return inner;
  return terms.make({ op: 'expand', args: [inner], shape: target });
}

/** A number that a term is a multiple of, and the rest: sums begin with a coefficient of 1, products have none. */
export function apart(terms: TermTable, term: Term): [number, Term] {
  if (term.op === 'product' && term.constant !== 1) return [term.constant, productTerm(terms, weights(term), 1)];
  const first = term.op === 'sum' ? Math.abs(term.numbers[0] ?? 1) : 1;
  return first === 1 ? [1, term] : [first, scaledSum(terms, term, 1 / first)];
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
  if (Number.isInteger(exponent)) return true;
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
    if (times !== 1 || polynomial.op !== 'sum' || !Number.isInteger(exponent) || exponent < 1) continue;
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

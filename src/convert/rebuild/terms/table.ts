import { AssayError, type FileBudget } from '../../../core/index.ts';
import { type SymbolicShape, type SymbolicSize, shapeKey, stripped } from './size.ts';

/**
 * What a tensor of a graph is, in the canonical form: two terms that are one object are the same function of the inputs and the weights.
 * Sizes of 1 at the beginning of a shape are left out, because they change no element.
 */
export interface Term {
  readonly id: number;
  readonly op: string;
  readonly attribute: string;
  readonly args: readonly Term[];
  /** Coefficients of a sum, exponents of a product: one for each argument. */
  readonly numbers: readonly number[];
  /** What a sum adds, and what a product is multiplied by; the value of a number. */
  readonly constant: number;
  readonly shape: SymbolicShape;
  /** Where a slice begins and ends. */
  readonly bounds: readonly [SymbolicSize, SymbolicSize] | undefined;
}

export interface NewTerm {
  readonly op: string;
  readonly attribute?: string;
  readonly args?: readonly Term[];
  readonly numbers?: readonly number[];
  readonly constant?: number;
  readonly shape: SymbolicShape;
  readonly bounds?: readonly [SymbolicSize, SymbolicSize];
}

/** Terms of both graphs, at most. */
const MAX_TERMS = 4_000_000;
const TERM_BYTES = 512;

/** The terms of both graphs that are compared. Equal ones are one object. */
export class TermTable {
  readonly budget: FileBudget;
  /** Whether the graph computes with 16 bits: where it rounds is not compared then. */
  readonly halves: boolean;
  /** How far two numbers may differ and be one, relative to them. */
  readonly tolerance: number;
  readonly #known = new Map<string, Term>();
  readonly #made = new Map<string, Term>();
  readonly #numbers = new Map<string, number>();
  /** What is called for each new term: it belongs to the node at hand. */
  onNew: (term: Term) => void = () => {};
  /** What is called for a term that is another one in another place: it belongs to the node of that. */
  onMoved: (term: Term, from: Term) => void = () => {};

  constructor(budget: FileBudget, halves: boolean) {
    this.budget = budget;
    this.halves = halves;
    this.tolerance = halves ? 1e-3 : 1e-6;
  }

  make({ op, attribute = '', args = [], numbers = [], constant = 0, shape: full, bounds }: NewTerm): Term {
    const shape = stripped(full);
    this.budget.work(16 + 4 * args.length);
    const key = `${op}|${attribute}|${args.map(({ id }) => id).join()}|${numbers.join()}|${constant}|${shapeKey(shape)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_TERMS) throw new AssayError('limit', `the graph has more than ${MAX_TERMS} terms`);
    this.budget.hold(TERM_BYTES + 2 * key.length);
    const term: Term = { id: this.#known.size, op, attribute, args, numbers, constant, shape, bounds };
    this.#known.set(key, term);
    this.onNew(term);
    return term;
  }

  /** What is made of a term in one way is made once: operands are often shared. */
  once(what: string, term: Term, build: () => Term): Term {
    const key = `${term.id} ${what}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = build();
    this.budget.hold(TERM_BYTES / 2 + 2 * key.length);
    this.#made.set(key, made);
    return made;
  }

  /** A number, of no dimensions. */
  number(value: number): Term {
    return this.make({ op: 'number', constant: this.snap(value), shape: [] });
  }

  /** One number for all that differ by no more than the tolerance: programs fold and round constants differently. */
  snap(value: number): number {
    if (value === 0) return 0;
    if (!Number.isFinite(value)) return Number.isNaN(value) ? Number.NaN : value;
    const whole = Math.round(value);
    if (whole !== 0 && Math.abs(whole - value) <= this.tolerance * Math.abs(value)) return whole;
    const sign = value < 0 ? '-' : '+';
    const size = Math.abs(value);
    const bucket = Math.round(Math.log(size) / this.tolerance);
    for (const near of [bucket, bucket - 1, bucket + 1]) {
      const known = this.#numbers.get(`${sign}${near}`);
      if (known !== undefined && Math.abs(known - value) <= this.tolerance * size) return known;
    }
    this.#numbers.set(`${sign}${bucket}`, value);
    return value;
  }
}

import { isOne, padded, type SymbolicShape, type SymbolicSize } from './size.ts';
import type { Term } from './table.ts';

/** A place of a tensor: an index of the scores that are masked, and a number that is added; no index for a dimension of size 1. */
interface Place {
  readonly axis: number | undefined;
  readonly plus: number;
}

/** A place that is used as a number. */
interface Counted {
  readonly place: Place;
}

/** The place of a key minus that of the query, or the other way round, and a number. */
interface Apart {
  readonly sign: 1 | -1;
  readonly plus: number;
}

type Result = number | Counted | Apart;

/** What an expression is evaluated for. */
interface Point {
  /** The place of a key, minus that of the query. */
  readonly distance: number;
  /** Elements of the attention mask, by their places. */
  readonly seen: ReadonlyMap<string, number>;
}

/** What is found out while expressions are evaluated. */
interface Found {
  readonly distances: Set<number>;
  readonly atoms: Set<string>;
  readonly axes: { readonly query: number; readonly key: number };
}

/** Numbers below it hide a key: its weight is 0 in 32 bits, unless all keys of a query are hidden. */
export const HIDING = -1e4;
const MAX_DISTANCES = 48;
const MAX_ATOMS = 3;
const MAX_STEPS = 100_000;

/** Inputs whose elements are 0 or 1. */
export const MASK_INPUT = 'attention_mask';

/** What is added to scores before their softmax, where it is made of the attention mask and of places alone. */
export interface MaskPart {
  readonly factor: number;
  readonly term: Term;
}

/** Whether a term is made of the attention mask and of places alone. @param shape of the scores that it is combined with */
export function isMask(term: Term, shape: SymbolicShape): boolean {
  const found = newFound(shape);
  const value = new Evaluation(found).at(term, placesFor(term.shape, identity(shape)), {
    distance: 0,
    seen: new Map(),
  });
  return typeof value === 'number';
}

/**
 * What masks mean: for each element of the attention mask, and each distance of a key from its query, whether the key is seen. Written as
 * a text that is the same for every way to compute it.
 * @param shape of the scores
 * @returns `undefined` where a part is made of something else, or is neither 0 nor a large negative number
 */
export function visibility(parts: readonly MaskPart[], shape: SymbolicShape): string | undefined {
  const found = newFound(shape);
  const all = identity(shape);
  const evaluation = new Evaluation(found);
  const valueAt = (point: Point): number | undefined => {
    let total = 0;
    for (const { factor, term } of parts) {
      const value = evaluation.at(term, placesFor(term.shape, all), point);
      if (typeof value !== 'number') return undefined;
      if (value !== 0) total += factor * value;
    }
    if (Number.isNaN(total)) return undefined;
    if (total <= HIDING) return 0;
    return total === 0 ? 1 : undefined;
  };
  return table(valueAt, found);
}

function newFound(shape: SymbolicShape): Found {
  const axes = { query: shape.length - 2, key: shape.length - 1 };
  return { distances: new Set([-1, 0, 1]), atoms: new Set(), axes };
}

function identity(shape: SymbolicShape): Place[] {
  return shape.map((size, i) => ({ axis: isOne(size) ? undefined : i, plus: 0 }));
}

/** Evaluates again until no new atom and no new distance at which something changes comes up. */
function table(valueAt: (point: Point) => number | undefined, found: Found): string | undefined {
  for (;;) {
    const before = found.distances.size + found.atoms.size;
    const atoms = [...found.atoms].sort();
    const distances = [...found.distances].sort((a, b) => a - b);
    if (atoms.length > MAX_ATOMS || distances.length > MAX_DISTANCES) return undefined;
    const rows: string[] = [];
    for (let bits = 0; bits < 2 ** atoms.length; bits++) {
      const seen = new Map(atoms.map((atom, i) => [atom, (bits >> i) & 1]));
      const values = distances.map((distance) => valueAt({ distance, seen }));
      if (values.includes(undefined)) {
        if (found.distances.size + found.atoms.size > before) break;
        return undefined;
      }
      const changes = values.flatMap((value, i) =>
        i > 0 && value === values[i - 1] ? [] : [`${i === 0 ? '' : `${distances[i]}:`}${value}`],
      );
      rows.push(changes.join(' '));
    }
    if (found.distances.size + found.atoms.size === before) return `${atoms.join()};${rows.join(';')}`;
  }
}

function placesFor(shape: SymbolicShape, all: readonly Place[]): Place[] {
  return shape.map((size, i) => (isOne(size) ? NOWHERE : (all[all.length - shape.length + i] ?? NOWHERE)));
}

const NOWHERE: Place = { axis: undefined, plus: 0 };

class Evaluation {
  readonly #found: Found;
  #steps = 0;

  constructor(found: Found) {
    this.#found = found;
  }

  /** The element of a term at some places; `undefined` for what is not made of places and the mask alone. */
  at(term: Term, places: readonly Place[], point: Point): Result | undefined {
    if (++this.#steps > MAX_STEPS) return undefined;
    const inner = this.#layout(term, places);
    if (inner !== undefined) return inner.term === undefined ? undefined : this.at(inner.term, inner.places, point);
    switch (term.op) {
      case 'number':
        return term.constant;
      case 'input':
        return term.attribute === MASK_INPUT ? this.#atom(places, point) : undefined;
      case 'places': {
        const [place] = places;
        return place === undefined ? undefined : place.axis === undefined ? place.plus : { place };
      }
      case 'triangle': {
        const [row, column] = places.slice(-2);
        if (row === undefined || column === undefined) return undefined;
        const [diagonal = 0, inside = 1, outside = 0] = term.attribute.split(',').map(Number);
        const order = this.#order({ place: column }, { place: { ...row, plus: row.plus + diagonal } }, point);
        if (order === undefined) return undefined;
        return order <= 0 ? inside : outside;
      }
      case 'Trilu': {
        const [first] = term.args;
        const [row, column] = places.slice(-2);
        if (first === undefined || row === undefined || column === undefined) return undefined;
        const [upper = 0, diagonal = 0] = term.attribute.split(',').map(Number);
        const order = this.#order({ place: column }, { place: { ...row, plus: row.plus + diagonal } }, point);
        if (order === undefined) return undefined;
        const kept = upper === 1 ? order >= 0 : order <= 0;
        return kept ? this.at(first, placesFor(first.shape, places), point) : 0;
      }
      default:
        return this.#elementwise(term, places, point);
    }
  }

  /** The operand of an operator that only moves elements, and the place of the element within. */
  #layout(term: Term, places: readonly Place[]): { term: Term | undefined; places: Place[] } | undefined {
    const [first] = term.args;
    if (first === undefined) return undefined;
    switch (term.op) {
      case 'expand':
        return { term: first, places: placesFor(first.shape, places) };
      case 'reshape': {
        const inner = solidPlaces(term.shape, first.shape, places);
        return { term: inner === undefined ? undefined : first, places: inner ?? [] };
      }
      case 'transpose': {
        const inner: Place[] = [];
        for (const [i, axis] of term.attribute.split(',').entries()) inner[Number(axis)] = places[i] ?? NOWHERE;
        return { term: first, places: inner };
      }
      case 'slice': {
        const back = Number(term.attribute.split('|')[0]);
        const start = term.bounds?.[0].number;
        const known = start === undefined ? undefined : first;
        const inner = padded(term.shape, first.shape.length).map((_, i) => {
          const place = places[places.length - first.shape.length + i] ?? NOWHERE;
          return first.shape.length - i === back ? { ...place, plus: place.plus + (start ?? 0) } : place;
        });
        return { term: known, places: inner };
      }
      default:
        return undefined;
    }
  }

  #elementwise(term: Term, places: readonly Place[], point: Point): Result | undefined {
    const values: Result[] = [];
    for (const arg of term.args) {
      const value = this.at(arg, placesFor(arg.shape, places), point);
      if (value === undefined) return undefined;
      values.push(value);
    }
    const [a, b, c] = values;
    switch (term.op) {
      case 'sum':
        return sumOf(term, values, this.#found.axes);
      case 'product': {
        let total = term.constant;
        for (const [i, value] of values.entries()) {
          if (typeof value !== 'number') return undefined;
          total *= value ** (term.numbers[i] ?? 1);
        }
        return Number.isNaN(total) ? undefined : total;
      }
      case 'Not':
        return typeof a === 'number' ? Number(a === 0) : undefined;
      case 'bool':
        return typeof a === 'number' ? Number(a !== 0) : undefined;
      case 'And':
        return typeof a === 'number' && typeof b === 'number' ? Number(a !== 0 && b !== 0) : undefined;
      case 'Or':
        return typeof a === 'number' && typeof b === 'number' ? Number(a !== 0 || b !== 0) : undefined;
      case 'Equal':
      case 'Less':
      case 'LessOrEqual': {
        const order = a === undefined || b === undefined ? undefined : this.#order(a, b, point);
        if (order === undefined) return undefined;
        if (term.op === 'Equal') return Number(order === 0);
        return Number(term.op === 'Less' ? order < 0 : order <= 0);
      }
      case 'Where':
        return typeof a === 'number' ? (a !== 0 ? b : c) : undefined;
      case 'Min':
      case 'Max':
        if (typeof a !== 'number' || typeof b !== 'number') return undefined;
        return term.op === 'Min' ? Math.min(a, b) : Math.max(a, b);
      default:
        return undefined;
    }
  }

  /** `a - b`; `undefined` where it depends on more than the distance of a key from its query. */
  #order(a: Result, b: Result, point: Point): number | undefined {
    if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a - b;
    const apart = apartOf(a, b, this.#found.axes);
    if (apart === undefined || typeof apart === 'number') return apart;
    this.#threshold(-apart.sign * apart.plus);
    return apart.sign * point.distance + apart.plus;
  }

  /** Something may change around this distance. */
  #threshold(distance: number): void {
    for (const near of [distance - 1, distance, distance + 1]) this.#found.distances.add(near);
  }

  #atom(places: readonly Place[], point: Point): number | undefined {
    if (places.some(({ plus }) => plus !== 0)) return undefined;
    const key = places.map(({ axis }) => axis ?? '-').join('.');
    this.#found.atoms.add(key);
    return point.seen.get(key) ?? 1;
  }
}

/** A sum of numbers, and of a place, or of a place without another one. */
function sumOf(term: Term, values: readonly Result[], axes: Found['axes']): Result | undefined {
  let total = term.constant;
  const counted: { readonly sign: number; readonly value: Counted | Apart }[] = [];
  for (const [i, value] of values.entries()) {
    const factor = term.numbers[i] ?? 1;
    if (typeof value === 'number') {
      if (value !== 0) total += factor * value;
    } else if (Math.abs(factor) === 1) counted.push({ sign: factor, value });
    else return undefined;
  }
  if (Number.isNaN(total)) return undefined;
  const [one, other, ...more] = counted;
  if (one === undefined) return total;
  if (other === undefined) return one.sign === 1 ? moved(one.value, total) : undefined;
  if (more.length > 0 || one.sign === other.sign) return undefined;
  const [left, right] = one.sign === 1 ? [one, other] : [other, one];
  const apart = apartOf(left.value, right.value, axes);
  if (apart === undefined) return undefined;
  return typeof apart === 'number' ? apart + total : moved(apart, total);
}

function moved(value: Counted | Apart, by: number): Counted | Apart {
  if ('place' in value) return { place: { ...value.place, plus: value.place.plus + by } };
  return { ...value, plus: value.plus + by };
}

/** `a - b`, as a number or as a distance; `undefined` where it is neither. */
function apartOf(a: Result, b: Result, axes: Found['axes']): number | Apart | undefined {
  if (typeof a === 'number' || typeof b === 'number') {
    if (typeof b === 'number' && typeof a !== 'number' && 'sign' in a) return { ...a, plus: a.plus - b };
    if (typeof a !== 'number' || typeof b === 'number' || !('sign' in b)) return undefined;
    return { sign: b.sign === 1 ? -1 : 1, plus: a - b.plus };
  }
  if (!('place' in a) || !('place' in b)) return undefined;
  const plus = a.place.plus - b.place.plus;
  if (a.place.axis === b.place.axis) return plus;
  if (a.place.axis === axes.key && b.place.axis === axes.query) return { sign: 1, plus };
  return a.place.axis === axes.query && b.place.axis === axes.key ? { sign: -1, plus } : undefined;
}

/** Places of a tensor that has another shape only by sizes of 1. */
function solidPlaces(from: SymbolicShape, to: SymbolicShape, places: readonly Place[]): Place[] | undefined {
  const solid = from.flatMap((size, i) => (isOne(size) ? [] : [{ size, place: places[i] ?? NOWHERE }]));
  const inner: Place[] = [];
  for (const size of to) {
    if (isOne(size)) inner.push(NOWHERE);
    else {
      const next: { size: SymbolicSize; place: Place } | undefined = solid.shift();
      if (next?.size.equals(size) !== true) return undefined;
      inner.push(next.place);
    }
  }
  return solid.length === 0 ? inner : undefined;
}

import type { InputRange } from '../../formats/arrays/index.ts';

/** A column of an input, and how a value of the graph is computed from it: `factor * column + offset`. */
export interface ColumnPlace {
  readonly column: ColumnFacts;
  readonly factor: number;
  readonly offset: number;
}

/** Bounds and values that are kept for a column. */
const MAX_KEPT = 4_096;
/** How far scaled numbers lie from 0. */
const SCALED = 2;

/** What operators say about one column of an input. */
export class ColumnFacts {
  readonly #bounds: number[] = [];
  readonly #values: (number | string)[] = [];
  #rows = Number.POSITIVE_INFINITY;
  #domain: { readonly low: number; readonly high: number } | undefined;
  #scaled: { readonly low: number; readonly high: number } | undefined;

  bound(value: number): void {
    if (Number.isFinite(value) && this.#bounds.length < MAX_KEPT) this.#bounds.push(value);
  }

  value(value: number | string): void {
    if (this.#values.length < MAX_KEPT && (typeof value === 'string' || Number.isFinite(value)))
      this.#values.push(value);
  }

  /** An operator is defined for these numbers alone. */
  within(low: number, high: number): void {
    const before = this.#domain ?? { low, high };
    const next = { low: Math.max(before.low, low), high: Math.min(before.high, high) };
    if (next.low <= next.high) this.#domain = next;
  }

  /** It is an index of this many rows. */
  rows(count: number): void {
    this.#rows = Math.min(this.#rows, count);
  }

  scaled(low: number, high: number): void {
    if (Number.isFinite(low) && Number.isFinite(high)) this.#scaled = { low, high };
  }

  /** Indexes and domains are kept; categories are drawn from; bounds are drawn around; what is scaled is drawn from its scale. */
  range(): InputRange | undefined {
    if (this.#rows !== Number.POSITIVE_INFINITY) return { kind: 'interval', low: 0, high: this.#rows };
    if (this.#domain !== undefined) return { kind: 'interval', ...this.#domain };
    if (this.#values.length > 0) return { kind: 'values', values: this.#values };
    if (this.#bounds.length > 0) {
      const low = this.#bounds.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
      const high = this.#bounds.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY);
      const margin = Math.max((high - low) / 4, Math.abs(high) / 16, Math.abs(low) / 16, 1e-6);
      return { kind: 'interval', low: low - margin, high: high + margin };
    }
    return this.#scaled === undefined ? undefined : { kind: 'interval', ...this.#scaled };
  }
}

/** Some places after a sum or a product with constants; `undefined` when a column is lost. */
export function affine(
  places: readonly ColumnPlace[],
  factors: ArrayLike<number>,
  offsets: ArrayLike<number>,
): ColumnPlace[] | undefined {
  const moved = places.map((place, i) => {
    const factor = factors.length === 1 ? factors[0] : factors[i];
    const offset = offsets.length === 1 ? offsets[0] : offsets[i];
    return { place, factor: factor ?? Number.NaN, offset: offset ?? Number.NaN };
  });
  if (moved.some(({ factor, offset }) => !Number.isFinite(factor) || factor === 0 || !Number.isFinite(offset)))
    return undefined;
  return moved.map(({ place, factor, offset }) => {
    const next = { column: place.column, factor: place.factor * factor, offset: place.offset * factor + offset };
    const ends = [before(next, -SCALED), before(next, SCALED)];
    next.column.scaled(Math.min(...ends), Math.max(...ends));
    return next;
  });
}

/** What the column is where the value is this. */
export function before({ factor, offset }: ColumnPlace, value: number): number {
  return (value - offset) / factor;
}

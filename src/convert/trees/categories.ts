import type { GraphValue } from '../../formats/onnx/index.ts';
import type { Operators } from '../operators/index.ts';

interface CategorySplit {
  readonly column: number;
  /** Whether a category goes to the left, by its number. */
  readonly left: Uint8Array;
  /** How numbers that are not a category, and missing ones, are handled. */
  readonly otherLeft: boolean;
  readonly missingLeft: boolean;
}

/**
 * Decisions by category, which the operator for trees does not have: each becomes a column that is 0 where a sample goes to the
 * left, and 1 where it goes to the right. The columns stand behind the features.
 */
export class CategoryColumns {
  readonly #ops: Operators;
  readonly #features: number;
  readonly #towardsZero: boolean;
  readonly #splits = new Map<number, CategorySplit[]>();
  readonly #columns: { feature: number; index: number }[] = [];

  /** @param towardsZero whether numbers between -1 and 0 are the category 0, instead of none */
  constructor(ops: Operators, features: number, towardsZero = false) {
    this.#ops = ops;
    this.#features = features;
    this.#towardsZero = towardsZero;
  }

  /** The number of features, and of columns behind them. */
  get width(): number {
    return this.#features + this.#columns.length;
  }

  /** Adds a decision. @returns its column; samples go to the left where it is at most 0.5 */
  add(
    feature: number,
    left: Uint8Array,
    other: { readonly otherLeft: boolean; readonly missingLeft: boolean },
  ): number {
    this.#ops.budget.hold(16 * left.length + 64);
    const column = this.width;
    const known = this.#splits.get(feature) ?? [];
    known.push({ column, left, ...other });
    this.#splits.set(feature, known);
    this.#columns.push({ feature, index: known.length - 1 });
    return column;
  }

  /** The features and the columns. @param x in the type of computation */
  beside(x: GraphValue): GraphValue {
    if (this.#columns.length === 0) return x;
    const ops = this.#ops;
    const parts: GraphValue[] = [];
    const order: number[] = [];
    for (const [feature, splits] of this.#splits) {
      parts.push(this.#decided(ops.columns(x, [feature]), splits));
      order.push(...splits.map(({ column }) => column - this.#features));
    }
    // Columns of one feature were made together: put each where it belongs.
    const places = order.map((_, column) => order.indexOf(column));
    return ops.concat([x, ops.columns(ops.concat(parts), places)]);
  }

  #decided(value: GraphValue, splits: readonly CategorySplit[]): GraphValue {
    const ops = this.#ops;
    const count = splits.reduce((most, { left }) => Math.max(most, left.length), 0);
    const [unknown, lost] = [count, count + 1];
    ops.budget.work((count + 2) * splits.length);
    ops.budget.hold(8 * (count + 2) * splits.length);
    const table = new Float64Array((count + 2) * splits.length);
    for (const [index, { left, otherLeft, missingLeft }] of splits.entries()) {
      for (let category = 0; category < count; category++) {
        const goesLeft = category < left.length ? left[category] === 1 : otherLeft;
        table[category * splits.length + index] = goesLeft ? 0 : 1;
      }
      table[unknown * splits.length + index] = otherLeft ? 0 : 1;
      table[lost * splits.length + index] = missingLeft ? 0 : 1;
    }
    const missing = ops.op('IsNaN', [value]);
    const least = this.#towardsZero
      ? ops.op('Greater', [value, ops.real(-1)])
      : ops.op('GreaterOrEqual', [value, ops.real(0)]);
    const known = ops.op('And', [least, ops.op('Less', [value, ops.real(count)])]);
    // Python and C cut numbers towards zero.
    const cut = ops.op('Floor', [this.#towardsZero ? ops.op('Max', [value, ops.real(0)]) : value]);
    const whole = ops.where(known, cut, ops.real(unknown));
    const index = ops.cast(ops.where(missing, ops.real(lost), whole), 'int64');
    const flat = ops.op('Squeeze', [index, ops.ints([1])]);
    return ops.graph.op('Gather', [ops.reals(table, [count + 2, splits.length]), flat], { axis: 0 });
  }
}

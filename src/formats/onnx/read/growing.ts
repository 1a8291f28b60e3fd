import type { FileBudget } from '../../../core/index.ts';

interface Numbers<V> {
  readonly length: number;
  [index: number]: V;
}

/** A list of numbers that grows, charged to the budget before it does. */
export class GrowingNumbers<V extends number | bigint, A extends Numbers<V>> {
  #values: A;
  #length = 0;
  readonly #budget: FileBudget;
  readonly #grown: (values: A, length: number) => A;

  /** @param grown a copy with room for `length` values, of eight bytes at most */
  constructor(empty: A, grown: (values: A, length: number) => A, budget: FileBudget) {
    this.#values = empty;
    this.#grown = grown;
    this.#budget = budget;
  }

  get length(): number {
    return this.#length;
  }

  push(value: V): void {
    if (this.#length === this.#values.length) {
      const length = Math.max(16, this.#length * 2);
      this.#budget.hold((length - this.#length) * 8);
      this.#values = this.#grown(this.#values, length);
    }
    this.#values[this.#length++] = value;
  }

  /** The values, with what room there is beyond `length`. */
  get all(): A {
    return this.#values;
  }
}

export function floatList(budget: FileBudget): GrowingNumbers<number, Float32Array> {
  return new GrowingNumbers<number, Float32Array>(
    new Float32Array(0),
    (values, length) => {
      const grown = new Float32Array(length);
      grown.set(values);
      return grown;
    },
    budget,
  );
}

export function intList(budget: FileBudget): GrowingNumbers<bigint, BigInt64Array> {
  return new GrowingNumbers<bigint, BigInt64Array>(
    new BigInt64Array(0),
    (values, length) => {
      const grown = new BigInt64Array(length);
      grown.set(values);
      return grown;
    },
    budget,
  );
}

import type { FileBudget } from '../../core/index.ts';

const FIRST_ROOM = 64;

/**
 * Numbers of a list whose length is not known in advance. Its memory is charged before it is allocated, and reused for the next
 * list.
 */
export class NumberList {
  readonly #budget: FileBudget;
  #values = new Float64Array(0);
  length = 0;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#grow();
    this.#values[this.length++] = value;
  }

  /** NaN beyond the end, which is not an index. */
  at(index: number): number {
    return index < this.length ? (this.#values[index] ?? Number.NaN) : Number.NaN;
  }

  clear(): void {
    this.length = 0;
  }

  close(): void {
    this.#budget.release(this.#values.byteLength);
    this.#values = new Float64Array(0);
    this.length = 0;
  }

  #grow(): void {
    const room = Math.max(FIRST_ROOM, this.#values.length * 2);
    this.#budget.hold(room * Float64Array.BYTES_PER_ELEMENT);
    const values = new Float64Array(room);
    values.set(this.#values);
    this.#budget.release(this.#values.byteLength);
    this.#values = values;
  }
}

export function isIndex(value: number, count: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < count;
}

import { AssayError } from '../../../core/index.ts';
import { type Hash, keyedHash } from './keyed-hash.ts';

const FIRST_SLOTS = 1 << 12;

/** Numbers texts from 0 on, by the order in which they are first asked for. It keeps their hashes alone: 20 bytes or fewer each. */
export class Dictionary {
  readonly #most: number;
  readonly #hash = keyedHash();
  readonly #key: Hash = { low: 0, high: 0 };
  #size = 0;
  #mask = FIRST_SLOTS - 1;
  /** Of each slot, the number that is there, plus 1. */
  #slots = new Uint32Array(FIRST_SLOTS);
  /** Of each number. */
  #low = new Uint32Array(FIRST_SLOTS);
  #high = new Uint32Array(FIRST_SLOTS);

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** @throws AssayError `limit` for too many distinct ones */
  number(text: string, from: number, to: number): number {
    const key = this.#key;
    this.#hash(text, from, to, key);
    let slot = key.low & this.#mask;
    for (;;) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0) return this.#add(slot);
      if (this.#low[found - 1] === key.low && this.#high[found - 1] === key.high) return found - 1;
      slot = (slot + 1) & this.#mask;
    }
  }

  #add(slot: number): number {
    if (this.#size >= this.#most)
      throw new AssayError('limit', `the texts have more than ${this.#most} distinct words`, {
        hint: 'check a part of the rows at a time',
      });
    const id = this.#size++;
    this.#slots[slot] = id + 1;
    this.#low[id] = this.#key.low;
    this.#high[id] = this.#key.high;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const length = this.#slots.length * 2;
    this.#mask = length - 1;
    this.#low = wider(this.#low, length);
    this.#high = wider(this.#high, length);
    this.#slots = new Uint32Array(length);
    for (let id = 0; id < this.#size; id++) {
      let slot = (this.#low[id] ?? 0) & this.#mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = id + 1;
    }
  }
}

/** A copy with room for `length` numbers. */
export function wider(numbers: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(length);
  copy.set(numbers);
  return copy;
}

/**
 * Numbers from a seed (mulberry32, Box-Muller): the same on every machine and in every version of the runtime. Not for secrets.
 *
 * @example new SeededRandom(1).unit() // 0.6270739405881613
 */
export class SeededRandom {
  #state: number;

  /** @param seed an integer; its lowest 32 bits count */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** At least 0, below 1. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Of the standard normal distribution. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  /** An integer of at least 0, below `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** The numbers from 0 to `count - 1` in some order (Fisher-Yates). */
  order(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let last = count - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
    }
    return order;
  }
}

/** Where an attack draws its numbers from. */
export interface AttackRandom {
  /** From 0 to 1, without 1. */
  unit(): number;
  /** Of the standard normal distribution. */
  normal(): number;
  /** A whole number from 0, below the count. */
  below(count: number): number;
}

/** A source for each row and each of its starts, so that a row meets the same numbers whichever rows are attacked beside it. */
export type AttackRandoms = (row: number, start: number) => AttackRandom;

/** Sources that give the same numbers for the same seed on every machine. */
export function seededRandoms(seed: number): AttackRandoms {
  return (row, start) => new SmallFast(mixed(seed ^ mixed(row ^ mixed(start))));
}

/** The generator sfc32 of PractRand, of 128 bits of state. */
class SmallFast implements AttackRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#a = mixed(seed + 1);
    this.#b = mixed(seed + 2);
    this.#c = mixed(seed + 3);
    for (let turn = 0; turn < 12; turn++) this.#next();
  }

  unit(): number {
    return this.#next() / 2 ** 32;
  }

  normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    // The polar method of Marsaglia: a point within the unit circle.
    for (;;) {
      const [x, y] = [2 * this.unit() - 1, 2 * this.unit() - 1];
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * factor;
      return x * factor;
    }
  }

  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

function mixed(value: number): number {
  let state = (value + 0x9e3779b9) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return state ^ (state >>> 15);
}

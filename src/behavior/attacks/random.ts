import { SeededRandom } from '../../core/index.ts';

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
  return (row, start) => new SeededRandom(mixed(seed ^ mixed(row ^ mixed(start))));
}

function mixed(value: number): number {
  let state = (value + 0x9e3779b9) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return state ^ (state >>> 15);
}

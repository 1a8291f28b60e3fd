import type { Labels } from '../estimator/index.ts';

/** Labels that count from 0. */
export function classIndexes(count: number): Labels {
  return { kind: 'integers', values: Array.from({ length: count }, (_, index) => BigInt(index)) };
}

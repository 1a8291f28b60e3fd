import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Operators } from '../../operators/index.ts';

/** Every two of some classes, the first one first. */
export function pairsOf(count: number): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count - i - 1 }, (__, step) => [i, i + step + 1] as const),
  ).flat();
}

/** How often each class won. @param wins for each pair, 1 where the second class won. [N, pairs] */
export function pairVotes(ops: Operators, wins: GraphValue, count: number): GraphValue {
  return ops.add(perClass(ops, wins, count, -1, 1), ops.reals(startOf(count), [1, count]));
}

/** Without a win of the second class, the first one of a pair has won. */
function startOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => count - 1 - index);
}

/** The sum over the pairs of each class, weighted for its first and its second place. */
function perClass(ops: Operators, pairs: GraphValue, count: number, first: number, second: number): GraphValue {
  const all = pairsOf(count);
  ops.budget.work(all.length * count);
  const table = new Float64Array(all.length * count);
  for (const [index, [i, j]] of all.entries()) {
    table[index * count + i] = first;
    table[index * count + j] = second;
  }
  return ops.product(pairs, { rows: all.length, columns: count, values: table });
}

/** Votes, with confidences that decide between equal ones (sklearn/utils/multiclass.py, `_ovr_decision_function`). */
export function pairwiseDecision(ops: Operators, wins: GraphValue, confidences: GraphValue, count: number): GraphValue {
  const sums = perClass(ops, confidences, count, -1, 1);
  const bounded = ops.div(sums, ops.scale(ops.add(ops.op('Abs', [sums]), ops.real(1)), 3));
  return ops.add(pairVotes(ops, wins, count), bounded);
}

import type { LightgbmTree } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Operators } from '../../operators/index.ts';
import type { BoosterOwner } from '../owner.ts';

/** What the leaves of all trees compute: a row for each of them. */
interface LeafTables {
  readonly count: number;
  /** [leaves, features] */
  readonly coefficients: Float64Array;
  /** 1 for the features that a leaf uses. [leaves, features] */
  readonly used: Float64Array;
  readonly constants: Float64Array;
  /** What a leaf is where a feature that it uses is missing. */
  readonly values: Float64Array;
  /** Where the leaves of each tree start. */
  readonly starts: readonly number[];
}

/**
 * The sums of trees whose leaves are sums of features (LightGBM/include/LightGBM/tree.h, `linear_tree`). [N, outputs]
 * @param leaf the leaf that each tree leads to. [N, trees]
 */
export function linearSums(
  ops: Operators,
  trees: readonly LightgbmTree[],
  x: { readonly value: GraphValue; readonly width: number },
  leaf: GraphValue,
  { outputs, owner }: { readonly outputs: number; readonly owner: BoosterOwner },
): GraphValue {
  const { graph } = ops;
  const { count, coefficients, used, constants, values, starts } = tablesOf(ops, trees, x.width, owner);
  const index = ops.add(ops.cast(leaf, 'int64'), ops.ints(starts, [1, trees.length]));
  const rows = (table: Float64Array) => graph.op('Gather', [ops.reals(table, [count, x.width]), index], { axis: 0 });
  const each = (table: Float64Array) => graph.op('Gather', [ops.reals(table), index], { axis: 0 });
  const beside = (value: GraphValue) => ops.op('Unsqueeze', [value, ops.ints([1])]);
  const summed = (value: GraphValue) => graph.op('ReduceSum', [value, ops.ints([2])], { keepdims: 0 });
  const missing = ops.op('IsNaN', [x.value]);
  const given = beside(ops.where(missing, ops.real(0), x.value));
  const linear = ops.add(summed(ops.mul(rows(coefficients), given)), each(constants));
  const lost = summed(ops.mul(rows(used), beside(ops.cast(missing, ops.precision))));
  const results = ops.where(ops.op('Greater', [lost, ops.real(0)]), each(values), linear);
  const belongs = new Float64Array(trees.length * outputs);
  for (let tree = 0; tree < trees.length; tree++) belongs[tree * outputs + (tree % outputs)] = 1;
  return ops.product(results, { rows: trees.length, columns: outputs, values: belongs });
}

function tablesOf(ops: Operators, trees: readonly LightgbmTree[], width: number, owner: BoosterOwner): LeafTables {
  const count = trees.reduce((sum, { leaves }) => sum + leaves, 0);
  ops.budget.work(2 * count * width);
  ops.budget.hold(8 * (2 * count * width + 2 * count));
  const coefficients = new Float64Array(count * width);
  const used = new Float64Array(count * width);
  const [constants, values] = [new Float64Array(count), new Float64Array(count)];
  const starts: number[] = [];
  let row = 0;
  for (const { leaves, values: own, linear } of trees) {
    starts.push(row);
    let at = 0;
    for (let leaf = 0; leaf < leaves; leaf++, row++) {
      values[row] = own[leaf] ?? Number.NaN;
      constants[row] = (linear === undefined ? own[leaf] : linear.constants[leaf]) ?? Number.NaN;
      for (let left = linear?.counts[leaf] ?? 0; left > 0; left--, at++) {
        const place = row * width + (linear?.features[at] ?? 0);
        // A feature may stand twice.
        coefficients[place] = (coefficients[place] ?? 0) + (linear?.coefficients[at] ?? Number.NaN);
        used[place] = 1;
      }
    }
  }
  if (![coefficients, constants, values].every((table) => table.every(Number.isFinite)))
    throw owner.broken('a leaf is not a number');
  return { count, coefficients, used, constants, values, starts };
}

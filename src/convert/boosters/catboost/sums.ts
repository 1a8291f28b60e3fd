import type { CatboostModel, ObliviousTree, SteppedTree } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Operators } from '../../operators/index.ts';
import { type DecisionTree, TreeEnsemble, type TreeSplit } from '../../trees/index.ts';
import type { BoosterOwner } from '../owner.ts';

/** The sums of the trees, scaled, with the bias of each output. [N, dimension] */
export function catboostSums(ops: Operators, model: CatboostModel, x: GraphValue, owner: BoosterOwner): GraphValue {
  const { dimension, columns, scale, bias } = model;
  if (!Number.isFinite(scale) || !bias.every(Number.isFinite)) throw owner.broken('its scale or bias is not a number');
  const ensemble = new TreeEnsemble(ops, {
    outputs: dimension,
    features: columns,
    // CatBoost compares numbers of 32 bits, and adds numbers of 64.
    numbers: 'float64',
    subject: owner.name,
  });
  for (const tree of model.trees)
    ensemble.add(tree.kind === 'oblivious' ? oblivious(model, tree) : stepped(model, tree));
  const narrow = ops.cast(ops.cast(x, 'float32'), ops.precision);
  return ops.add(ops.scale(ensemble.sums(narrow), scale), ops.reals(bias));
}

/** A condition that holds leads to the right. */
function conditionOf({ conditions }: CatboostModel, condition: number): Omit<TreeSplit, 'left' | 'right'> {
  return {
    feature: conditions.column[condition] ?? -1,
    threshold: conditions.border[condition] ?? Number.NaN,
    inclusive: true,
    missingLeft: conditions.missingAbove[condition] !== 1,
  };
}

/** Nodes as a heap: those of level 1 are 1 and 2, and so on. */
function oblivious(model: CatboostModel, { splits, values }: ObliviousTree): DecisionTree {
  const depth = splits.length;
  const { dimension } = model;
  const inner = 2 ** depth - 1;
  return {
    count: 2 * inner + 1,
    split(node) {
      if (node >= inner) return undefined;
      const level = 31 - Math.clz32(node + 1);
      return { ...conditionOf(model, splits[level] ?? -1), left: 2 * node + 1, right: 2 * node + 2 };
    },
    leaf(node) {
      // The path to a leaf has the first decision in its highest bit, and the number of the leaf in its lowest.
      let [path, leaf] = [node - inner, 0];
      for (let level = 0; level < depth; level++, path >>>= 1) leaf = 2 * leaf + (path & 1);
      return values.subarray(leaf * dimension, (leaf + 1) * dimension);
    },
  };
}

/** Where a step ends at a node with another step, its value is a node behind the others. */
function stepped(model: CatboostModel, { splits, left, right, leaf, values }: SteppedTree): DecisionTree {
  const count = splits.length;
  return {
    count: 2 * count,
    split(node) {
      const [down, up] = [left[node] ?? 0, right[node] ?? 0];
      if (node >= count || (down === 0 && up === 0)) return undefined;
      const target = (step: number) => (step === 0 ? count + node : node + step);
      return { ...conditionOf(model, splits[node] ?? -1), left: target(down), right: target(up) };
    },
    leaf(node) {
      const start = leaf[node >= count ? node - count : node] ?? 0;
      return values.subarray(start, start + model.dimension);
    },
  };
}

import { argsOf, dictOf, isKind } from '../../../formats/pickle/inert/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { TreeEnsemble } from '../../trees/index.ts';

/** The tree of a fitted estimator (sklearn/tree/_tree.pyx). */
export interface SklearnTree {
  readonly nodes: number;
  readonly features: number;
  /** Outputs, and values for each of them. */
  readonly outputs: number;
  readonly width: number;
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly feature: Float64Array;
  readonly threshold: Float64Array;
  readonly samples: Float64Array;
  readonly missingLeft: Float64Array | undefined;
  /** [nodes, outputs, width] */
  readonly values: Float64Array;
}

const LEAF = -1;

/** @throws AssayError `malformed` when its arrays are not of one size */
export function sklearnTree(estimator: Estimator): SklearnTree {
  const value = estimator.raw('tree_');
  if (!isKind(value, 'object') || !isKind(value.callee, 'global') || value.callee.name !== 'Tree')
    throw estimator.wrong('tree_', value, 'not a tree');
  const state = dictOf(value.states[0]);
  const nodes = estimator.arrayOf(state?.get('nodes'));
  const values = estimator.arrayOf(state?.get('values'));
  const numbers = values?.numbers();
  const features = estimator.numberOf(argsOf(value)?.[0]);
  if (nodes === undefined || values === undefined || numbers === undefined || features === undefined)
    throw estimator.broken('tree_ has no nodes or no values');
  const [count = 0, outputs = 0, width = 0] = values.shape;
  if (nodes.shape.length !== 1 || values.shape.length !== 3 || nodes.size !== count)
    throw estimator.broken(`tree_ has ${nodes.size} nodes, and values of the shape (${values.shape.join(', ')})`);
  const field = (name: string): Float64Array => {
    const column = nodes.field(name);
    if (column === undefined) throw estimator.broken(`the nodes of tree_ have no ${name}`);
    return column;
  };
  return {
    nodes: count,
    features,
    outputs,
    width,
    left: field('left_child'),
    right: field('right_child'),
    feature: field('feature'),
    threshold: field('threshold'),
    samples: field('n_node_samples'),
    missingLeft: nodes.field('missing_go_to_left'),
    values: numbers,
  };
}

/**
 * Adds a tree to an ensemble.
 * @param leaf what a leaf adds: from its values, its samples, and the decisions before it
 * @param features the columns of an ensemble that the features of the tree are; the same when absent
 */
export function addSklearnTree(
  ensemble: TreeEnsemble,
  tree: SklearnTree,
  leaf: (values: Float64Array, samples: number, depth: number) => ArrayLike<number>,
  features?: ArrayLike<number>,
): void {
  const { left, right, feature, threshold, missingLeft, values, samples } = tree;
  const width = tree.outputs * tree.width;
  ensemble.add({
    count: tree.nodes,
    split(node) {
      if (left[node] === LEAF) return undefined;
      const own = feature[node] ?? -1;
      return {
        left: left[node] ?? -1,
        right: right[node] ?? -1,
        feature: features === undefined ? own : (features[own] ?? -1),
        threshold: threshold[node] ?? Number.NaN,
        inclusive: true,
        missingLeft: missingLeft?.[node] === 1,
      };
    },
    leaf: (node, depth) => leaf(values.subarray(node * width, (node + 1) * width), samples[node] ?? 0, depth),
  });
}

/** @throws AssayError `malformed` for a tree of another shape than its ensemble */
export function checkedTree(estimator: Estimator, tree: SklearnTree, features: number, outputs: number, width: number) {
  if (tree.features > features) throw estimator.broken(`tree_ is for ${tree.features} features instead of ${features}`);
  if (tree.outputs !== outputs || tree.width !== width)
    throw estimator.broken(`tree_ has ${tree.outputs} outputs of ${tree.width} values, not ${outputs} of ${width}`);
  return tree;
}

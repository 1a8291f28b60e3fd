import type { XgboostModel, XgboostNodes, XgboostTrees } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Operators } from '../../operators/index.ts';
import { CategoryColumns, TreeEnsemble } from '../../trees/index.ts';
import type { BoosterOwner } from '../owner.ts';

export interface XgboostFeatures {
  /** Numbers of 32 bits, in the type of computation; missing ones are NaN. */
  readonly value: GraphValue;
  readonly width: number;
}

export interface MarginOptions {
  readonly owner: BoosterOwner;
  /** The outputs of the model. */
  readonly outputs: number;
  /** What each output starts from. */
  readonly base: Float32Array;
  /** Rounds that are used; all when undefined. */
  readonly rounds: number | undefined;
}

/** The sums that the objective makes predictions of. [N, outputs] */
export function margins(
  ops: Operators,
  { booster, features }: XgboostModel,
  x: XgboostFeatures,
  options: MarginOptions,
): GraphValue {
  if (booster.kind === 'trees') return treeMargins(ops, booster, x, options);
  const { outputs, base } = options;
  // The linear booster adds the base score of the first output to each (xgboost/src/gbm/gblinear.cc).
  const [start = 0] = base;
  const rows = features * outputs;
  const weights = Float64Array.from(booster.weights.subarray(0, rows));
  const present = ops.where(ops.op('IsNaN', [x.value]), ops.real(0), x.value);
  const product = ops.product(present, { rows: features, columns: outputs, values: weights });
  return ops.add(product, ops.reals(Float64Array.from(booster.weights.subarray(rows), (bias) => start + bias)));
}

function treeMargins(ops: Operators, booster: XgboostTrees, x: XgboostFeatures, options: MarginOptions): GraphValue {
  const { owner, outputs, base, rounds } = options;
  const columns = new CategoryColumns(ops, x.width);
  const ensemble = new TreeEnsemble(ops, {
    outputs,
    features: () => columns.width,
    numbers: 'float32',
    subject: owner.name,
  });
  const used = usedTrees(booster, outputs, rounds, owner);
  for (const [index, nodes] of booster.trees.slice(0, used).entries()) {
    const weight = booster.weights?.[index] ?? 1;
    addTree(ensemble, columns, nodes, (node) => leafOf(nodes, node, weight, booster.outputOf[index] ?? 0, outputs));
  }
  return ensemble.sums(ops.cast(columns.beside(x.value), 'float32'), base);
}

/** The trees of the first rounds. */
function usedTrees(
  { trees, roundEnds, parallel }: XgboostTrees,
  outputs: number,
  rounds: number | undefined,
  owner: BoosterOwner,
): number {
  if (rounds === undefined) return trees.length;
  const perRound = parallel * ((trees[0]?.outputs ?? 1) > 1 ? 1 : outputs);
  const used = roundEnds === undefined ? rounds * perRound : roundEnds[rounds - 1];
  if (used === undefined || used > trees.length)
    throw owner.broken(`it predicts with ${rounds} rounds, and has ${trees.length} trees`);
  return used;
}

/** XGBoost adds numbers of 32 bits. */
function leafOf(nodes: XgboostNodes, node: number, weight: number, output: number, outputs: number): Float32Array {
  const values = new Float32Array(outputs);
  if (nodes.outputs > 1) {
    for (let i = 0; i < outputs; i++) values[i] = weight * (nodes.values[node * nodes.outputs + i] ?? 0);
  } else values[output] = weight * (nodes.values[node] ?? 0);
  return values;
}

function addTree(
  ensemble: TreeEnsemble,
  columns: CategoryColumns,
  nodes: XgboostNodes,
  leaf: (node: number) => Float32Array,
): void {
  ensemble.add({
    count: nodes.count,
    split(node) {
      const left = nodes.left[node] ?? -1;
      if (left === -1) return undefined;
      const children = { left, right: nodes.right[node] ?? -1 };
      const feature = nodes.feature[node] ?? -1;
      const missingLeft = nodes.defaultLeft[node] === 1;
      const right = nodes.categories.get(node);
      if (right === undefined)
        return { ...children, feature, threshold: nodes.threshold[node] ?? Number.NaN, inclusive: false, missingLeft };
      // A category that the node does not name goes to the left, whatever it is.
      const column = columns.add(feature, leftCategories(right), { otherLeft: true, missingLeft });
      return { ...children, feature: column, threshold: 0.5, inclusive: true, missingLeft };
    },
    leaf,
  });
}

function leftCategories(right: readonly number[]): Uint8Array {
  const left = new Uint8Array(right.reduce((most, category) => Math.max(most, category + 1), 0)).fill(1);
  for (const category of right) left[category] = 0;
  return left;
}

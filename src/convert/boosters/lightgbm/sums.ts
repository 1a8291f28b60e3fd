import type { LightgbmModel, LightgbmTree } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Operators } from '../../operators/index.ts';
import { CategoryColumns, TreeEnsemble, type TreeSplit } from '../../trees/index.ts';
import type { BoosterOwner } from '../owner.ts';
import { linearSums } from './linear.ts';

/** Numbers up to this distance from zero are zero (LightGBM/include/LightGBM/meta.h, `kZeroThreshold`). */
const ZERO = Math.fround(1e-35);

const [BY_CATEGORY, DEFAULT_LEFT] = [1, 2];
const [NONE, AS_ZERO, AS_NAN] = [0, 1, 2];

export interface SumOptions {
  readonly owner: BoosterOwner;
  /** Iterations that are used; all when undefined. */
  readonly iterations: number | undefined;
}

/** The sums that the objective makes predictions of. [N, outputs] */
export function lightgbmSums(
  ops: Operators,
  model: LightgbmModel,
  x: { readonly value: GraphValue; readonly width: number },
  { owner, iterations }: SumOptions,
): GraphValue {
  const outputs = model.perIteration;
  const trees = model.trees.slice(0, iterations === undefined ? undefined : iterations * outputs);
  const linear = trees.some((tree) => tree.linear !== undefined);
  const columns = new CategoryColumns(ops, x.width, true);
  const ensemble = new TreeEnsemble(ops, {
    outputs: linear ? trees.length : outputs,
    features: () => columns.width,
    // LightGBM compares and adds numbers of 64 bits.
    numbers: 'float64',
    subject: owner.name,
  });
  for (const [index, tree] of trees.entries()) {
    // Leaves that are sums of features are computed of their numbers.
    const leaf = (number: number) =>
      linear ? only(trees.length, index, number) : only(outputs, index % outputs, leafValue(tree, number, owner));
    addTree(ensemble, columns, tree, leaf);
  }
  const found = ensemble.sums(columns.beside(withZeros(ops, x.value, zerosOf(trees, x.width, owner), trees)));
  const sums = linear ? linearSums(ops, trees, x, found, { outputs, owner }) : found;
  return model.average ? ops.scale(sums, outputs / trees.length) : sums;
}

function addTree(
  ensemble: TreeEnsemble,
  columns: CategoryColumns,
  tree: LightgbmTree,
  leaf: (number: number) => Float64Array,
): void {
  const splits = tree.leaves - 1;
  // Leaves are nodes behind the splits.
  const nodeOf = (child: number | undefined) => (child === undefined ? -1 : child < 0 ? splits - 1 - child : child);
  ensemble.add({
    count: splits + tree.leaves,
    split(node) {
      if (node >= splits) return undefined;
      const children = { left: nodeOf(tree.left[node]), right: nodeOf(tree.right[node]) };
      return { ...children, ...decisionOf(tree, node, columns) };
    },
    leaf: (node) => leaf(node - splits),
  });
}

function leafValue({ values }: LightgbmTree, leaf: number, owner: BoosterOwner): number {
  const value = values[leaf] ?? Number.NaN;
  if (!Number.isFinite(value)) throw owner.broken('a leaf is not a number');
  return value;
}

/** One number, and zeros. */
function only(length: number, at: number, value: number): Float64Array {
  const values = new Float64Array(length);
  values[at] = value;
  return values;
}

function decisionOf(tree: LightgbmTree, node: number, columns: CategoryColumns): Omit<TreeSplit, 'left' | 'right'> {
  const decision = tree.decision[node] ?? 0;
  const [feature, threshold] = [tree.feature[node] ?? -1, tree.threshold[node] ?? Number.NaN];
  if ((decision & BY_CATEGORY) !== 0) {
    // Categories that the set does not have, and missing ones, go to the right.
    const column = columns.add(feature, setOf(tree, threshold), { otherLeft: false, missingLeft: false });
    return { feature: column, threshold: 0.5, inclusive: true, missingLeft: false };
  }
  // Where nothing can be missing, NaN is zero.
  const missingLeft = missingOf(decision) === NONE ? threshold >= 0 : (decision & DEFAULT_LEFT) !== 0;
  return { feature, threshold, inclusive: true, missingLeft };
}

function missingOf(decision: number): number {
  return (decision >> 2) & 3;
}

/** Whether each category goes to the left. */
function setOf({ sets, words }: LightgbmTree, index: number): Uint8Array {
  const part = words.subarray(sets[index], sets[index + 1]);
  return Uint8Array.from({ length: 32 * part.length }, (_, bit) => ((part[bit >>> 5] ?? 0) >>> (bit & 31)) & 1);
}

/** The features of which zeros are missing. */
function zerosOf(trees: readonly LightgbmTree[], width: number, owner: BoosterOwner): Uint8Array {
  const zeros = new Uint8Array(width);
  const others = new Uint8Array(width);
  for (const { feature, decision } of trees) {
    for (const [split, type] of decision.entries()) {
      const missing = missingOf(type);
      if (missing > AS_NAN) throw owner.broken(`a decision has the type ${type}`);
      const kind = (type & BY_CATEGORY) === 0 && missing === AS_ZERO ? zeros : others;
      kind[feature[split] ?? 0] = 1;
    }
  }
  if (zeros.some((one, index) => one === 1 && others[index] === 1))
    throw owner.refuse('zeros of one feature are missing for some trees, and not for others');
  return zeros;
}

/** Zeros are exact, and missing where the model takes them so. */
function withZeros(ops: Operators, x: GraphValue, zeros: Uint8Array, trees: readonly LightgbmTree[]): GraphValue {
  const some = zeros.includes(1);
  // LightGBM drops numbers close to zero, which matters where a threshold is closer.
  const close = trees.some(({ threshold }) => threshold.some((bound) => bound >= -ZERO && bound < ZERO));
  if (!some && !close) return x;
  const isZero = ops.op('LessOrEqual', [ops.op('Abs', [x]), ops.real(ZERO)]);
  const instead = Array.from(zeros, (one) => (one === 1 ? Number.NaN : 0));
  return ops.where(isZero, ops.reals(instead, [1, zeros.length]), x);
}

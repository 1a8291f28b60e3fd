import type { FileBudget } from '../../core/index.ts';
import type { FbTable, FlatBuffer } from '../flatbuffer/index.ts';
import type { CatboostInfo } from './catboost-info.ts';
import { CATEGORICAL_FIELDS, FEATURE_FIELDS, FLOAT_FIELDS, TREE_FIELDS } from './catboost-schema.ts';

/** What trees test: whether a number is above a border. Conditions of features of categories have no column. */
export interface CatboostConditions {
  readonly column: Int32Array;
  readonly border: Float32Array;
  /** Whether a missing number is above every border. */
  readonly missingAbove: Uint8Array;
}

/** A tree that tests one condition on each level: bit `i` of the number of a leaf says whether condition `i` holds. */
export interface ObliviousTree {
  readonly kind: 'oblivious';
  readonly splits: Int32Array;
  /** [leaves, dimension] */
  readonly values: Float64Array;
}

/** A tree whose nodes have a condition each, and steps to the next nodes; a step of 0 ends at the value of the node. */
export interface SteppedTree {
  readonly kind: 'stepped';
  readonly splits: Int32Array;
  readonly left: Uint16Array;
  readonly right: Uint16Array;
  /** Where the value of each node starts in `values`; that of a node with two steps is not used. */
  readonly leaf: Float64Array;
  readonly values: Float64Array;
}

/** A model of CatBoost, whose indexes were proved to lie in range. */
export interface CatboostModel extends CatboostInfo {
  /** The columns that its features of numbers are in: one more than the last. */
  readonly columns: number;
  /** The columns of features of categories, which are texts. */
  readonly categorical: readonly number[];
  readonly conditions: CatboostConditions;
  /** Outputs. */
  readonly dimension: number;
  readonly scale: number;
  /** One for each output. */
  readonly bias: Float64Array;
  readonly trees: readonly (ObliviousTree | SteppedTree)[];
}

const MISSING_ABOVE = 2;
const TREE_BYTES = 200;

/** The trees of a model that was proved consistent. */
export function catboostModel(core: FlatBuffer, table: FbTable, info: CatboostInfo, budget: FileBudget): CatboostModel {
  const categorical = [...table.tables(FEATURE_FIELDS.categorical)].map((feature) =>
    feature.i32(CATEGORICAL_FIELDS.flatIndex, -1),
  );
  const { columns, conditions } = conditionsOf(core, table, budget);
  const dimension = table.i32(TREE_FIELDS.dimension, 0);
  const biases = table.vector(TREE_FIELDS.biases, 8);
  budget.hold(8 * dimension);
  const bias = new Float64Array(dimension).fill(biases.length === 0 ? table.f64(TREE_FIELDS.bias, 0) : 0);
  for (let i = 0; i < biases.length; i++) bias[i] = core.f64(biases.at + 8 * i);
  return {
    ...info,
    columns: categorical.reduce((most, column) => Math.max(most, column + 1), columns),
    categorical,
    conditions,
    dimension,
    scale: table.f64(TREE_FIELDS.scale, 1),
    bias,
    trees: treesOf(core, table, dimension, budget),
  };
}

function conditionsOf(core: FlatBuffer, table: FbTable, budget: FileBudget) {
  const features = [...table.tables(FEATURE_FIELDS.float)].map((feature) => ({
    column: feature.i32(FLOAT_FIELDS.flatIndex, -1),
    borders: feature.vector(FLOAT_FIELDS.borders, 4),
    missingAbove: feature.u8(FLOAT_FIELDS.missing, 0) === MISSING_ABOVE,
  }));
  const count = features.reduce((sum, { borders }) => sum + borders.length, 0);
  budget.hold(16 * count);
  const conditions = {
    column: new Int32Array(count),
    border: new Float32Array(count),
    missingAbove: new Uint8Array(count),
  };
  let at = 0;
  for (const { column, borders, missingAbove } of features) {
    for (let i = 0; i < borders.length; i++, at++) {
      conditions.column[at] = column;
      conditions.border[at] = core.f32(borders.at + 4 * i);
      conditions.missingAbove[at] = Number(missingAbove);
    }
  }
  return { columns: features.reduce((most, { column }) => Math.max(most, column + 1), 0), conditions };
}

function treesOf(core: FlatBuffer, table: FbTable, dimension: number, budget: FileBudget): CatboostModel['trees'] {
  const [splits, sizes, starts, values, steps, leaves] = [
    table.vector(TREE_FIELDS.splits, 4),
    table.vector(TREE_FIELDS.sizes, 4),
    table.vector(TREE_FIELDS.starts, 4),
    table.vector(TREE_FIELDS.values, 8),
    table.vector(TREE_FIELDS.steps, 4),
    table.vector(TREE_FIELDS.leaves, 4),
  ];
  budget.hold(8 * values.length + TREE_BYTES * sizes.length);
  const all = Float64Array.from({ length: values.length }, (_, index) => core.f64(values.at + 8 * index));
  const symmetric = steps.length === 0 && leaves.length === 0;
  const trees: (ObliviousTree | SteppedTree)[] = [];
  let first = 0;
  for (let tree = 0; tree < sizes.length; tree++) {
    const [start, size] = [core.i32(starts.at + 4 * tree), core.i32(sizes.at + 4 * tree)];
    // Trees may name the same conditions, so that their sum is not bounded by the file.
    budget.hold(16 * size);
    budget.work(size);
    const own = Int32Array.from({ length: size }, (_, index) => core.i32(splits.at + 4 * (start + index)));
    if (symmetric) {
      const end = first + dimension * 2 ** size;
      trees.push({ kind: 'oblivious', splits: own, values: all.subarray(first, end) });
      first = end;
      continue;
    }
    const step = (side: 0 | 2) =>
      Uint16Array.from({ length: size }, (_, index) => core.u16(steps.at + 4 * (start + index) + side));
    const leaf = Float64Array.from({ length: size }, (_, index) => core.u32(leaves.at + 4 * (start + index)));
    trees.push({ kind: 'stepped', splits: own, left: step(0), right: step(2), leaf, values: all });
  }
  return trees;
}

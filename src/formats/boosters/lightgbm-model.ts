import type { FileBudget } from '../../core/index.ts';

/**
 * One tree: its splits, and its leaves. A child that is negative is the leaf of the number `-1 - child`; a tree without splits has
 * one leaf.
 */
export interface LightgbmTree {
  readonly leaves: number;
  readonly feature: Int32Array;
  /** Values up to it go to the left; of a split by category, the index of its set. */
  readonly threshold: Float64Array;
  /** Bits: by category, missing values to the left, and two for what a missing value is. */
  readonly decision: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly values: Float64Array;
  /** Categories that go to the left, as bits of words; a set ends where the next one starts. */
  readonly sets: Float64Array;
  readonly words: Uint32Array;
  /** Leaves that are sums of features; `undefined` for a tree of values. */
  readonly linear: LinearLeaves | undefined;
}

/** Leaves that are a constant and a sum of features, unless one of these is missing. */
export interface LinearLeaves {
  readonly constants: Float64Array;
  /** How many features each leaf has, of those of all leaves. */
  readonly counts: Int32Array;
  readonly features: Int32Array;
  readonly coefficients: Float64Array;
}

/** A model of LightGBM, whose indexes were proved to lie in range. */
export interface LightgbmModel {
  /** It does not say which version saved it. */
  readonly version: undefined;
  readonly features: number;
  readonly classes: number;
  /** Trees of an iteration: one for each output. */
  readonly perIteration: number;
  /** The name of the objective and its settings; `undefined` for none. */
  readonly objective: string | undefined;
  /** Whether a prediction is the mean of the trees instead of their sum. */
  readonly average: boolean;
  readonly trees: readonly LightgbmTree[];
}

/** Bytes of a split and of a leaf. */
const SPLIT_BYTES = 24;
const LEAF_BYTES = 8;

/** The lines of a tree that were proved consistent. */
export function lightgbmTree(
  list: (name: string) => readonly number[],
  leaves: number,
  budget: FileBudget,
): LightgbmTree {
  const splits = leaves - 1;
  const [sets, words] = [list('cat_boundaries'), list('cat_threshold')];
  budget.hold(SPLIT_BYTES * splits + LEAF_BYTES * leaves + 8 * sets.length + 4 * words.length);
  const decision = list('decision_type');
  return {
    leaves,
    feature: Int32Array.from(list('split_feature')),
    threshold: Float64Array.from(list('threshold')),
    decision: Uint8Array.from({ length: splits }, (_, split) => (decision[split] ?? 0) & 0xff),
    left: Int32Array.from(list('left_child')),
    right: Int32Array.from(list('right_child')),
    values: Float64Array.from(list('leaf_value')),
    sets: Float64Array.from(sets),
    words: Uint32Array.from(words),
    linear: list('is_linear')[0] === 1 ? linearLeaves(list, budget) : undefined,
  };
}

function linearLeaves(list: (name: string) => readonly number[], budget: FileBudget): LinearLeaves {
  const [constants, counts, features] = [list('leaf_const'), list('num_features'), list('leaf_features')];
  budget.hold(12 * constants.length + 12 * features.length);
  return {
    constants: Float64Array.from(constants),
    counts: Int32Array.from(counts),
    features: Int32Array.from(features),
    coefficients: Float64Array.from(list('leaf_coeff')),
  };
}

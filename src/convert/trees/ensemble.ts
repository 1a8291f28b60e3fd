import { AssayError } from '../../core/index.ts';
import { type GraphValue, tensorOf } from '../../formats/onnx/index.ts';
import type { Operators } from '../operators/index.ts';
import { floatAtMost } from './round-down.ts';

/** How a node decides. */
export interface TreeSplit {
  readonly left: number;
  readonly right: number;
  readonly feature: number;
  readonly threshold: number;
  /** `<=` goes to the left, or `<`. */
  readonly inclusive: boolean;
  readonly missingLeft: boolean;
}

export interface DecisionTree {
  /** Nodes, of which the first is the root. */
  readonly count: number;
  /** How a node decides; `undefined` for a leaf. */
  split(node: number): TreeSplit | undefined;
  /** What a leaf adds to each output. @param depth decisions before it */
  leaf(node: number, depth: number): ArrayLike<number>;
}

/**
 * The numbers that a tree compares: of 32 bits, where a bound of 64 is rounded down, or of 64. Their sums have the same type;
 * results have 32 bits, always.
 */
export type TreeNumbers = 'float32' | 'float64';

export interface TreeEnsembleOptions {
  readonly outputs: number;
  /** How many features there are, which may grow while trees are added. */
  readonly features: number | (() => number);
  readonly numbers: TreeNumbers;
  /** Who has the trees, for errors. */
  readonly subject: string;
}

/** Units of work that a node costs, in its arrays and when it is written. */
const NODE_WORK = 64;
const NODE_BYTES = 160;

/** Collects trees for one operator of `ai.onnx.ml`. A result is the sum of what the leaves of all trees add. */
export class TreeEnsemble {
  readonly #ops: Operators;
  readonly #outputs: number;
  readonly #features: () => number;
  readonly #numbers: TreeNumbers;
  readonly #subject: string;
  #trees = 0;
  readonly #treeIds: number[] = [];
  readonly #nodeIds: number[] = [];
  readonly #featureIds: number[] = [];
  readonly #values: number[] = [];
  readonly #modes: string[] = [];
  readonly #trueIds: number[] = [];
  readonly #falseIds: number[] = [];
  readonly #missing: number[] = [];
  readonly #leafTrees: number[] = [];
  readonly #leafNodes: number[] = [];
  readonly #leafOutputs: number[] = [];
  readonly #weights: number[] = [];

  constructor(ops: Operators, { outputs, features, numbers, subject }: TreeEnsembleOptions) {
    this.#ops = ops;
    this.#outputs = outputs;
    this.#features = typeof features === 'number' ? () => features : features;
    this.#numbers = numbers;
    this.#subject = subject;
  }

  /**
   * Adds a tree: the nodes that its root leads to.
   * @throws AssayError `malformed` for a child that does not exist or has two parents, and for a feature that does not exist
   */
  add(tree: DecisionTree): void {
    const { budget } = this.#ops;
    const met = new Uint8Array(tree.count);
    const waiting: (readonly [node: number, depth: number])[] = [[0, 0]];
    if (tree.count < 1) throw this.#broken('a tree has no nodes');
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [node, depth] = next;
      if (met[node] === 1) throw this.#broken(`node ${node} of tree ${this.#trees} has two parents`);
      met[node] = 1;
      budget.work(NODE_WORK);
      budget.hold(NODE_BYTES);
      const split = tree.split(node);
      this.#node(node, split);
      if (split === undefined) {
        this.#leaf(node, tree.leaf(node, depth));
        continue;
      }
      for (const child of [split.right, split.left]) {
        if (!Number.isSafeInteger(child) || child < 0 || child >= tree.count)
          throw this.#broken(`node ${node} of tree ${this.#trees} has the child ${child}, of ${tree.count} nodes`);
        waiting.push([child, depth + 1]);
      }
    }
    this.#trees++;
  }

  /** The sums, and `base` besides. @param x of the type of numbers that is compared. [N, outputs] */
  sums(x: GraphValue, base?: ArrayLike<number>): GraphValue {
    const { graph } = this.#ops;
    if (this.#trees === 0) throw this.#broken('it has no trees');
    const wide = this.#numbers === 'float64';
    const tensor = (values: readonly number[]) => tensorOf(Float64Array.from(values), [values.length]);
    const plain = (values: readonly number[]) => Float32Array.from(values);
    const bases = base === undefined ? undefined : Array.from(base);
    const result = graph.op(
      'TreeEnsembleRegressor',
      [x],
      {
        n_targets: this.#outputs,
        nodes_treeids: this.#treeIds,
        nodes_nodeids: this.#nodeIds,
        nodes_featureids: this.#featureIds,
        nodes_modes: this.#modes,
        nodes_truenodeids: this.#trueIds,
        nodes_falsenodeids: this.#falseIds,
        nodes_missing_value_tracks_true: this.#missing,
        target_treeids: this.#leafTrees,
        target_nodeids: this.#leafNodes,
        target_ids: this.#leafOutputs,
        aggregate_function: 'SUM',
        post_transform: 'NONE',
        ...(wide
          ? {
              nodes_values_as_tensor: tensor(this.#values),
              target_weights_as_tensor: tensor(this.#weights),
              base_values_as_tensor: bases === undefined ? undefined : tensor(bases),
            }
          : {
              nodes_values: plain(this.#values),
              target_weights: plain(this.#weights),
              base_values: bases === undefined ? undefined : plain(bases),
            }),
      },
      { domain: 'ai.onnx.ml', hint: 'trees' },
    );
    return this.#ops.cast(result, 'float64');
  }

  #node(node: number, split: TreeSplit | undefined): void {
    this.#treeIds.push(this.#trees);
    this.#nodeIds.push(node);
    if (
      split !== undefined &&
      (!Number.isSafeInteger(split.feature) || split.feature < 0 || split.feature >= this.#features())
    )
      throw this.#broken(
        `node ${node} of tree ${this.#trees} asks for feature ${split.feature}, of ${this.#features()}`,
      );
    this.#featureIds.push(split?.feature ?? 0);
    this.#values.push(split === undefined ? 0 : this.#bound(split));
    this.#modes.push(split === undefined ? 'LEAF' : split.inclusive ? 'BRANCH_LEQ' : 'BRANCH_LT');
    this.#trueIds.push(split?.left ?? 0);
    this.#falseIds.push(split?.right ?? 0);
    this.#missing.push(split?.missingLeft === true ? 1 : 0);
  }

  #bound({ threshold, inclusive }: TreeSplit): number {
    if (Number.isNaN(threshold)) throw this.#broken('a bound is not a number');
    if (this.#numbers === 'float64') return threshold;
    // x < t is x <= (the number below t): with numbers of 32 bits it has to be rounded up.
    return inclusive ? floatAtMost(threshold) : -floatAtMost(-threshold);
  }

  #leaf(node: number, weights: ArrayLike<number>): void {
    if (weights.length !== this.#outputs)
      throw this.#broken(`a leaf has ${weights.length} values for ${this.#outputs} outputs`);
    this.#ops.budget.work(weights.length);
    this.#ops.budget.hold(32 * weights.length);
    for (let output = 0; output < weights.length; output++) {
      const weight = weights[output] ?? 0;
      if (weight === 0 && weights.length > 1 && output > 0) continue;
      this.#leafTrees.push(this.#trees);
      this.#leafNodes.push(node);
      this.#leafOutputs.push(output);
      this.#weights.push(weight);
    }
  }

  #broken(what: string): AssayError {
    return new AssayError('malformed', `${this.#subject} contradicts itself: ${what}`);
  }
}

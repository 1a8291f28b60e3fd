import { AssayError } from '../../core/index.ts';
import type { FbTable, FbVector, FlatBuffer } from '../flatbuffer/index.ts';
import { TREE_FIELDS } from './catboost-schema.ts';

/** The counts that the features of a model add up to. */
export interface Features {
  /** Borders and values: trees name them by index. */
  readonly conditions: number;
  readonly buckets: number;
  /** Statistics of categories, and the highest class that is asked of those of each kind. */
  readonly ctrs: number;
  readonly targets: ReadonlyMap<number, number>;
}

/** Newer schemas may have unknown fields. */
const KNOWN_FIELDS = 19;
const MAX_DEPTH = 24;
const STEP_BYTES = 4;
const BIN_BYTES = 4;

/** @throws AssayError `malformed`, `unsupported` */
export function checkTrees(core: FlatBuffer, table: FbTable, features: Features): void {
  if (table.fields > KNOWN_FIELDS) throw new AssayError('unsupported', 'an unknown, newer schema of trees');
  const trees = new Trees(core, table);
  trees.checkConditions(features);
  if (trees.steps.length === 0 && trees.leaves.length === 0) trees.checkSymmetric();
  else trees.checkOthers();
}

class Trees {
  readonly #core: FlatBuffer;
  readonly #dimension: number;
  readonly #splits: FbVector;
  readonly #sizes: FbVector;
  readonly #starts: FbVector;
  readonly #values: FbVector;
  readonly #weights: FbVector;
  readonly #bins: FbVector;
  readonly #biases: FbVector;
  readonly steps: FbVector;
  readonly leaves: FbVector;

  constructor(core: FlatBuffer, table: FbTable) {
    this.#core = core;
    this.#dimension = table.i32(TREE_FIELDS.dimension, 0);
    this.#splits = table.vector(TREE_FIELDS.splits, 4);
    this.#sizes = table.vector(TREE_FIELDS.sizes, 4);
    this.#starts = table.vector(TREE_FIELDS.starts, 4);
    this.#values = table.vector(TREE_FIELDS.values, 8);
    this.#weights = table.vector(TREE_FIELDS.weights, 8);
    this.steps = table.vector(TREE_FIELDS.steps, STEP_BYTES);
    this.leaves = table.vector(TREE_FIELDS.leaves, 4);
    this.#biases = table.vector(TREE_FIELDS.biases, 8);
    this.#bins = table.vector(TREE_FIELDS.bins, BIN_BYTES);
    if (this.#dimension < 1) throw bad(`${this.#dimension} outputs`);
    if (this.#starts.length !== this.#sizes.length)
      throw bad(`${this.#starts.length} start offsets for ${this.#sizes.length} trees`);
    if (this.#biases.length > 0 && this.#biases.length !== this.#dimension)
      throw bad(`${this.#biases.length} biases for ${this.#dimension} outputs`);
  }

  checkConditions({ conditions, buckets }: Features): void {
    const none = conditions === 0 && this.steps.length > 0;
    for (let i = 0; i < this.#splits.length; i++) {
      const split = this.#core.i32(this.#splits.at + 4 * i);
      // In a model without conditions, every node names condition 0.
      if (split < 0 || split >= (none ? 1 : conditions))
        throw bad(`condition index ${split}, but there are ${conditions} conditions`);
    }
    if (this.#bins.length === 0) return;
    if (this.#bins.length !== this.#splits.length)
      throw bad(`${this.#bins.length} bins for ${this.#splits.length} conditions`);
    for (let i = 0; i < this.#bins.length; i++) {
      const bucket = this.#core.u16(this.#bins.at + BIN_BYTES * i);
      if (bucket >= (none ? 1 : buckets)) throw bad(`bucket index ${bucket}, but there are ${buckets} buckets`);
    }
  }

  /** The conditions of a tree lie within those of all. */
  #extent(tree: number): readonly [start: number, size: number] {
    const [start, size] = [this.#core.i32(this.#starts.at + 4 * tree), this.#core.i32(this.#sizes.at + 4 * tree)];
    if (start < 0 || size < 0 || start + size > this.#splits.length)
      throw bad(
        `tree ${tree} has ${size} conditions from ${start} on, but there are ${this.#splits.length} conditions`,
      );
    return [start, size];
  }

  /** Oblivious trees, which test the same condition in all nodes of a level: a leaf for each combination of results. */
  checkSymmetric(): void {
    let leaves = 0;
    for (let tree = 0; tree < this.#sizes.length; tree++) {
      const [, size] = this.#extent(tree);
      if (size > MAX_DEPTH) throw bad(`a tree of depth ${size}`);
      leaves += 2 ** size;
    }
    if (this.#values.length !== leaves * this.#dimension)
      throw bad(`${this.#values.length} values for ${leaves} leaves with ${this.#dimension} outputs each`);
    this.#checkWeights(leaves);
  }

  /** Trees whose nodes state the distance to the next node on both sides; a distance of 0 is a leaf. */
  checkOthers(): void {
    const nodes = this.#splits.length;
    if (this.steps.length !== nodes || this.leaves.length !== nodes)
      throw bad(`${this.steps.length} steps and ${this.leaves.length} leaves for ${nodes} nodes`);
    for (let tree = 0; tree < this.#sizes.length; tree++) {
      const [start, size] = this.#extent(tree);
      if (size === 0) throw bad(`tree ${tree} has no nodes`);
      for (let node = start; node < start + size; node++) this.#checkNode(node, start + size);
    }
    this.#checkWeights(this.#values.length / this.#dimension);
  }

  #checkNode(node: number, end: number): void {
    const at = this.steps.at + STEP_BYTES * node;
    const [left, right] = [this.#core.u16(at), this.#core.u16(at + 2)];
    if (node + Math.max(left, right) >= end)
      throw bad(`a step of ${Math.max(left, right)} from node ${node}, beyond the last node ${end}`);
    if (left !== 0 && right !== 0) return;
    const leaf = this.#core.u32(this.leaves.at + 4 * node);
    if (leaf % this.#dimension !== 0 || leaf + this.#dimension > this.#values.length)
      throw bad(`leaf index ${leaf}, but there are ${this.#values.length} values`);
  }

  #checkWeights(leaves: number): void {
    if (this.#weights.length > 0 && this.#weights.length !== leaves)
      throw bad(`${this.#weights.length} weights for ${leaves} leaves`);
  }
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a CatBoost model: ${what}`);
}

import { AssayError, type FileBudget } from '../../core/index.ts';
import type { NumberList } from './number-list.ts';
import type { Kept } from './shape.ts';
import { LEAF } from './xgboost-tree.ts';

/** The nodes of one tree, of which the first is the root. A node without a left child is a leaf. */
export interface XgboostNodes {
  readonly count: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** Values below it go to the left. */
  readonly threshold: Float32Array;
  readonly defaultLeft: Uint8Array;
  /** The categories that go to the right, of the nodes that split by category. */
  readonly categories: ReadonlyMap<number, readonly number[]>;
  /** Values of a leaf. */
  readonly outputs: number;
  /** [count, outputs] */
  readonly values: Float32Array;
}

export interface XgboostTrees {
  readonly kind: 'trees';
  readonly trees: readonly XgboostNodes[];
  /** The output that each tree belongs to. */
  readonly outputOf: Int32Array;
  /** Where the trees of each round end; `undefined` when all rounds have `perRound`. */
  readonly roundEnds: Int32Array | undefined;
  /** Trees of a round for each output. */
  readonly parallel: number;
  /** A factor for each tree of the booster `dart`. */
  readonly weights: Float32Array | undefined;
}

export interface XgboostLinear {
  readonly kind: 'linear';
  /** [features + 1, outputs], of which the last row is the bias. */
  readonly weights: Float32Array;
}

/** A model of XGBoost, whose indexes were proved to lie in range. */
export interface XgboostModel {
  /** The version that saved it. */
  readonly version: string | undefined;
  readonly features: number;
  readonly classes: number;
  readonly targets: number;
  readonly objective: string;
  /** One value, or one for each output. */
  readonly baseScore: readonly number[];
  /** Whether the base score is a sum of leaves, as versions before 1.0 saved it, instead of a prediction. */
  readonly baseIsMargin: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly booster: XgboostTrees | XgboostLinear;
}

const NODE_BYTES = 24;
const NODE_WORDS = 5;

/** Copies what a reader proved, as the reader comes to it. */
export class XgboostCollector {
  readonly #budget: FileBudget;
  readonly #trees: XgboostNodes[] = [];
  readonly #attributes = new Map<string, string>();
  #learners = 0;
  #model: XgboostModel | undefined;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  /** A tree whose lists were checked. */
  tree(kept: Kept, count: number, outputs: number): void {
    this.#budget.hold(count * (NODE_BYTES + 4 * outputs));
    const list = (name: string) => kept.numbers(`tree.${name}`);
    const left = Int32Array.from(valuesOf(list('left_children')));
    const right = Int32Array.from(valuesOf(list('right_children')));
    const threshold = Float32Array.from(valuesOf(list('split_conditions')));
    this.#trees.push({
      count,
      left,
      right,
      feature: Int32Array.from(valuesOf(list('split_indices'))),
      threshold,
      defaultLeft: Uint8Array.from(valuesOf(list('default_left')), (flag) => Number(flag !== 0)),
      categories: this.#categories(list),
      outputs,
      values: outputs === 1 ? threshold : leafVectors(kept, { count, outputs, left, right }),
    });
  }

  #categories(list: (name: string) => NumberList): Map<number, readonly number[]> {
    const [nodes, starts, sizes, all] = [
      list('categories_nodes'),
      list('categories_segments'),
      list('categories_sizes'),
      list('categories'),
    ];
    const categories = new Map<number, readonly number[]>();
    for (let i = 0; i < nodes.length; i++) {
      const size = sizes.at(i);
      // Segments may overlap, so that their sum is not bounded by the file.
      this.#budget.hold(8 * size + 64);
      this.#budget.work(size);
      categories.set(
        nodes.at(i),
        Array.from({ length: size }, (_, at) => all.at(starts.at(i) + at)),
      );
    }
    return categories;
  }

  /** A tree of the binary form: 20 bytes a node, parent, children, feature and threshold. */
  binaryTree(view: DataView, count: number): void {
    this.#budget.hold(count * (NODE_BYTES + 4));
    const column = (word: number) =>
      Int32Array.from({ length: count }, (_, node) => view.getInt32(4 * (NODE_WORDS * node + word), true));
    const feature = column(3);
    const threshold = Float32Array.from({ length: count }, (_, node) =>
      view.getFloat32(4 * (NODE_WORDS * node + 4), true),
    );
    this.#trees.push({
      count,
      left: column(1),
      right: column(2),
      feature: feature.map((word) => word & 0x7fffffff),
      threshold,
      defaultLeft: Uint8Array.from(feature, (word) => word >>> 31),
      categories: new Map(),
      outputs: 1,
      values: threshold,
    });
  }

  attribute(name: string, value: string): void {
    this.#budget.hold(64 + 2 * (name.length + value.length));
    this.#attributes.set(name, value);
  }

  /** @throws AssayError `malformed` for a second learner: programs read one of the two */
  learner(): void {
    this.#learners++;
    if (this.#learners > 1) throw new AssayError('malformed', 'not an XGBoost model: it has two learners');
  }

  get trees(): readonly XgboostNodes[] {
    return this.#trees;
  }

  finish(model: Omit<XgboostModel, 'attributes'>): void {
    this.#model = { ...model, attributes: this.#attributes };
  }

  /** The model, once it was read to its end. */
  get model(): XgboostModel {
    if (this.#model === undefined) throw new AssayError('internal', 'an XGBoost model that was not read');
    return this.#model;
  }
}

/** Leaves with several outputs: in the weights of all nodes, or in a list that `right_children` point into. */
function leafVectors(
  kept: Kept,
  { count, outputs, left, right }: Pick<XgboostNodes, 'count' | 'outputs' | 'left' | 'right'>,
): Float32Array {
  const [own, weights] = [kept.numbers('tree.leaf_weights'), kept.numbers('tree.base_weights')];
  const values = new Float32Array(count * outputs);
  for (let node = 0; node < count; node++) {
    if (left[node] !== LEAF) continue;
    const separate = kept.has('tree.leaf_weights');
    const from = outputs * (separate ? (right[node] ?? 0) : node);
    for (let i = 0; i < outputs; i++) values[node * outputs + i] = (separate ? own : weights).at(from + i);
  }
  return values;
}

function* valuesOf(list: NumberList): Generator<number> {
  for (let i = 0; i < list.length; i++) yield list.at(i);
}

/** The numbers of a text such as `5E-1` or `[2E-1,8E-1]`; `undefined` when it has other parts. */
export function baseScores(text: string | undefined): readonly number[] | undefined {
  const inner = text?.replace(/^\[([^[\]]*)\]$/, '$1');
  if (inner === undefined || inner === '') return undefined;
  const numbers = inner.split(',').map((part) => (NUMBER.test(part) ? Math.fround(Number(part)) : Number.NaN));
  return numbers.every(Number.isFinite) ? numbers : undefined;
}

const NUMBER = /^-?\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,4})?$/;

export function modelIntegers(list: NumberList): Int32Array {
  return Int32Array.from(valuesOf(list));
}

export function modelFloats(list: NumberList): Float32Array {
  return Float32Array.from(valuesOf(list));
}

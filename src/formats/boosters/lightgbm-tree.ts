import { AssayError, type FileBudget } from '../../core/index.ts';
import { type LightgbmTree, lightgbmTree } from './lightgbm-model.ts';
import { isIndex } from './number-list.ts';
import { walkTree } from './tree.ts';

type Length = (leaves: number, categories: number) => number | undefined;

const A_SPLIT: Length = (leaves) => leaves - 1;
const A_LEAF: Length = (leaves) => leaves;
const ONE: Length = () => 1;
/** The length depends on other fields. */
const ANY: Length = () => undefined;

/** Fields of a tree: the count of numbers of each, for given counts of leaves and of splits by category. */
const FIELDS: Readonly<Record<string, Length>> = {
  num_leaves: ONE,
  num_cat: ONE,
  split_feature: A_SPLIT,
  split_gain: A_SPLIT,
  threshold: A_SPLIT,
  decision_type: A_SPLIT,
  left_child: A_SPLIT,
  right_child: A_SPLIT,
  leaf_value: A_LEAF,
  leaf_weight: A_LEAF,
  leaf_count: A_LEAF,
  leaf_parent: A_LEAF,
  internal_value: A_SPLIT,
  internal_weight: A_SPLIT,
  internal_count: A_SPLIT,
  cat_boundaries: (_, categories) => categories + 1,
  cat_threshold: ANY,
  is_linear: ONE,
  leaf_const: A_LEAF,
  num_features: A_LEAF,
  leaf_features: ANY,
  leaf_coeff: ANY,
  shrinkage: ONE,
  has_categorical: ONE,
};

const NEEDED = ['split_feature', 'threshold', 'left_child', 'right_child', 'leaf_value'];
const NUMBER = /^(?:[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|inf|nan)|-nan)$/;
const INTEGER = /^-?\d{1,10}$/;
const MAX_LEAVES = 16_777_216;
/** Bytes of a number as a text and a value, about. */
const NUMBER_BYTES = 16;

/**
 * Proves that all indexes of one LightGBM tree stay within the tree and its features.
 * @param fields the lines of the tree, by name
 * @param keep whether the tree is wanted: its memory is charged to the budget
 * @throws AssayError `malformed`, `unsupported`, `limit`
 */
export function checkLightgbmTree(
  fields: ReadonlyMap<string, string>,
  features: number,
  budget: FileBudget,
  keep: boolean,
): LightgbmTree | undefined {
  const leaves = single(fields, 'num_leaves');
  const categories = fields.has('num_cat') ? single(fields, 'num_cat') : 0;
  if (leaves < 1 || leaves > MAX_LEAVES || categories > leaves)
    throw bad(`${leaves} leaves and ${categories} categories`);
  const held = [...fields.values()].reduce((sum, text) => sum + text.length, 0) * NUMBER_BYTES;
  budget.work(held / NUMBER_BYTES);
  budget.hold(held);
  try {
    const lists = new Map([...fields].map(([name, text]) => [name, numbers(name, text, leaves, categories)]));
    const list = (name: string) => lists.get(name) ?? [];
    if (leaves > 1) {
      for (const name of NEEDED) if (!fields.has(name)) throw bad(`a tree without ${name}`);
      checkBranches(list, leaves, budget);
      checkFeatures(list('split_feature'), features);
    } else if (list('leaf_value').length !== 1) throw bad('a leaf without a value');
    checkCategories(list, categories);
    checkLinear(list, features);
    return keep ? lightgbmTree(list, leaves, budget) : undefined;
  } finally {
    budget.release(held);
  }
}

type Lists = (name: string) => readonly number[];

function numbers(name: string, text: string, leaves: number, categories: number): readonly number[] {
  const rule = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (rule === undefined)
    throw new AssayError('unsupported', `the field ${JSON.stringify(name.slice(0, 40))} of a tree`);
  const count = rule(leaves, categories);
  const parts =
    count === undefined ? text.split(/ +/).filter((part) => part !== '') : text === '' ? [] : text.split(' ');
  if (count !== undefined && parts.length !== count && !(parts.length === 0 && leaves === 1))
    throw bad(`${name} has ${parts.length} values instead of ${count}`);
  return parts.map((part) => {
    if (!NUMBER.test(part)) throw bad(`${name} holds ${JSON.stringify(part.slice(0, 40))}`);
    return Number(part);
  });
}

/** Splits have children: other splits, or leaves, which are negative and one less. */
function checkBranches(list: Lists, leaves: number, budget: FileBudget): void {
  const [left, right] = [list('left_child'), list('right_child')];
  const node = (child: number | undefined) => {
    if (child === undefined || !Number.isSafeInteger(child)) return Number.NaN;
    // Leaves are numbered after the splits, so an index beyond the leaves is not a node either.
    return child >= 0 ? (child < leaves - 1 ? child : Number.NaN) : leaves - 2 - child;
  };
  const count = 2 * leaves - 1;
  const walked = walkTree(
    count,
    (at) => (at < leaves - 1 ? ([node(left[at]), node(right[at])] as const) : undefined),
    budget,
  );
  if (walked.nodes !== count) throw bad(`${count - walked.nodes} nodes are not in any branch of a tree`);
}

function checkFeatures(list: readonly number[], features: number): void {
  for (const feature of list)
    if (!isIndex(feature, features)) throw bad(`feature index ${feature}, but there are ${features} features`);
}

/** The threshold of a split by category is an index of a set, whose bits lie between two boundaries. */
function checkCategories(list: Lists, categories: number): void {
  const [types, thresholds, boundaries, bits] = [
    list('decision_type'),
    list('threshold'),
    list('cat_boundaries'),
    list('cat_threshold'),
  ];
  for (const [node, type] of types.entries()) {
    if (!Number.isSafeInteger(type) || type < -128 || type > 127) throw bad(`a decision of type ${type}`);
    if ((type & 1) === 1 && !isIndex(thresholds[node] ?? -1, categories))
      throw bad(`category index ${thresholds[node]}, but there are ${categories} categories`);
  }
  if (categories === 0) return;
  if (boundaries.length !== categories + 1 || boundaries[0] !== 0 || boundaries.at(-1) !== bits.length)
    throw bad(`${boundaries.length} boundaries for ${categories} categories with ${bits.length} words`);
  for (const [i, boundary] of boundaries.entries())
    if (!isIndex(boundary, bits.length + 1) || boundary < (boundaries[i - 1] ?? 0))
      throw bad(`boundary ${boundary}, but there are ${bits.length} words`);
  for (const word of bits) if (!isIndex(word, 2 ** 32)) throw bad(`a word of categories ${word}`);
}

/** Linear leaves: how many features each has, then all of them. */
function checkLinear(list: Lists, features: number): void {
  const [linear = 0] = list('is_linear');
  if (linear !== 0 && linear !== 1) throw bad(`is_linear is ${linear}`);
  const [counts, used, coefficients] = [list('num_features'), list('leaf_features'), list('leaf_coeff')];
  let sum = 0;
  for (const count of counts) {
    if (!isIndex(count, used.length + 1)) throw bad(`a leaf with ${count} features`);
    sum += count;
  }
  if (sum !== used.length || sum !== coefficients.length)
    throw bad(`${used.length} features and ${coefficients.length} coefficients for leaves that use ${sum}`);
  checkFeatures(used, features);
}

function single(fields: ReadonlyMap<string, string>, name: string): number {
  const text = fields.get(name) ?? '';
  if (!INTEGER.test(text) || Number(text) < 0) throw bad(`${name} is ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a LightGBM model: ${what}`);
}

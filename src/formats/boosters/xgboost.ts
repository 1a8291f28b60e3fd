import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { walkJson } from './document-json.ts';
import { isIndex, type NumberList } from './number-list.ts';
import { type Kept, ShapeReader } from './shape.ts';
import { walkUbj } from './ubj.ts';
import { readXgboostBinary } from './xgboost-binary.ts';
import { baseScores, modelFloats, modelIntegers, XgboostCollector, type XgboostModel } from './xgboost-model.ts';
import { NEEDED_LISTS, NODE_LISTS, XGBOOST, XGBOOST_KEPT } from './xgboost-shape.ts';
import { checkXgboostTree } from './xgboost-tree.ts';

/** Categories are bits of a bit field, which XGBoost allocates for the highest category. */
const MAX_CATEGORY = 0xffffff;

/**
 * Reads an XGBoost model, in any of its three encodings, to its end, and proves that its indexes and counts agree: XGBoost uses
 * them without a check.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: a member that is not known
 */
export function readXgboost(source: ByteSource, budget: FileBudget): Promise<void> {
  return walkXgboost(source, budget, undefined);
}

/**
 * Reads an XGBoost model as `readXgboost` does, and keeps its trees: their memory is charged to the budget.
 * @throws AssayError as `readXgboost` does; `malformed` for two models in one document
 */
export async function readXgboostModel(source: ByteSource, budget: FileBudget): Promise<XgboostModel> {
  const collector = new XgboostCollector(budget);
  await walkXgboost(source, budget, collector);
  return collector.model;
}

async function walkXgboost(
  source: ByteSource,
  budget: FileBudget,
  collector: XgboostCollector | undefined,
): Promise<void> {
  const head = await source.read(0, Math.min(2, source.size));
  if (head[0] !== 0x7b) return readXgboostBinary(source, budget, collector);
  const model = new XgboostDocument(budget, collector);
  const shape = collector === undefined ? XGBOOST : XGBOOST_KEPT;
  const reader = new ShapeReader(shape, budget, (name, kept) => model.ended(name, kept));
  try {
    // Keys of UBJSON have a length, those of JSON a quote.
    if (head[1] === 0x4c || head[1] === 0x7d) await walkUbj(source, reader, budget);
    else await walkJson(source, reader, budget);
    model.finish(reader.kept);
  } finally {
    reader.dispose();
  }
}

/** The counts that a walk over a model adds up. */
class XgboostDocument {
  readonly #budget: FileBudget;
  readonly #collector: XgboostCollector | undefined;
  #trees = 0;
  #highestFeature = -1;
  /** Outputs of a leaf of trees that have several; all the same. */
  #outputs = 1;
  /** Categories of each feature that has an encoding, in order. */
  #categories = 0;
  #encodings = 0;

  constructor(budget: FileBudget, collector: XgboostCollector | undefined) {
    this.#budget = budget;
    this.#collector = collector;
  }

  ended(name: string, kept: Kept): void {
    if (name === 'tree') this.#tree(kept);
    else if (name === 'encoding') this.#encoding(kept);
    else if (name === 'learner') this.#collector?.learner();
    kept.forget(`${name}.`);
  }

  #tree(kept: Kept): void {
    const count = integer(kept, 'tree.num_nodes');
    const list = (name: string) => kept.numbers(`tree.${name}`);
    for (const name of NEEDED_LISTS) if (!kept.has(`tree.${name}`)) throw bad(`a tree without ${name}`);
    for (const name of NODE_LISTS) {
      const { length } = list(name);
      if (kept.has(`tree.${name}`) && length !== count) throw bad(`${length} ${name} for a tree of ${count} nodes`);
    }
    const [left, right, parents, features] = [
      list('left_children'),
      list('right_children'),
      list('parents'),
      list('split_indices'),
    ];
    const highest = checkXgboostTree(
      {
        count,
        deleted: kept.has('tree.num_deleted') ? integer(kept, 'tree.num_deleted') : 0,
        left: (node) => left.at(node),
        right: (node) => right.at(node),
        parent: (node) => parents.at(node),
        feature: (node) => features.at(node),
      },
      this.#budget,
    );
    this.#highestFeature = Math.max(this.#highestFeature, highest);
    this.#leaves(kept, count);
    this.#splits(kept, count);
    this.#collector?.tree(kept, count, this.#outputs);
    this.#trees++;
  }

  /** Leaves with several outputs: in the weights of all nodes, or in a list of their own that `right_children` point into. */
  #leaves(kept: Kept, count: number): void {
    const outputs = Math.max(1, kept.has('tree.size_leaf_vector') ? integer(kept, 'tree.size_leaf_vector') : 1);
    if (this.#trees > 0 && outputs !== this.#outputs) throw bad('trees with leaves of different sizes');
    this.#outputs = outputs;
    const weights = kept.numbers('tree.base_weights').length;
    if (weights !== count * outputs) throw bad(`${weights} base_weights for ${count} nodes with ${outputs} outputs`);
    if (!kept.has('tree.leaf_weights')) return;
    const [left, right] = [kept.numbers('tree.left_children'), kept.numbers('tree.right_children')];
    const own = kept.numbers('tree.leaf_weights').length;
    for (let node = 0; node < count; node++) {
      if (left.at(node) === -1 && !isIndex(right.at(node), Math.floor(own / outputs)))
        throw bad(`leaf ${node} uses weights from ${right.at(node)} on, but there are ${own}`);
    }
  }

  #splits(kept: Kept, count: number): void {
    const list = (name: string) => kept.numbers(`tree.${name}`);
    const [nodes, segments, sizes, categories, types] = [
      list('categories_nodes'),
      list('categories_segments'),
      list('categories_sizes'),
      list('categories'),
      list('split_type'),
    ];
    if (segments.length !== nodes.length || sizes.length !== nodes.length)
      throw bad(`${nodes.length} nodes with categories, but ${segments.length} starts and ${sizes.length} sizes`);
    let categorical = 0;
    for (let node = 0; node < types.length; node++) {
      const type = types.at(node);
      if (type !== 0 && type !== 1) throw bad(`a split of type ${type}`);
      categorical += type;
    }
    if (categorical !== nodes.length)
      throw bad(`${categorical} splits by category, but categories for ${nodes.length} nodes`);
    for (let i = 0; i < nodes.length; i++) {
      const [node, start, size] = [nodes.at(i), segments.at(i), sizes.at(i)];
      if (!isIndex(node, count) || types.at(node) !== 1 || (i > 0 && node <= nodes.at(i - 1)))
        throw bad(`categories of node ${node}`);
      if (!isIndex(start, categories.length + 1) || !isIndex(size, categories.length - start + 1))
        throw bad(`${size} categories from ${start} on, but there are ${categories.length}`);
    }
    for (let i = 0; i < categories.length; i++)
      if (!isIndex(categories.at(i), MAX_CATEGORY + 1)) throw bad(`category ${categories.at(i)}`);
  }

  #encoding(kept: Kept): void {
    const [offsets, values] = [kept.numbers('encoding.offsets'), kept.numbers('encoding.values')];
    this.#encodings++;
    if (offsets.length === 0) {
      this.#categories += values.length;
      return;
    }
    climbs(offsets, values.length, 'offsets of category names');
    this.#categories += offsets.length - 1;
  }

  finish(kept: Kept): void {
    const booster = kept.text('booster');
    if (booster !== 'gbtree' && booster !== 'dart' && booster !== 'gblinear')
      throw new AssayError(booster === undefined ? 'malformed' : 'unsupported', `the booster ${booster}`);
    if (booster === 'dart' && kept.text('inner') !== 'gbtree') throw bad(`dart over ${kept.text('inner')}`);
    const features = integer(kept, 'num_feature');
    const groups = Math.max(1, optional(kept, 'num_class'), optional(kept, 'num_target'));
    if (booster === 'gblinear') {
      const weights = kept.numbers('weights').length;
      if (weights !== (features + 1) * groups) throw bad(`${weights} weights for ${features} features`);
      this.#collect(kept, { kind: 'linear', weights: modelFloats(kept.numbers('weights')) });
      return;
    }
    const trees = integer(kept, 'num_trees');
    if (trees !== this.#trees) throw bad(`${this.#trees} trees instead of the declared ${trees}`);
    if (this.#highestFeature >= features)
      throw bad(`a split on feature index ${this.#highestFeature}, but there are ${features} features`);
    if (this.#outputs > 1 && this.#outputs !== groups)
      throw bad(`${this.#outputs} outputs a leaf instead of ${groups}`);
    const info = kept.numbers('tree_info');
    if (info.length !== trees) throw bad(`${info.length} entries of tree_info for ${trees} trees`);
    for (let i = 0; i < trees; i++)
      if (!isIndex(info.at(i), groups))
        throw bad(`tree ${i} belongs to output index ${info.at(i)}, but there are ${groups} outputs`);
    if (kept.has('iteration_indptr')) climbs(kept.numbers('iteration_indptr'), trees, 'iteration_indptr');
    const dropped = kept.numbers('weight_drop').length;
    if (booster === 'dart' && dropped !== trees) throw bad(`${dropped} weights for ${trees} trees`);
    this.#checkCategories(kept, features);
    if (this.#collector === undefined) return;
    this.#collect(kept, {
      kind: 'trees',
      trees: this.#collector.trees,
      outputOf: modelIntegers(info),
      roundEnds: kept.has('iteration_indptr') ? modelIntegers(kept.numbers('iteration_indptr')).subarray(1) : undefined,
      parallel: parallelTrees(kept),
      weights: booster === 'dart' ? modelFloats(kept.numbers('weight_drop')) : undefined,
    });
  }

  #collect(kept: Kept, booster: XgboostModel['booster']): void {
    if (this.#collector === undefined) return;
    const [objective, score] = [kept.plain('objective.name'), kept.plain('base_score')];
    const baseScore = baseScores(score);
    if (objective === undefined) throw bad('it has no objective');
    if (baseScore === undefined) throw bad(`base_score is ${JSON.stringify((score ?? '').slice(0, 40))}`);
    for (const [name, value] of kept.plainOf('attributes.')) this.#collector.attribute(name, value);
    const version = [...modelIntegers(kept.numbers('version'))];
    this.#collector.finish({
      version: version.length === 3 ? version.join('.') : undefined,
      features: integer(kept, 'num_feature'),
      classes: optional(kept, 'num_class'),
      targets: optional(kept, 'num_target'),
      objective,
      baseScore,
      baseIsMargin: false,
      booster,
    });
  }

  #checkCategories(kept: Kept, features: number): void {
    const [segments, sorted] = [kept.numbers('feature_segments'), kept.numbers('sorted_idx')];
    if (segments.length === 0 && sorted.length === 0 && this.#encodings === 0) return;
    if (segments.length !== this.#encodings + 1 || this.#encodings > features || sorted.length !== this.#categories)
      throw bad(`${segments.length} segments for ${this.#encodings} encodings with ${this.#categories} categories`);
    climbs(segments, this.#categories, 'feature_segments');
    for (let i = 0; i + 1 < segments.length; i++) {
      const size = segments.at(i + 1) - segments.at(i);
      for (let j = segments.at(i); j < segments.at(i + 1); j++)
        if (!isIndex(sorted.at(j), size)) throw bad(`category index ${sorted.at(j)}, but there are ${size} categories`);
    }
  }
}

/** Whether a list rises from 0 to `end` and never decreases. */
function climbs(list: NumberList, end: number, name: string): void {
  for (let i = 0; i < list.length; i++) {
    if (!isIndex(list.at(i), end + 1) || (i === 0 ? list.at(i) !== 0 : list.at(i) < list.at(i - 1)))
      throw bad(`${name} that do not rise from 0 to ${end}`);
  }
  if (list.at(list.length - 1) !== end) throw bad(`${name} that do not rise from 0 to ${end}`);
}

function integer(kept: Kept, name: string): number {
  const text = kept.text(name);
  if (text === undefined || !/^\d{1,10}$/.test(text) || Number(text) > 0x7fffffff) throw bad(`${name} is ${text}`);
  return Number(text);
}

/** Older versions do not write it. */
function parallelTrees(kept: Kept): number {
  const text = kept.plain('num_parallel_tree') ?? '1';
  if (!/^\d{1,9}$/.test(text)) throw bad(`num_parallel_tree is ${text.slice(0, 40)}`);
  return Math.max(1, Number(text));
}

function optional(kept: Kept, name: string): number {
  return kept.has(name) ? integer(kept, name) : 0;
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not an XGBoost model: ${what.replace(/^tree\./, '')}`);
}

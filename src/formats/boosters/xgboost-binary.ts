import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { startsWith } from '../format.ts';
import { walkJson } from './document-json.ts';
import type { XgboostCollector, XgboostModel } from './xgboost-model.ts';
import { checkXgboostTree, LEAF } from './xgboost-tree.ts';

/** Sizes of the structures that XGBoost wrote as a copy of memory (versions 0.4 to 2.0, little-endian). */
const LEARNER_PARAM = 136;
const TREES_PARAM = 160;
const TREE_PARAM = 148;
const NODE = 20;
const NODE_STATISTICS = 16;
const LINEAR_PARAM = 136;

const MAX_TEXT = 16 * 1024 * 1024;
const MAX_NAME = 256;
const MAX_TREES = 10_000_000;

/** A header before the model of a pickle that also holds settings: the offset of the settings. */
const CONFIG_HEADER = 'CONFIG-offset:';

interface Learner {
  readonly features: number;
  /** Outputs of the model: classes, or targets. */
  readonly groups: number;
  readonly hasAttributes: boolean;
  readonly hasMetrics: boolean;
  readonly major: number;
  readonly classes: number;
  readonly targets: number;
  readonly baseScore: number;
  readonly version: string | undefined;
}

/**
 * Reads the binary form of XGBoost before 2.1, which has no magic, and proves that its indexes and counts agree.
 * @throws AssayError `malformed`, `truncated`, `limit`, `unsupported`
 */
export async function readXgboostBinary(
  source: ByteSource,
  budget: FileBudget,
  collector: XgboostCollector | undefined,
): Promise<void> {
  await new BinaryReader(source, budget, collector).run();
}

class BinaryReader {
  readonly #source: ByteSource;
  readonly #reader: ByteReader;
  readonly #budget: FileBudget;
  readonly #collector: XgboostCollector | undefined;

  constructor(source: ByteSource, budget: FileBudget, collector: XgboostCollector | undefined) {
    this.#source = source;
    this.#budget = budget;
    this.#collector = collector;
    this.#reader = new ByteReader(source);
  }

  async run(): Promise<void> {
    const configAt = await this.#header();
    const learner = await this.#learner();
    const { features, groups, hasAttributes, hasMetrics, major } = learner;
    const objective = await this.#text(MAX_NAME);
    const name = await this.#text(MAX_NAME);
    if (name !== 'gblinear' && name !== 'gbtree' && name !== 'dart')
      throw new AssayError('unsupported', `the booster ${JSON.stringify(name.slice(0, 40))}`);
    const booster =
      name === 'gblinear' ? await this.#linear(features, groups) : await this.#trees(features, groups, name === 'dart');
    if (hasAttributes) await this.#attributes();
    const { classes, targets, baseScore, version } = learner;
    this.#collector?.finish({
      ...{ version, features, classes, targets, objective, booster },
      baseScore: [baseScore],
      baseIsMargin: major === 0,
    });
    // Since version 1, attributes hold these.
    if (major === 0 && objective === 'count:poisson') await this.#text(MAX_NAME);
    if (major === 0 && hasMetrics) await this.#texts(1);
    await this.#rest(configAt);
  }

  /** Skips the old magic or the header of a pickle. @returns where the settings start; `undefined` when there are none */
  async #header(): Promise<number | undefined> {
    const reader = this.#reader;
    let configAt: number | undefined;
    if (await this.#startsWith(CONFIG_HEADER)) {
      reader.skip(CONFIG_HEADER.length);
      await reader.fill(8);
      const length = reader.u64();
      configAt = reader.offset + length;
      if (configAt > this.#source.size) throw this.#malformed(`settings at byte ${configAt}`);
    }
    if (await this.#startsWith('bs64')) throw new AssayError('unsupported', 'a model in base64');
    if (await this.#startsWith('binf')) reader.skip(4);
    return configAt;
  }

  async #startsWith(text: string): Promise<boolean> {
    const length = Math.min(text.length, this.#reader.left);
    await this.#reader.fill(length);
    return startsWith(this.#reader.buffered(), text);
  }

  async #learner(): Promise<Learner> {
    const fields = await this.#integers(LEARNER_PARAM);
    // base_score is a float of the same bits; then num_feature, num_class, contain_extra_attrs, contain_eval_metrics, version, num_target.
    const [score = 0, features = 0, classes = 0, attributes = 0, metrics = 0, major = 0, minor = 0, targets = 0] =
      fields;
    if (features < 0 || classes < 0 || targets < 0) throw this.#malformed(`${features} features, ${classes} classes`);
    if (!isFlag(attributes) || !isFlag(metrics) || major < 0 || major > 99)
      throw this.#malformed('flags or a version that XGBoost does not write');
    const groups = Math.max(1, classes, major >= 1 ? targets : 1);
    const baseScore = new Float32Array(Int32Array.of(score).buffer)[0] ?? Number.NaN;
    if (!Number.isFinite(baseScore)) throw this.#malformed('a base score that is not a number');
    const version = major >= 1 ? `${major}.${minor}` : undefined;
    const flags = { hasAttributes: attributes === 1, hasMetrics: metrics === 1 };
    return { features, groups, ...flags, major, classes, targets: major >= 1 ? targets : 1, baseScore, version };
  }

  async #trees(features: number, groups: number, dart: boolean): Promise<XgboostModel['booster']> {
    const fields = await this.#integers(TREES_PARAM);
    // num_trees, num_roots or num_parallel_tree, num_feature, padding, num_pbuffer (64 bits), num_output_group,
    // size_leaf_vector.
    const [trees = 0, parallel = 1, treeFeatures = 0, , buffered = 0, bufferedHigh = 0, ownGroups = 0, vector = 0] =
      fields;
    if (trees < 0 || trees > MAX_TREES || trees > this.#reader.left / TREE_PARAM)
      throw this.#malformed(`${trees} trees, but ${this.#reader.left} bytes are left`);
    if (vector > 1 || buffered !== 0 || bufferedHigh !== 0)
      throw new AssayError('unsupported', 'trees with leaf vectors or a prediction buffer');
    let highest = -1;
    for (let i = 0; i < trees; i++) highest = Math.max(highest, await this.#tree());
    const most = treeFeatures > 0 ? Math.min(features, treeFeatures) : features;
    if (highest >= most) throw this.#malformed(`a split on feature index ${highest}, but there are ${most} features`);
    const outputs = ownGroups > 0 ? Math.min(groups, ownGroups) : groups;
    this.#budget.hold(4 * trees);
    const outputOf = new Int32Array(trees);
    for (let i = 0; i < trees; i++) {
      const group = await this.#integer();
      outputOf[i] = group;
      if (group < 0 || group >= outputs)
        throw this.#malformed(`tree ${i} belongs to output index ${group}, but there are ${outputs} outputs`);
    }
    this.#budget.release(4 * trees);
    const weights = dart && trees > 0 ? await this.#floats(trees) : undefined;
    const all = this.#collector?.trees ?? [];
    // Before 1.0, the second field was the number of roots.
    return {
      ...{ kind: 'trees', trees: all, outputOf, weights, roundEnds: undefined },
      parallel: Math.max(1, parallel),
    };
  }

  /** @returns the highest feature that the tree splits on */
  async #tree(): Promise<number> {
    const at = this.#reader.offset;
    const [roots = 0, count = 0, deleted = 0, , , vector = 0] = await this.#integers(TREE_PARAM);
    if (roots !== 1 || vector > 1) throw new AssayError('unsupported', `a tree with ${roots} roots`, { offset: at });
    if (count < 1 || count > this.#reader.left / (NODE + NODE_STATISTICS))
      throw this.#malformed(`a tree of ${count} nodes, but ${this.#reader.left} bytes are left`);
    const bytes = count * (NODE + NODE_STATISTICS);
    this.#budget.hold(bytes);
    try {
      await this.#reader.fill(bytes);
      const nodes = this.#reader.bytes(bytes);
      const view = new DataView(nodes.buffer, nodes.byteOffset, nodes.byteLength);
      const field = (node: number, index: number) => view.getInt32(node * NODE + index * 4, true);
      const highest = checkXgboostTree(
        {
          count,
          deleted,
          left: (node) => field(node, 1),
          right: (node) => field(node, 2),
          // The first bit of the parent states whether the node is a left child; the first bit of the feature, where missing
          // values go.
          parent: (node) => (field(node, 0) === LEAF ? LEAF : field(node, 0) & 0x7fffffff),
          feature: (node) => field(node, 3) & 0x7fffffff,
        },
        this.#budget,
      );
      this.#collector?.binaryTree(view, count);
      return highest;
    } finally {
      this.#budget.release(bytes);
    }
  }

  async #linear(features: number, groups: number): Promise<XgboostModel['booster']> {
    const [own = 0, ownGroups = 0] = await this.#integers(LINEAR_PARAM);
    const count = (Math.max(features, own) + 1) * Math.max(groups, ownGroups);
    if (own > features || ownGroups > groups)
      throw this.#malformed(`weights for ${own} features, but the model has ${features} features`);
    return { kind: 'linear', weights: await this.#floats(count) };
  }

  /** A list of exactly `count` floats. Without a collector they are not looked at. */
  async #floats(count: number): Promise<Float32Array> {
    const length = await this.#length(4);
    if (length !== count) throw this.#malformed(`${length} weights instead of ${count}`);
    if (this.#collector === undefined) {
      this.#reader.skip(length * 4);
      return new Float32Array(0);
    }
    this.#budget.hold(4 * length);
    const values = new Float32Array(length);
    for (let i = 0; i < length; i++) {
      await this.#reader.fill(4);
      const bytes = this.#reader.bytes(4);
      values[i] = new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
    }
    return values;
  }

  /** Names and values. */
  async #attributes(): Promise<void> {
    const count = await this.#length(16);
    for (let i = 0; i < count; i++) {
      this.#budget.work(2);
      const [name, value] = [await this.#text(MAX_TEXT), await this.#text(MAX_TEXT)];
      this.#collector?.attribute(name, value);
    }
  }

  /** A list of groups of `each` texts. */
  async #texts(each: number): Promise<void> {
    const count = await this.#length(8 * each);
    for (let i = 0; i < count * each; i++) {
      this.#budget.work(1);
      await this.#text(MAX_TEXT);
    }
  }

  async #text(most: number): Promise<string> {
    const length = await this.#length(1);
    if (length > most) throw this.#malformed(`a text of ${length} bytes`);
    this.#budget.work(length);
    await this.#reader.fill(length);
    return Buffer.from(this.#reader.bytes(length)).toString('latin1');
  }

  /** A 64-bit count of items of at least `size` bytes each. */
  async #length(size: number): Promise<number> {
    await this.#reader.fill(8);
    const length = this.#reader.u64();
    if (length > this.#reader.left / size)
      throw this.#malformed(`${length} items of ${size} bytes each, but ${this.#reader.left} bytes are left`);
    return length;
  }

  async #integers(bytes: number): Promise<readonly number[]> {
    await this.#reader.fill(bytes);
    const content = this.#reader.bytes(bytes);
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    this.#budget.work(bytes);
    return Array.from({ length: bytes / 4 }, (_, i) => view.getInt32(i * 4, true));
  }

  async #integer(): Promise<number> {
    if (!this.#reader.has(4)) await this.#reader.fill(4);
    return this.#reader.u32() | 0;
  }

  /** The settings, as JSON, fill the rest. Without them the model ends with the file. */
  async #rest(configAt: number | undefined): Promise<void> {
    const { offset, left } = this.#reader;
    if (offset !== (configAt ?? this.#source.size)) throw this.#malformed(`${left} bytes follow the model`);
    if (configAt === undefined) return;
    if (left > MAX_TEXT) throw new AssayError('limit', `settings of ${left} bytes`, { offset });
    await walkJson(new SliceSource(this.#source, offset, left, this.#source.name), {}, this.#budget);
  }

  #malformed(what: string): AssayError {
    return new AssayError('malformed', `not an XGBoost model: ${what}`, { offset: this.#reader.offset });
  }
}

function isFlag(value: number): boolean {
  return value === 0 || value === 1;
}

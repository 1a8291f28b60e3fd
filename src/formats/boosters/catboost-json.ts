import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { InfoValues } from './catboost-info.ts';
import type { CatboostModel, ObliviousTree } from './catboost-model.ts';
import { walkJson } from './document-json.ts';
import { isIndex, NumberList } from './number-list.ts';
import { type PlacedValues, PlaceEvents } from './places.ts';

const MAX_DEPTH = 24;
const MAX_COLUMN = 2 ** 31;
const ITEM_BYTES = 200;
/** Features of these kinds are not numbers. */
const OTHERS = /^features_info\.(?:text|embedding|estimated)_features\[\]/;
const TREATMENTS: ReadonlySet<unknown> = new Set(['AsIs', 'AsFalse', 'AsTrue']);

/**
 * Reads a CatBoost model in JSON to its end, and proves that its indexes and counts agree.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: other trees than oblivious ones, and features that are
 *   neither numbers nor categories
 */
export async function readCatboostJson(source: ByteSource, budget: FileBudget): Promise<CatboostModel> {
  const model = new JsonModel(budget);
  try {
    await walkJson(source, new PlaceEvents(model), budget);
    return model.finish();
  } finally {
    model.close();
  }
}

type Members = Map<string, string | number | boolean>;

class JsonModel implements PlacedValues {
  readonly #budget: FileBudget;
  readonly #info: InfoValues;
  readonly #features = new Map<number, { readonly column: number; readonly missingAbove: boolean }>();
  readonly #categorical: number[] = [];
  readonly #trees: ObliviousTree[] = [];
  /** The members of the feature or split at hand. */
  readonly #members: Members = new Map();
  /** Of all splits: the feature, and the border. */
  readonly #splits: NumberList;
  readonly #borders: NumberList;
  /** Where the splits of the tree at hand start. */
  #first = 0;
  readonly #values: NumberList;
  readonly #scale: NumberList;
  readonly #bias: NumberList;

  constructor(budget: FileBudget) {
    this.#budget = budget;
    this.#info = new InfoValues(budget);
    const list = () => new NumberList(budget);
    [this.#splits, this.#borders, this.#values, this.#scale, this.#bias] = [list(), list(), list(), list(), list()];
  }

  close(): void {
    for (const list of [this.#splits, this.#borders, this.#values, this.#scale, this.#bias]) list.close();
  }

  value(place: string, value: string | number | boolean): void {
    const list = this.#listOf(place);
    if (list !== undefined) {
      list.push(numberOf(place, value));
      return;
    }
    if (place.startsWith('trees[]'))
      throw new AssayError('unsupported', 'trees that are not oblivious, in JSON', {
        hint: 'save the model as .cbm',
      });
    if (OTHERS.test(place)) throw new AssayError('unsupported', 'features of texts or embeddings');
    if (place.startsWith('model_info.')) this.#info.value(place.slice('model_info.'.length), value);
    else if (MEMBER.test(place)) this.#members.set(place.slice(place.lastIndexOf('.') + 1), value);
  }

  #listOf(place: string): NumberList | undefined {
    switch (place) {
      case 'oblivious_trees[].leaf_values[]':
        return this.#values;
      case 'scale_and_bias[]':
        return this.#scale;
      case 'scale_and_bias[][]':
        return this.#bias;
      default:
        return undefined;
    }
  }

  ended(place: string): void {
    if (place === 'features_info.float_features[]') this.#endFeature();
    else if (place === 'features_info.categorical_features[]') this.#categorical.push(this.#column());
    else if (place === 'oblivious_trees[].splits[]') this.#endSplit();
    else if (place === 'oblivious_trees[]') this.#endTree();
    else return;
    this.#members.clear();
  }

  #column(): number {
    this.#budget.hold(ITEM_BYTES);
    const column = this.#members.get('flat_feature_index');
    if (typeof column !== 'number' || !isIndex(column, MAX_COLUMN)) throw bad(`a feature of column ${column}`);
    return column;
  }

  #endFeature(): void {
    const column = this.#column();
    const [index, treatment] = [this.#members.get('feature_index'), this.#members.get('nan_value_treatment')];
    if (typeof index !== 'number' || this.#features.has(index)) throw bad(`two features ${index}`);
    if (!TREATMENTS.has(treatment)) throw bad(`the treatment ${treatment} of missing numbers`);
    this.#features.set(index, { column, missingAbove: treatment === 'AsTrue' });
  }

  #endSplit(): void {
    const [kind, border] = [this.#members.get('split_type'), this.#members.get('border')];
    if (kind !== 'FloatFeature') throw new AssayError('unsupported', `a split of the kind ${JSON.stringify(kind)}`);
    if (typeof border !== 'number') throw bad('a split without a border');
    this.#splits.push(numberOf('float_feature_index', this.#members.get('float_feature_index')));
    this.#borders.push(border);
  }

  #endTree(): void {
    const depth = this.#splits.length - this.#first;
    if (depth > MAX_DEPTH) throw bad(`a tree of depth ${depth}`);
    this.#budget.hold(ITEM_BYTES + 8 * this.#values.length + 4 * depth);
    const values = Float64Array.from({ length: this.#values.length }, (_, index) => this.#values.at(index));
    const splits = Int32Array.from({ length: depth }, (_, index) => this.#first + index);
    this.#trees.push({ kind: 'oblivious', splits, values });
    this.#values.clear();
    this.#first = this.#splits.length;
  }

  finish(): CatboostModel {
    const [scale, ...biases] = [this.#scale, this.#bias].flatMap((list) =>
      Array.from({ length: list.length }, (_, index) => list.at(index)),
    );
    const dimension = biases.length;
    if (scale === undefined || dimension === 0 || this.#scale.length > 2) throw bad('it has no scale and bias');
    for (const { splits, values } of this.#trees)
      if (values.length !== dimension * 2 ** splits.length)
        throw bad(`${values.length} values for a tree of depth ${splits.length} with ${dimension} outputs`);
    const columns = [...this.#features.values()].map(({ column }) => column);
    return {
      ...this.#info.info(),
      columns: [...columns, ...this.#categorical].reduce((most, column) => Math.max(most, column + 1), 0),
      categorical: this.#categorical,
      conditions: this.#conditions(),
      dimension,
      scale,
      bias: Float64Array.from(biases),
      trees: this.#trees,
    };
  }

  /** A condition for each split. */
  #conditions(): CatboostModel['conditions'] {
    const count = this.#splits.length;
    this.#budget.hold(16 * count);
    const conditions = {
      column: new Int32Array(count),
      border: new Float32Array(count),
      missingAbove: new Uint8Array(count),
    };
    for (let at = 0; at < count; at++) {
      const feature = this.#features.get(this.#splits.at(at));
      if (feature === undefined) throw bad(`a split of feature ${this.#splits.at(at)}, which does not exist`);
      conditions.column[at] = feature.column;
      conditions.border[at] = this.#borders.at(at);
      conditions.missingAbove[at] = Number(feature.missingAbove);
    }
    return conditions;
  }
}

/** A member of a feature or of a split. */
const MEMBER = /^(?:features_info\.(?:float|categorical)_features|oblivious_trees\[\]\.splits)\[\]\.\w+$/;

function numberOf(place: string, value: string | number | boolean | undefined): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw bad(`${place} is ${JSON.stringify(value)}`);
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a CatBoost model: ${what}`);
}

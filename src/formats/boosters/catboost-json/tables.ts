import { AssayError, type FileBudget } from '../../../core/index.ts';
import { isIndex } from '../number-list.ts';

const MAX_COLUMN = 2 ** 31;
const ITEM_BYTES = 120;
const FEATURES = /^features_info\.(float_features|categorical_features|ctrs)\[\]$/;
const TREATMENTS: ReadonlySet<unknown> = new Set(['AsIs', 'AsFalse', 'AsTrue']);
/** Numbers after each hash, by the kind of table; those of classes have one number a class. */
const ROW: ReadonlyMap<string, number> = new Map([
  ['BinarizedTargetMeanValue', 2],
  ['FloatTargetMeanValue', 2],
  ['Counter', 1],
  ['FeatureFreq', 1],
]);
const CLASS_KINDS: ReadonlySet<string> = new Set(['Borders', 'Buckets']);

interface CtrUse {
  readonly table: string;
  readonly kind: string;
  readonly target: number;
}

/** The features of a CatBoost model in JSON, the conditions that they give, and the tables of statistics. */
export class CatboostTables {
  readonly #budget: FileBudget;
  #held = 0;
  /** Conditions that trees may test: one for each border and each value. */
  conditions = 0;
  readonly #columns = { float_features: new Set<number>(), categorical_features: new Set<number>() };
  readonly #members = new Map<string, unknown>();
  /** Features that combinations name. */
  readonly #named = { float: -1, categorical: -1 };
  readonly #uses: CtrUse[] = [];
  /** Numbers of a row of each table, without its hash. */
  readonly #widths = new Map<string, number>();
  #table: { readonly name: string; cells: number; stride: number | undefined } | undefined;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  /** Releases the memory of all that is kept. */
  dispose(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
  }

  #hold(bytes: number): void {
    this.#budget.hold(bytes);
    this.#held += bytes;
  }

  startTable(name: string): void {
    this.#hold(ITEM_BYTES + 2 * name.length);
    this.#table = { name, cells: 0, stride: undefined };
  }

  value(place: string, value: string | number | boolean | null): void {
    if (place.startsWith('ctr_data.')) this.#inTable(place, value);
    else if (/\.(?:borders|values)\[\]$/.test(place)) {
      if (typeof value !== 'number') throw bad(`${place} is ${JSON.stringify(value)}`);
      this.conditions++;
    } else if (/^features_info\.ctrs\[\]\.elements\[\]\.\w+$/.test(place)) this.#element(place, value);
    else if (/^features_info\.\w+\[\]\.\w+$/.test(place))
      this.#members.set(place.slice(place.lastIndexOf('.') + 1), value);
  }

  #inTable(place: string, value: unknown): void {
    if (this.#table === undefined) throw bad('a table of statistics without a name');
    if (place.endsWith('.hash_stride')) this.#table.stride = typeof value === 'number' ? value : Number.NaN;
    else if (place.endsWith('.hash_map[]')) this.#table.cells++;
  }

  #element(place: string, value: unknown): void {
    const key = place.endsWith('.cat_feature_index')
      ? 'categorical'
      : place.endsWith('.float_feature_index')
        ? 'float'
        : undefined;
    if (key === undefined) return;
    if (typeof value !== 'number' || !isIndex(value, MAX_COLUMN)) throw bad(`${place} is ${JSON.stringify(value)}`);
    this.#named[key] = Math.max(this.#named[key], value);
  }

  ended(place: string): void {
    const list = FEATURES.exec(place)?.[1];
    if (list === 'ctrs') this.#endCtr();
    else if (list === 'float_features' || list === 'categorical_features') this.#endFeature(list);
    else if (place.startsWith('ctr_data.') && !place.slice('ctr_data.'.length).includes('.')) this.#endTable();
    else return;
    this.#members.clear();
  }

  #endFeature(list: 'float_features' | 'categorical_features'): void {
    const [index, column] = [this.#members.get('feature_index'), this.#members.get('flat_feature_index')];
    for (const number of [index, column])
      if (typeof number !== 'number' || !isIndex(number, MAX_COLUMN))
        throw bad(`a feature of index ${JSON.stringify(number)}`);
    // CatBoost reads as many columns as the index of the last feature requires.
    const last = [...this.#columns[list]].at(-1) ?? -1;
    if (Number(index) <= last) throw bad(`feature ${Number(index)} after feature ${last}`);
    if (list === 'float_features' && !TREATMENTS.has(this.#members.get('nan_value_treatment')))
      throw bad('a feature without a treatment of missing numbers');
    this.#hold(ITEM_BYTES);
    this.#columns[list].clear();
    this.#columns[list].add(Number(index));
  }

  #endCtr(): void {
    const [kind, target, table] = ['ctr_type', 'target_border_idx', 'identifier'].map((name) =>
      this.#members.get(name),
    );
    if (typeof kind !== 'string' || (!ROW.has(kind) && !CLASS_KINDS.has(kind)))
      throw new AssayError('unsupported', `statistics of kind ${JSON.stringify(kind)}`.slice(0, 100));
    if (typeof target !== 'number' || !isIndex(target, MAX_COLUMN) || typeof table !== 'string')
      throw bad('a statistic without a table');
    this.#hold(ITEM_BYTES + 2 * table.length);
    this.#uses.push({ table, kind, target });
  }

  #endTable(): void {
    const table = this.#table;
    if (table === undefined) throw bad('a table of statistics without a name');
    const { name, cells, stride } = table;
    const kind = /"type":"(\w{1,40})"\}$/.exec(name)?.[1] ?? '';
    const row = ROW.get(kind);
    const fits =
      stride !== undefined && (row === undefined ? Number.isSafeInteger(stride) && stride >= 2 : stride === row + 1);
    if (row === undefined && !CLASS_KINDS.has(kind))
      throw new AssayError('unsupported', `statistics of kind "${kind}"`);
    if (!fits || stride === undefined || cells % stride !== 0)
      throw bad(`a table of statistics of ${cells} values, in rows of ${stride}`);
    this.#widths.set(name, stride - 1);
    this.#table = undefined;
  }

  finish(): void {
    const last = (columns: ReadonlySet<number>) => [...columns].at(-1) ?? -1;
    const { float_features, categorical_features } = this.#columns;
    if (this.#named.float > last(float_features) || this.#named.categorical > last(categorical_features))
      throw bad('a statistic of a feature that the model does not have');
    for (const { table, kind, target } of this.#uses) {
      const width = this.#widths.get(table);
      if (width === undefined) throw bad('a statistic without a table');
      // Of two classes, CatBoost reads the first two for every request.
      const most = kind === 'Borders' ? Math.max(width - 1, width <= 2 ? Number.POSITIVE_INFINITY : 0) : width;
      if (CLASS_KINDS.has(kind) && (width < (kind === 'Borders' ? 2 : 1) || target >= most))
        throw bad(`class index ${target}, but there are ${width} classes`);
    }
  }
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a CatBoost model: ${what.slice(0, 300)}`);
}

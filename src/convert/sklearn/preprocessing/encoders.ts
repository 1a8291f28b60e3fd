import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Inert } from '../../../formats/pickle/inert/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix, Operators } from '../../operators/index.ts';
import type { Converter, EstimatorContext, ModelInputs } from '../context/index.ts';

/** The categories of one feature, in order. A missing one is undefined. */
type Categories =
  | { readonly kind: 'texts'; readonly values: readonly string[] }
  | { readonly kind: 'numbers'; readonly values: readonly number[] };

function categoriesOf(estimator: Estimator): Categories[] {
  return estimator.list('categories_').map((value, feature) => {
    const held = estimator.arrayOf(value);
    const objects = held?.objects();
    const texts = held?.texts() ?? objects?.filter((one) => typeof one === 'string');
    if (held !== undefined && texts?.length === held.size) return { kind: 'texts', values: texts };
    const numbers = objects?.map((one) => numberOf(estimator, one));
    const known = numbers?.filter((one) => one !== undefined) ?? held?.numbers();
    if (held !== undefined && known?.length === held.size) return { kind: 'numbers', values: [...known] };
    throw estimator.refuse(`categories_[${feature}] are neither all texts nor all numbers`);
  });
}

function numberOf(estimator: Estimator, value: Inert): number | undefined {
  return typeof value === 'boolean' ? Number(value) : estimator.numberOf(value);
}

/** Texts or numbers, as the categories are: named columns where they are of both kinds. */
function inputsOf(estimator: Estimator): ModelInputs {
  const categories = categoriesOf(estimator);
  const types = categories.map(({ kind }) => (kind === 'texts' ? 'string' : 'float32'));
  const [first = 'float32'] = types;
  if (types.every((type) => type === first)) return { kind: 'matrix', type: first, width: types.length };
  const names = estimator.lacks('feature_names_in_') ? undefined : estimator.array('feature_names_in_').objects();
  const columns = types.map((type, index) => {
    const name = names?.[index];
    return { name: typeof name === 'string' ? name : `x${index}`, type } as const;
  });
  return { kind: 'named', columns };
}

/** One column of the features. */
function columnsOf(estimator: Estimator, x: Columns, context: EstimatorContext): readonly Matrix[] {
  const { ops } = context;
  if (x.kind === 'terms') return [context.matrix(estimator, x)];
  if (x.kind === 'named') return x.names.map((name) => x.columns.get(name)).filter((one) => one !== undefined);
  const { matrix } = x;
  return Array.from({ length: matrix.width }, (_, index) => ({
    value: ops.columns(matrix.value, [index]),
    width: 1,
    type: matrix.type,
  }));
}

/** For each category, whether a column holds it. [N, categories] */
function matches(estimator: Estimator, column: Matrix, categories: Categories, ops: Operators): GraphValue {
  const count = categories.values.length;
  if (count === 0) throw estimator.broken('a feature has no categories');
  if (categories.kind === 'texts') {
    if (column.type !== 'string') throw estimator.refuse('it is given numbers instead of texts');
    return ops.op('Equal', [codes(ops, column.value, categories.values), ops.ints(indexes(count), [1, count])]);
  }
  if (column.type === 'string') throw estimator.refuse('it is given texts instead of numbers');
  const value = ops.matrix(column);
  const nan = categories.values.findIndex(Number.isNaN);
  const equal = ops.op('Equal', [value, ops.reals(categories.values, [1, count])]);
  if (nan === -1) return equal;
  const isNan = ops.graph.op(
    'Cast',
    [
      ops.reals(
        indexes(count).map((index) => Number(index === nan)),
        [1, count],
      ),
    ],
    { to: 9 },
  );
  return ops.op('Or', [equal, ops.op('And', [ops.op('IsNaN', [value]), isNan])]);
}

/** The index of each text among some; -1 for another. */
function codes(ops: Operators, texts: GraphValue, known: readonly string[]): GraphValue {
  ops.budget.hold(known.reduce((sum, text) => sum + 24 + 2 * text.length, 0));
  return ops.graph.op(
    'LabelEncoder',
    [texts],
    { keys_strings: known, values_int64s: indexes(known.length), default_int64: -1 },
    { domain: 'ai.onnx.ml' },
  );
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The columns that an encoder is given, and the categories of each. */
function categorised(estimator: Estimator, x: Columns, context: EstimatorContext) {
  const categories = categoriesOf(estimator);
  const columns = columnsOf(estimator, x, context);
  if (columns.length !== categories.length)
    throw estimator.broken(`it has categories of ${categories.length} features, and is given ${columns.length}`);
  return { categories, columns };
}

export const oneHotEncoder: Converter = {
  inputs: inputsOf,
  transform(estimator, x, context) {
    const { ops } = context;
    const { categories, columns } = categorised(estimator, x, context);
    const dropped = dropOf(estimator, categories.length);
    const groups = groupsOf(estimator, categories);
    const parts: { value: GraphValue; width: number }[] = [];
    for (const [feature, column] of columns.entries()) {
      const known = categories[feature];
      if (known === undefined) continue;
      const all = matches(estimator, column, known, ops);
      const shares = grouped(ops, ops.cast(all, ops.precision), groups[feature], known.values.length);
      const kept = indexes(shares.width).filter((index) => index !== dropped[feature]);
      if (kept.length === 0) continue;
      const whole = kept.length === shares.width;
      parts.push({ value: whole ? shares.value : ops.columns(shares.value, kept), width: kept.length });
    }
    if (parts.length === 0) throw estimator.refuse('its result has no columns');
    return ops.result(
      ops.concat(parts.map(({ value }) => value)),
      parts.reduce((sum, { width }) => sum + width, 0),
    );
  },
};

/** The column that is left out of each feature. */
function dropOf(estimator: Estimator, features: number): (number | undefined)[] {
  if (estimator.lacks('drop_idx_')) return new Array<undefined>(features).fill(undefined);
  const array = estimator.array('drop_idx_');
  const values = array.objects()?.map((one) => (one === null ? undefined : estimator.numberOf(one))) ?? [
    ...(array.numbers() ?? []),
  ];
  if (values.length !== features) throw estimator.broken(`drop_idx_ is for ${values.length} features`);
  return values;
}

/** Where each category goes, in features whose rare categories share a column (`min_frequency`, `max_categories`). */
function groupsOf(estimator: Estimator, categories: readonly Categories[]): (Float64Array | undefined)[] {
  const given = estimator.raw('_default_to_infrequent_mappings');
  if (given === undefined || !estimator.flag('_infrequent_enabled', true)) return categories.map(() => undefined);
  const list = estimator.list('_default_to_infrequent_mappings');
  return categories.map((known, feature) => {
    const value = list[feature];
    if (value === undefined || value === null) return undefined;
    const mapping = estimator.numbersOf(value, '_default_to_infrequent_mappings');
    const count = known.values.length;
    if (mapping.length !== count || mapping.some((to) => !Number.isSafeInteger(to) || to < 0 || to >= count))
      throw estimator.broken('a category has a group that does not exist');
    return mapping;
  });
}

function grouped(ops: Operators, shares: GraphValue, mapping: Float64Array | undefined, count: number) {
  if (mapping === undefined) return { value: shares, width: count };
  const width = Math.max(...mapping) + 1;
  ops.budget.work(width * count);
  const table = new Float64Array(count * width);
  for (const [from, to] of mapping.entries()) table[from * width + to] = 1;
  return { value: ops.product(shares, { rows: count, columns: width, values: table }), width };
}

export const ordinalEncoder: Converter = {
  inputs: inputsOf,
  transform(estimator, x, context) {
    const { ops } = context;
    const { categories, columns } = categorised(estimator, x, context);
    if (groupsOf(estimator, categories).some((mapping) => mapping !== undefined))
      throw estimator.refuse('it groups rare categories');
    const unknown = estimator.lacks('unknown_value') ? Number.NaN : estimator.number('unknown_value');
    const missing = estimator.lacks('encoded_missing_value') ? Number.NaN : estimator.number('encoded_missing_value');
    const parts = columns.map((column, feature) => {
      const known = categories[feature] ?? { kind: 'numbers', values: [] };
      const shares = ops.cast(matches(estimator, column, known, ops), ops.precision);
      const results = known.values.map((one, index) => (Number.isNaN(one) ? missing : index));
      const plain = results.map((one) => (Number.isNaN(one) ? 0 : one));
      const code = ops.product(shares, { rows: plain.length, columns: 1, values: Float64Array.from(plain) });
      const found = ops.op('Greater', [ops.reduce('ReduceSum', shares), ops.real(0.5)]);
      const coded = ops.where(found, code, ops.real(unknown));
      const lost = results.findIndex(Number.isNaN);
      if (lost === -1 || column.type === 'string') return coded;
      return ops.where(ops.op('IsNaN', [ops.matrix(column)]), ops.real(Number.NaN), coded);
    });
    return ops.result(ops.concat(parts), parts.length);
  },
};

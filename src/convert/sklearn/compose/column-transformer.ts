import { AssayError } from '../../../core/index.ts';
import { calleeName, type Inert, isKind, sequenceOf } from '../../../formats/pickle/inert/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import type { Converter, EstimatorContext, ModelInputs } from '../context/index.ts';
import { beside } from './pipeline.ts';

interface Part {
  readonly name: string;
  readonly transformer: Inert;
  /** The features that it takes, by position. */
  readonly features: readonly number[];
}

/** Features of a model of named columns. */
const MAX_FEATURES = 1_000_000;

function featureNames(estimator: Estimator): readonly string[] | undefined {
  if (estimator.lacks(['feature_names_in_', '_feature_names_in'])) return undefined;
  const array = estimator.array(['feature_names_in_', '_feature_names_in']);
  const names = array.objects() ?? array.texts();
  const texts = names?.filter((name) => typeof name === 'string');
  if (texts === undefined || texts.length !== array.size) throw estimator.refuse('names of features are not texts');
  if (new Set(texts).size !== texts.length) throw estimator.refuse('two features have one name');
  return texts;
}

function partsOf(estimator: Estimator): { parts: Part[]; count: number; names: readonly string[] | undefined } {
  const count = estimator.count(['n_features_in_', '_n_features']);
  if (count > MAX_FEATURES) throw estimator.refuse(`it takes more than ${MAX_FEATURES} features`);
  const names = featureNames(estimator);
  if (names !== undefined && names.length !== count)
    throw estimator.broken(`it names ${names.length} of ${count} features`);
  const positions = new Map(names?.map((name, index) => [name, index]));
  const parts = estimator.list('transformers_').map((item): Part => {
    const [name, transformer, columns, ...rest] = sequenceOf(item) ?? [];
    if (typeof name !== 'string' || transformer === undefined || columns === undefined || rest.length > 0)
      throw estimator.broken('transformers_ is not a list of names, transformers and columns');
    const features = transformer === 'drop' ? [] : featuresOf(estimator, columns, count, positions);
    if (features.length > count) throw estimator.broken('a transformer takes a feature twice');
    return { name, transformer, features };
  });
  return { parts, count, names };
}

/** The features that a part takes: names, positions, a slice of positions, or a mask. */
function featuresOf(
  estimator: Estimator,
  columns: Inert,
  count: number,
  positions: ReadonlyMap<string, number>,
): number[] {
  const held = estimator.arrayOf(columns);
  if (held?.kind === 'boolean') return fromMask(estimator, [...(held.numbers() ?? [])].map(Boolean), count);
  if (isKind(columns, 'object') && calleeName(columns) === 'builtins.slice')
    return fromSlice(estimator, columns.args, count);
  const items: readonly (Inert | number)[] | undefined =
    sequenceOf(columns) ??
    held?.objects() ??
    held?.texts() ??
    (held === undefined ? undefined : [...(held.numbers() ?? [])]);
  const list = items ?? [columns];
  const mask = list.filter((item) => typeof item === 'boolean');
  if (mask.length > 0 && mask.length === list.length) return fromMask(estimator, mask, count);
  return list.map((item) => {
    const index = typeof item === 'string' ? positions.get(item) : estimator.numberOf(item);
    const at = index !== undefined && index < 0 ? index + count : index;
    if (at === undefined || !Number.isSafeInteger(at) || at < 0 || at >= count)
      throw estimator.broken(
        `a transformer takes the feature ${String(JSON.stringify(item) ?? item)}, which does not exist`,
      );
    return at;
  });
}

function fromMask(estimator: Estimator, mask: readonly boolean[], count: number): number[] {
  if (mask.length !== count) throw estimator.broken(`a mask is for ${mask.length} of ${count} features`);
  return mask.flatMap((taken, index) => (taken ? [index] : []));
}

/** Python's rules for a slice, but for a step other than 1. */
function fromSlice(estimator: Estimator, args: Inert, count: number): number[] {
  const [start = null, stop = null, step = null] = sequenceOf(args) ?? [];
  const bound = (value: Inert, fallback: number): number => {
    if (value === null) return fallback;
    if (typeof value !== 'number') throw estimator.refuse('a slice of features is not of positions');
    return Math.min(count, Math.max(0, value < 0 ? value + count : value));
  };
  if (step !== null && step !== 1) throw estimator.refuse('a slice of features has a step');
  const [from, to] = [bound(start, 0), bound(stop, count)];
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** The type of a feature is what its transformers take. */
function inputsOf(estimator: Estimator, context: Pick<EstimatorContext, 'inputs' | 'converter'>): ModelInputs {
  const { parts, count, names } = partsOf(estimator);
  const types = new Array<'float32' | 'string' | undefined>(count).fill(undefined);
  for (const { transformer, features } of parts) {
    const wanted = wantedTypes(estimator, transformer, features.length, context);
    for (const [index, feature] of features.entries()) {
      const type = wanted[index];
      const known = types[feature];
      if (type !== undefined && known !== undefined && known !== type)
        throw estimator.refuse(`the feature ${names?.[feature] ?? feature} is used as a text and as a number`);
      types[feature] = type ?? known;
    }
  }
  const byName = parts.some(({ transformer }) => transformer !== 'drop') && names !== undefined;
  if (!byName && types.every((type) => type !== 'string')) return { kind: 'matrix', type: 'float32', width: count };
  const columns = types.map(
    (type, index) => ({ name: names?.[index] ?? `x${index}`, type: type ?? 'float32' }) as const,
  );
  return { kind: 'named', columns };
}

function wantedTypes(
  estimator: Estimator,
  transformer: Inert,
  features: number,
  context: Pick<EstimatorContext, 'inputs' | 'converter'>,
): readonly ('float32' | 'string' | undefined)[] {
  if (typeof transformer === 'string' || transformer === null || features === 0) return [];
  const inputs = context.inputs(estimator.estimatorOf(transformer, 'a transformer'));
  if (inputs.kind === 'terms') throw inputs.vectoriser.refuse('it is a part of a ColumnTransformer', SEPARATE);
  if (inputs.kind === 'named') return inputs.columns.map(({ type }) => type);
  return new Array<'float32' | 'string'>(features).fill(inputs.type);
}

const SEPARATE = 'train the model of texts as a pipeline of its own';

/** Some of the features. */
function chosen(x: Columns, features: readonly number[], context: EstimatorContext): Columns {
  const { ops } = context;
  if (x.kind === 'terms') throw new AssayError('internal', 'terms have no features');
  if (x.kind === 'named') {
    const names = features.map((feature) => x.names[feature] ?? '');
    return { kind: 'named', names, columns: x.columns };
  }
  const { value, type, width } = x.matrix;
  const all = features.length === width && features.every((feature, index) => feature === index);
  const matrix: Matrix = { value: all ? value : ops.columns(value, features), width: features.length, type };
  return { kind: 'matrix', matrix };
}

export const columnTransformer: Converter = {
  inputs: inputsOf,
  transform(estimator, x, context) {
    const { parts, count } = partsOf(estimator);
    if (x.kind === 'terms') throw estimator.refuse('it is given texts');
    const given = x.kind === 'named' ? x.names.length : x.matrix.width;
    if (given !== count) throw estimator.broken(`it was fitted with ${count} features, and is given ${given}`);
    if ((estimator.raw('transformer_weights') ?? null) !== null)
      throw estimator.refuse('it has transformer_weights', 'scale the features in a step of their own');
    const results = parts.flatMap(({ name, transformer, features }) => {
      if (transformer === 'drop' || features.length === 0) return [];
      const columns = chosen(x, features, context);
      if (transformer === 'passthrough') return [context.matrix(estimator, columns)];
      return [
        context.transform(estimator.estimatorOf(transformer, `the transformer ${JSON.stringify(name)}`), columns),
      ];
    });
    if (results.length === 0) throw estimator.refuse('its result has no columns');
    return beside(results, context);
  },
};

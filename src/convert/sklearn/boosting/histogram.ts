import type { GraphValue } from '../../../formats/onnx/index.ts';
import { sequenceOf } from '../../../formats/pickle/inert/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { HeldArray } from '../../numpy/index.ts';
import type { Columns, Matrix, Prediction } from '../../operators/index.ts';
import { CategoryColumns, type DecisionTree, TreeEnsemble, type TreeNumbers } from '../../trees/index.ts';
import { binaryPrediction, classPrediction, type EstimatorContext } from '../context/index.ts';

/** Categories are bits of eight numbers of 32 bits. */
const MAX_CATEGORIES = 256;

/** The nodes of one tree (sklearn/ensemble/_hist_gradient_boosting/predictor.py). */
class HistogramTree {
  readonly count: number;
  readonly #estimator: Estimator;
  readonly #nodes: HeldArray;
  readonly #bits: HeldArray | undefined;

  constructor(estimator: Estimator) {
    this.#estimator = estimator;
    this.#nodes = estimator.array('nodes');
    this.count = this.#nodes.size;
    this.#bits = estimator.lacks('raw_left_cat_bitsets') ? undefined : estimator.array('raw_left_cat_bitsets');
  }

  tree(
    categories: CategoryColumns,
    known: ReadonlyMap<number, readonly boolean[]>,
    value: (leaf: number) => Float64Array,
  ): DecisionTree {
    const field = (name: string, fallback?: Float64Array) => {
      const column = this.#nodes.field(name) ?? fallback;
      if (column === undefined) throw this.#estimator.broken(`its nodes have no ${name}`);
      return column;
    };
    const none = new Float64Array(this.count);
    const [leaves, left, right, feature] = [field('is_leaf'), field('left'), field('right'), field('feature_idx')];
    const [threshold, missing, values] = [
      field('num_threshold', this.#nodes.field('threshold')),
      field('missing_go_to_left', none),
      field('value'),
    ];
    const [categorical, bits] = [field('is_categorical', none), field('bitset_idx', none)];
    return {
      count: this.count,
      split: (node) => {
        if (leaves[node] === 1) return undefined;
        const missingLeft = missing[node] === 1;
        const own = feature[node] ?? -1;
        const next = { left: left[node] ?? -1, right: right[node] ?? -1, inclusive: true, missingLeft };
        if (categorical[node] !== 1) return { ...next, feature: own, threshold: threshold[node] ?? Number.NaN };
        const column = categories.add(own, this.#left(bits[node] ?? -1, known.get(own), missingLeft), {
          otherLeft: missingLeft,
          missingLeft,
        });
        return { ...next, feature: column, threshold: 0.5 };
      },
      leaf: (node) => value(values[node] ?? 0),
    };
  }

  /** Which categories go to the left. Those that training did not meet go where missing ones go. */
  #left(index: number, known: readonly boolean[] | undefined, missingLeft: boolean): Uint8Array {
    const words = this.#bits?.numbers();
    const [sets = 0, width = 0] = this.#bits?.shape ?? [];
    if (words === undefined || width !== 8 || index < 0 || index >= sets)
      throw this.#estimator.broken(`a node names the set of categories ${index}, of ${sets}`);
    const left = new Uint8Array(MAX_CATEGORIES);
    for (let category = 0; category < MAX_CATEGORIES; category++) {
      const word = words[index * 8 + Math.floor(category / 32)] ?? 0;
      const inside = Math.floor(word / 2 ** (category % 32)) % 2 === 1;
      left[category] = inside || (missingLeft && known?.[category] !== true) ? 1 : 0;
    }
    return left;
  }
}

interface RawSums {
  readonly sums: GraphValue;
  readonly outputs: number;
}

function rawSums(estimator: Estimator, x: Columns, context: EstimatorContext): RawSums {
  const { ops } = context;
  const { matrix, width } = preprocessed(estimator, x, context);
  const rounds = estimator.list('_predictors').map((round) => sequenceOf(round));
  const outputs = rounds[0]?.length ?? 0;
  const base = estimator.numbersOf(estimator.raw('_baseline_prediction'), '_baseline_prediction');
  if (outputs === 0 || base.length !== outputs)
    throw estimator.broken(`it has ${base.length} outputs and ${outputs} trees a round`);
  const categories = new CategoryColumns(ops, width);
  const known = knownCategories(estimator, width);
  // Bounds are of 64 bits: those of inputs of 32 bits can be rounded down.
  const numbers: TreeNumbers = matrix.type === 'float32' ? 'float32' : ops.precision;
  const ensemble = new TreeEnsemble(ops, {
    outputs,
    features: () => categories.width,
    numbers,
    subject: estimator.name,
  });
  for (const round of rounds) {
    if (round?.length !== outputs) throw estimator.broken('its rounds have different numbers of trees');
    for (const [output, item] of round.entries()) {
      const tree = new HistogramTree(estimator.estimatorOf(item, 'a tree'));
      const leaves = (leaf: number) => Float64Array.from({ length: outputs }, (_, at) => (at === output ? leaf : 0));
      ensemble.add(tree.tree(categories, known, leaves));
    }
  }
  const given = numbers === 'float32' && categories.width === width ? matrix.value : ops.matrix(matrix);
  const extended = categories.beside(given);
  const wanted = numbers === 'float32' && extended !== given ? ops.cast(extended, 'float32') : extended;
  return { sums: ensemble.sums(wanted, base), outputs };
}

/** Since 1.4, categories are numbered before the trees see them, and stand before the other features. */
function preprocessed(estimator: Estimator, x: Columns, context: EstimatorContext): { matrix: Matrix; width: number } {
  const { ops } = context;
  if (estimator.lacks('_preprocessor')) {
    const matrix = context.matrix(estimator, x);
    const { width } = context.reals(estimator, x);
    return { matrix, width };
  }
  const mask = estimator.array('is_categorical_').numbers() ?? new Float64Array(0);
  const { value, width } = context.reals(estimator, x);
  if (mask.length !== width) throw estimator.broken(`is_categorical_ is for ${mask.length} of ${width} features`);
  const encoder = estimator
    .estimator('_preprocessor')
    .list('transformers_')
    .map((item) => sequenceOf(item))
    .find((item) => item?.[0] === 'encoder')?.[1];
  const which = (flag: number) => [...mask.keys()].filter((feature) => mask[feature] === flag);
  const coded = context.transform(estimator.estimatorOf(encoder, 'the encoder of _preprocessor'), {
    kind: 'matrix',
    matrix: ops.result(ops.columns(value, which(1)), which(1).length),
  });
  const rest = which(0);
  const parts = rest.length === 0 ? [coded.value] : [coded.value, ops.columns(value, rest)];
  return { matrix: ops.result(ops.concat(parts), width), width };
}

/** The categories that training met, of each feature that has some. */
function knownCategories(estimator: Estimator, width: number): Map<number, readonly boolean[]> {
  const known = new Map<number, readonly boolean[]>();
  if (estimator.lacks('_bin_mapper')) return known;
  const mapper = estimator.estimator('_bin_mapper');
  if (mapper.lacks('is_categorical_') || mapper.lacks('bin_thresholds_')) return known;
  const mask = mapper.array('is_categorical_').numbers();
  const lists = mapper.list('bin_thresholds_');
  if (mask?.length !== width || lists.length !== width) throw mapper.broken('it is for another number of features');
  for (const [feature, list] of lists.entries()) {
    if (mask[feature] !== 1) continue;
    const values = new Set(mapper.numbersOf(list, 'bin_thresholds_'));
    known.set(
      feature,
      Array.from({ length: MAX_CATEGORIES }, (_, category) => values.has(category)),
    );
  }
  return known;
}

export function histogramClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const labels = estimator.labels('classes_', 2);
  const { sums, outputs } = rawSums(estimator, x, context);
  if (outputs !== (labelCount(labels) === 2 ? 1 : labelCount(labels)))
    throw estimator.broken(`it has ${outputs} outputs for ${labelCount(labels)} classes`);
  if (outputs > 1) return classPrediction(labels, sums, ops.softmax(sums), sums);
  return binaryPrediction(ops, labels, sums, ops.sigmoid(sums));
}

export function histogramRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { sums, outputs } = rawSums(estimator, x, context);
  if (outputs !== 1) throw estimator.broken(`it has ${outputs} outputs`);
  const loss = estimator.text('loss', 'squared_error');
  const known = [
    'squared_error',
    'least_squares',
    'absolute_error',
    'least_absolute_deviation',
    'quantile',
    'poisson',
    'gamma',
  ];
  if (!known.includes(loss)) throw estimator.refuse(`its loss is ${JSON.stringify(loss)}`);
  const link = loss === 'poisson' || loss === 'gamma';
  return { kind: 'values', values: link ? context.ops.op('Exp', [sums]) : sums, width: 1 };
}

import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import { type Converter, type EstimatorContext, type Family, matrixInputs } from '../context/index.ts';

/** Which features are kept, of `width`. */
type Selection = (estimator: Estimator, width: number) => readonly number[];

/** Numbers with NaN below all others. */
function ranked(values: Float64Array): number[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? -Number.MAX_VALUE : value));
}

/** The last `k` in the order of their scores; of equal ones, those that stand last. */
function best(scores: readonly number[], k: number): number[] {
  const order = [...scores.keys()].sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
  return order.slice(Math.max(0, order.length - k)).sort((a, b) => a - b);
}

const kBest: Selection = (estimator, width) => {
  if (estimator.raw('k') === 'all') return [...Array(width).keys()];
  return best(ranked(estimator.vector('scores_', width)), estimator.count('k'));
};

/** Scores above a percentile; of those that equal it, the first ones, up to the number that was asked for. */
const percentile: Selection = (estimator, width) => {
  const percent = estimator.number('percentile');
  if (percent === 100) return [...Array(width).keys()];
  if (percent === 0) return [];
  const scores = ranked(estimator.vector('scores_', width));
  const bound = percentileOf(scores, 100 - percent);
  const above = [...scores.keys()].filter((index) => (scores[index] ?? 0) > bound);
  const most = Math.floor((width * percent) / 100);
  const ties = [...scores.keys()].filter((index) => scores[index] === bound).slice(0, Math.max(0, most - above.length));
  return [...above, ...ties].sort((a, b) => a - b);
};

/** `numpy.percentile`, by linear interpolation. */
function percentileOf(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent / 100) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  const share = at - Math.floor(at);
  // The form that NumPy computes, which is exact at both ends.
  return share >= 0.5 ? high - (high - low) * (1 - share) : low + (high - low) * share;
}

/** p-values below a bound. @param bound from the sorted p-values */
function pValues(bound: (sorted: readonly number[], alpha: number) => number, inclusive: boolean): Selection {
  return (estimator, width) => {
    const values = [...estimator.vector('pvalues_', width)];
    const limit = bound(
      [...values].sort((a, b) => a - b),
      estimator.number('alpha', 0.05),
    );
    return [...values.keys()].filter((index) => {
      const value = values[index] ?? Number.NaN;
      return inclusive ? value <= limit : value < limit;
    });
  };
}

const fdr = pValues((sorted, alpha) => {
  const selected = sorted.filter((value, index) => value <= (alpha / sorted.length) * (index + 1));
  return selected.at(-1) ?? -1;
}, true);

const variance: Selection = (estimator, width) => {
  const variances = estimator.vector('variances_', width);
  const threshold = estimator.number('threshold', 0);
  return [...variances.keys()].filter((index) => (variances[index] ?? 0) > threshold);
};

const support: Selection = (estimator, width) => {
  const mask = estimator.array('support_');
  const flags = mask.kind === 'boolean' ? mask.numbers() : undefined;
  if (flags?.length !== width) throw estimator.broken(`support_ is not a mask of ${width} features`);
  return [...flags.keys()].filter((index) => flags[index] === 1);
};

/** `SelectFromModel`: features whose importance in a model is at least a bound. */
const fromModel: Selection = (estimator, width) => {
  const model = modelOf(estimator);
  const importances = importancesOf(estimator, model, width);
  const limit = thresholdOf(estimator, model, importances);
  const most = estimator.lacks('max_features') ? width : estimator.count(['max_features_', 'max_features']);
  const order = [...importances.keys()].sort((a, b) => (importances[b] ?? 0) - (importances[a] ?? 0) || a - b);
  return order
    .slice(0, most)
    .filter((index) => (importances[index] ?? 0) >= limit)
    .sort((a, b) => a - b);
};

function modelOf(estimator: Estimator): Estimator {
  return estimator.estimator(estimator.lacks('estimator_') ? 'estimator' : 'estimator_');
}

function importancesOf(estimator: Estimator, model: Estimator, width: number): number[] {
  if (!model.has('coef_') || (estimator.raw('importance_getter') ?? 'auto') !== 'auto')
    throw estimator.refuse(`the importances of ${model.name} are computed by its code`, 'use SelectKBest, or RFE');
  const { rows, values } = model.matrix('coef_', { columns: width });
  const order = estimator.number('norm_order', 1);
  return Array.from({ length: width }, (_, feature) => {
    const column = Array.from({ length: rows }, (__, row) => Math.abs(values[row * width + feature] ?? 0));
    if (rows === 1) return column[0] ?? 0;
    if (order === Number.POSITIVE_INFINITY) return Math.max(...column);
    return column.reduce((sum, one) => sum + one ** order, 0) ** (1 / order);
  });
}

function thresholdOf(estimator: Estimator, model: Estimator, importances: readonly number[]): number {
  const threshold = estimator.raw('threshold') ?? null;
  const number = estimator.numberOf(threshold);
  if (number !== undefined) return number;
  const sparse = /Lasso|ElasticNetCV/.test(model.name) || model.raw('penalty') === 'l1';
  if (threshold === null && sparse) return 1e-5;
  const [, factor = '1', word] =
    /^(?:\s*([\d.]+)\s*\*)?\s*(mean|median)\s*$/.exec(threshold === null ? 'mean' : String(threshold)) ?? [];
  const times = Number(factor);
  if (word === undefined || !Number.isFinite(times))
    throw estimator.refuse('its threshold is not a number, a mean or a median');
  const sorted = [...importances].sort((a, b) => a - b);
  const middle = percentileOf(sorted, 50);
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return times * (word === 'mean' ? mean : middle);
}

function selecting(selection: Selection) {
  return {
    transform(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
      const { value, width } = reals(estimator, x);
      const kept = selection(estimator, width);
      if (kept.length === 0) throw estimator.refuse('it keeps no feature');
      return ops.result(kept.length === width ? value : ops.columns(value, kept), kept.length);
    },
  };
}

const UNIVARIATE: Readonly<Record<string, Selection>> = {
  SelectKBest: kBest,
  SelectPercentile: percentile,
  SelectFpr: pValues((_, alpha) => alpha, false),
  SelectFwe: pValues((sorted, alpha) => alpha / sorted.length, false),
  SelectFdr: fdr,
  VarianceThreshold: variance,
  SequentialFeatureSelector: support,
};

/** Features eliminated by a model, which then predicts with the others. */
const elimination: Converter = {
  ...selecting(support),
  predict: (estimator, x, context) =>
    context.predict(estimator.estimator('estimator_'), {
      kind: 'matrix',
      matrix: selecting(support).transform(estimator, x, context),
    }),
};

/** A model that says how many features there are. */
const byModel: Converter = {
  ...selecting(fromModel),
  inputs: (estimator, context) =>
    estimator.lacks('n_features_in_') ? context.inputs(modelOf(estimator)) : matrixInputs(estimator),
};

const at = (name: string) => `sklearn.feature_selection.${name}`;

/** Transformers that keep some of the features. */
export const SELECTION: Family = {
  ...Object.fromEntries(Object.entries(UNIVARIATE).map(([name, selection]) => [at(name), selecting(selection)])),
  [at('RFE')]: elimination,
  [at('RFECV')]: elimination,
  [at('SelectFromModel')]: byModel,
};

import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount, type RealMatrix } from '../../estimator/index.ts';
import type { Columns, Operators, Prediction } from '../../operators/index.ts';
import { classPrediction, type EstimatorContext, type Family } from '../context/index.ts';
import { squaredDistances } from '../svm/index.ts';

/** Differences that one sample has with all samples of the training. */
const MAX_DIFFERENCES = 2 ** 24;

/** Distances to every sample of the training, and the nearest of them. [N, k] each */
function nearest(estimator: Estimator, x: Columns, context: EstimatorContext) {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  if (estimator.arrayOf(estimator.raw('_fit_X')) === undefined)
    throw estimator.refuse('it was trained on a sparse matrix', 'train it on a dense one');
  const samples = estimator.matrix('_fit_X', { columns: width });
  const k = estimator.count('n_neighbors');
  if (k < 1 || k > samples.rows) throw estimator.broken(`it asks for ${k} of ${samples.rows} samples`);
  const distances = distancesOf(estimator, value, samples, ops);
  const found = ops.graph.ops('TopK', [distances, ops.ints([k])], 2, { axis: 1, largest: 0 });
  const [least = distances, index = distances] = found;
  return { distances: least, index, k, samples: samples.rows };
}

function distancesOf(estimator: Estimator, x: GraphValue, samples: RealMatrix, ops: Operators): GraphValue {
  const metric = estimator.text(['effective_metric_', 'metric'], 'minkowski');
  const power = metric === 'minkowski' ? estimator.number('p', 2) : undefined;
  if (metric === 'euclidean' || metric === 'sqeuclidean' || power === 2) {
    const squares = squaredDistances(x, samples, ops);
    return metric === 'sqeuclidean' ? squares : ops.op('Sqrt', [squares]);
  }
  const known = metric === 'manhattan' || metric === 'cityblock' || metric === 'l1' || metric === 'chebyshev';
  if (!known && power === undefined) throw estimator.refuse(`its metric is ${JSON.stringify(metric)}`);
  if (samples.values.length > MAX_DIFFERENCES) throw estimator.refuse(`it has more than ${MAX_DIFFERENCES} numbers`);
  const each = ops.op('Unsqueeze', [x, ops.ints([1])]);
  const all = ops.reals(samples.values, [1, samples.rows, samples.columns]);
  const differences = ops.op('Abs', [ops.sub(each, all)]);
  const flat = (value: GraphValue) => ops.op('Squeeze', [value, ops.ints([2])]);
  if (metric === 'chebyshev') return flat(ops.reduce('ReduceMax', differences, 2));
  if (power === undefined || power === 1) return flat(ops.reduce('ReduceSum', differences, 2));
  const sums = flat(ops.reduce('ReduceSum', ops.op('Pow', [differences, ops.real(power)]), 2));
  return ops.op('Pow', [sums, ops.real(1 / power)]);
}

/** How much each neighbour counts: all alike, or the nearer the more. A distance of zero counts alone. */
function weightsOf(estimator: Estimator, distances: GraphValue, ops: Operators): GraphValue | undefined {
  if (estimator.lacks('weights') || estimator.raw('weights') === 'uniform') return undefined;
  if (estimator.raw('weights') !== 'distance') throw estimator.refuse('its weights are a function');
  const zero = ops.op('Equal', [distances, ops.real(0)]);
  const zeros = ops.cast(zero, ops.precision);
  const any = ops.op('Greater', [ops.reduce('ReduceMax', zeros), ops.real(0)]);
  return ops.where(any, zeros, ops.div(ops.real(1), ops.where(zero, ops.real(1), distances)));
}

function classifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  if (estimator.flag('outputs_2d_', false)) throw estimator.refuse('it predicts several labels');
  const labels = estimator.labels();
  const count = labelCount(labels);
  const { distances, index, samples, k } = nearest(estimator, x, context);
  const targets = estimator.vector('_y', samples);
  if (targets.some((target) => !Number.isSafeInteger(target) || target < 0 || target >= count))
    throw estimator.broken(`_y names a class beyond ${count}`);
  ops.budget.work(samples * count);
  const table = new Float64Array(samples * count);
  for (const [sample, target] of targets.entries()) table[sample * count + target] = 1;
  const chosen = ops.graph.op('Gather', [ops.reals(table, [samples, count]), index], { axis: 0 });
  const weights = weightsOf(estimator, distances, ops);
  const weighted = weights === undefined ? chosen : ops.mul(chosen, ops.op('Unsqueeze', [weights, ops.ints([2])]));
  const sums = ops.op('Squeeze', [ops.reduce('ReduceSum', weighted, 1), ops.ints([1])]);
  const shares = weights === undefined ? ops.scale(sums, 1 / k) : ops.normalized(sums);
  return classPrediction(labels, shares);
}

function regressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { distances, index, samples, k } = nearest(estimator, x, context);
  const held = estimator.matrix('_y');
  const flat = held.rows === 1 && held.columns === samples;
  const width = flat ? 1 : held.columns;
  if (!flat && held.rows !== samples) throw estimator.broken(`_y has ${held.rows} rows for ${samples} samples`);
  const values = ops.graph.op('Gather', [ops.reals(held.values, [samples, width]), index], { axis: 0 });
  const weights = weightsOf(estimator, distances, ops);
  const weighted = weights === undefined ? values : ops.mul(values, ops.op('Unsqueeze', [weights, ops.ints([2])]));
  const sums = ops.op('Squeeze', [ops.reduce('ReduceSum', weighted, 1), ops.ints([1])]);
  const mean = weights === undefined ? ops.scale(sums, 1 / k) : ops.div(sums, ops.reduce('ReduceSum', weights));
  return { kind: 'values', values: mean, width };
}

/** Models that keep their training data. */
export const NEIGHBORS: Family = {
  'sklearn.neighbors.KNeighborsClassifier': { predict: classifier },
  'sklearn.neighbors.KNeighborsRegressor': { predict: regressor },
};

import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Operators, Prediction } from '../../operators/index.ts';
import { binaryPrediction, type EstimatorContext } from '../context/index.ts';
import { classesOf, sharesFor, valuesOf } from './members.ts';

const TINY = 2 ** -52;

export function adaBoostClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const labels = estimator.labels('classes_', 2);
  const count = labelCount(labels);
  const members = estimator.estimators('estimators_');
  const all = estimator.vector('estimator_weights_');
  if (members.length === 0 || all.length < members.length)
    throw estimator.broken('it has fewer weights than estimators');
  const real = estimator.choice('algorithm', ['SAMME', 'SAMME.R', 'deprecated'], 'SAMME') === 'SAMME.R';
  const votes = members.map((member, index) =>
    real ? logShares(member, x, context, count) : vote(member, x, context, count, all[index] ?? 0, estimator),
  );
  const total = all.reduce((sum, weight) => sum + weight, 0);
  const decision = ops.scale(ops.sum(votes), 1 / total);
  if (count > 2) {
    const probabilities = ops.softmax(ops.scale(decision, 1 / (count - 1)));
    return { kind: 'classes', labels, scores: decision, probabilities, decision };
  }
  const difference = ops.sub(ops.columns(decision, [1]), ops.columns(decision, [0]));
  return binaryPrediction(ops, labels, difference, ops.sigmoid(difference));
}

/** SAMME.R: the logarithms of the shares, around their mean. */
function logShares(member: Estimator, x: Columns, context: EstimatorContext, count: number): GraphValue {
  const { ops } = context;
  const shares = sharesFor(member, x, context, count);
  const logs = ops.op('Log', [ops.op('Max', [shares, ops.real(TINY)])]);
  return ops.scale(ops.sub(logs, ops.reduce('ReduceMean', logs)), count - 1);
}

/** SAMME: a vote for one class, and, since 1.4, against the others. */
function vote(
  member: Estimator,
  x: Columns,
  context: EstimatorContext,
  count: number,
  weight: number,
  estimator: Estimator,
): GraphValue {
  const { ops } = context;
  const { scores, labels } = classesOf(member, x, context);
  if (labelCount(labels) !== count) throw member.refuse('it met only some of the classes');
  const chosen = ops.oneHot(ops.best(scores), count);
  if (estimator.isBefore(1, 4)) return ops.scale(chosen, weight);
  const other = -weight / (count - 1);
  return ops.add(ops.scale(chosen, weight - other), ops.real(other));
}

/** The weighted median of the predictions. */
export function adaBoostRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const members = estimator.estimators('estimators_');
  const weights = estimator.vector('estimator_weights_');
  if (members.length === 0 || weights.length < members.length)
    throw estimator.broken('it has fewer weights than estimators');
  const predictions = ops.concat(members.map((member) => valuesOf(member, x, context, 1).values));
  return { kind: 'values', values: weightedMedian(ops, predictions, [...weights.slice(0, members.length)]), width: 1 };
}

function weightedMedian(ops: Operators, predictions: GraphValue, weights: readonly number[]): GraphValue {
  const [sorted, order] = ops.graph.ops('TopK', [predictions, ops.ints([weights.length])], 2, { axis: 1, largest: 0 });
  if (sorted === undefined || order === undefined) return predictions;
  const inOrder = ops.graph.op('Gather', [ops.reals(weights), order], { axis: 0 });
  const sums = ops.op('CumSum', [inOrder, ops.ints([1], [])]);
  const half = ops.scale(ops.columns(sums, [weights.length - 1]), 0.5);
  const reached = ops.cast(ops.op('GreaterOrEqual', [sums, half]), ops.precision);
  const first = ops.graph.op('ArgMax', [reached], { axis: 1, keepdims: 1 });
  return ops.graph.op('GatherElements', [sorted, first], { axis: 1 });
}

import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Operators, Prediction } from '../../operators/index.ts';
import { binaryPrediction, type EstimatorContext } from '../context/index.ts';
import { decisionShape, weightedSums } from './decision.ts';

/** A classifier without probabilities. */
export function linearClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { labels, columns } = decisionShape(estimator);
  const { value } = weightedSums(estimator, x, context, columns);
  if (columns === 1) return binaryPrediction(context.ops, labels, value, undefined);
  return { kind: 'classes', labels, scores: value, probabilities: undefined, decision: value };
}

/** `LogisticRegression`: one model for all classes, or one a class (`ovr`). */
export function logistic(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { labels, count, columns } = decisionShape(estimator);
  const { value } = weightedSums(estimator, x, context, columns);
  const separate = isSeparate(estimator, count);
  if (columns === 1) {
    // Two classes of one joint model have the logits [-d, d].
    const share = ops.sigmoid(separate ? value : ops.scale(value, 2));
    return binaryPrediction(ops, labels, value, share);
  }
  const probabilities = separate ? ops.normalized(ops.sigmoid(value)) : ops.softmax(value);
  return { kind: 'classes', labels, scores: value, probabilities, decision: value };
}

/** Whether the classes have models of their own (sklearn/linear_model/_logistic.py, `predict_proba`). */
function isSeparate(estimator: Estimator, classes: number): boolean {
  // Versions since 1.8 have no such parameter.
  const way = estimator.choice('multi_class', ['auto', 'ovr', 'multinomial', 'warn', 'deprecated'], 'deprecated');
  if (way === 'ovr' || way === 'warn') return true;
  if (way === 'multinomial') return false;
  return classes === 2 || estimator.text('solver', 'lbfgs') === 'liblinear';
}

/** `SGDClassifier`: the loss says whether it has probabilities. */
export function sgdClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { labels, count, columns } = decisionShape(estimator);
  const { value } = weightedSums(estimator, x, context, columns);
  const share = sgdShare(estimator, value, ops);
  if (columns === 1) return binaryPrediction(ops, labels, value, share);
  const equal = ops.reals(new Float64Array(count).fill(1 / count), [1, count]);
  // Without any share, all classes have the same one: `modified_huber` alone can meet that.
  const probabilities = share === undefined ? undefined : ops.normalized(share, equal);
  return { kind: 'classes', labels, scores: value, probabilities, decision: value };
}

function sgdShare(estimator: Estimator, decision: GraphValue, ops: Operators): GraphValue | undefined {
  const loss = estimator.text('loss', 'hinge');
  if (loss === 'log' || loss === 'log_loss') return ops.sigmoid(decision);
  if (loss !== 'modified_huber') return undefined;
  const clipped = ops.graph.op('Clip', [decision, ops.real(-1), ops.real(1)]);
  return ops.scale(ops.add(clipped, ops.real(1)), 0.5);
}

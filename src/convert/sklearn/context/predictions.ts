import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, type Labels, labelCount } from '../../estimator/index.ts';
import type { ClassPrediction, Operators, Prediction } from '../../operators/index.ts';

/** A prediction of two classes from a decision, whose sign is the class. @param share the probability of the second class */
export function binaryPrediction(
  ops: Operators,
  labels: Labels,
  decision: GraphValue,
  share: GraphValue | undefined,
): ClassPrediction {
  const probabilities = share === undefined ? undefined : ops.bothShares(share);
  return { kind: 'classes', labels, scores: ops.bothSides(decision), probabilities, decision };
}

/** A prediction from scores of all classes, which are its probabilities where those are not given. */
export function classPrediction(
  labels: Labels,
  scores: GraphValue,
  probabilities: GraphValue | undefined = scores,
  decision?: GraphValue,
): ClassPrediction {
  return { kind: 'classes', labels, scores, probabilities, decision };
}

/** The probabilities of a classifier within another estimator. */
export function sharesOf(
  prediction: Prediction,
  inner: Estimator,
): { readonly labels: Labels; readonly probabilities: GraphValue; readonly width: number } {
  if (prediction.kind !== 'classes') throw inner.refuse('it is not a classifier');
  const { labels, probabilities } = prediction;
  if (probabilities === undefined) throw inner.refuse('it has no probabilities');
  return { labels, probabilities, width: labelCount(labels) };
}

import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Labels } from '../../estimator/index.ts';
import type { ClassPrediction, Operators } from '../../operators/index.ts';

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
